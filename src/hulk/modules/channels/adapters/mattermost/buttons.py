"""Buttons under a post: Mattermost Blocks where the server has them, attachments with actions where it is older. Pure rules.

https://developers.mattermost.com/integrate/reference/mm-blocks and …/message-attachments: an action's id may be of letters and digits only.
"""

from dataclasses import dataclass
from typing import Any

from hulk.modules.channels.adapters.mattermost.signing import seal
from hulk.modules.channels.domain import Outgoing

MOST = 10
LABEL = 40


@dataclass(frozen=True, slots=True)
class Signer:
    """Makes what a button carries. `url` is where the server calls us; `token` the bot's."""

    url: str
    token: str

    def context(self, message: Outgoing, channel: str, data: str) -> dict[str, str]:
        """What comes back when it is pressed, with its proof."""
        mac = seal(self.token, channel, message.address, message.id, data)
        return {"data": data, "address": message.address, "message": message.id, "mac": mac}


def with_buttons(message: Outgoing, channel: str, signer: Signer, *, blocks: bool) -> dict[str, Any]:
    """Properties of a post in that channel that show the buttons of a message; none without buttons."""
    made = [(f"hulk{place}", one.text, signer.context(message, channel, one.data)) for place, one in enumerate(message.buttons[:MOST])]
    if not made or not signer.url:
        return {}
    if blocks:
        actions = {name: {"type": "external", "url": signer.url, "context": context} for name, _, context in made}
        return {"mm_blocks": [{"type": "button", "text": text, "action_id": name} for name, text, _ in made], "mm_blocks_actions": actions}
    return {"attachments": [{"actions": [_action(signer.url, *one) for one in made]}]}


def _action(url: str, name: str, text: str, context: dict[str, str]) -> dict[str, Any]:
    return {"id": name, "type": "button", "name": text, "integration": {"url": url, "context": context}}
