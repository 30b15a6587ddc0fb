"""Changing and deleting posts of the bot: PUT /posts/{id}/patch and DELETE /posts/{id}. Properties that are patched in take the place of
all that were there."""

from dataclasses import dataclass

from hulk.kernel.errors import NotFound
from hulk.modules.channels.adapters.mattermost.line import MattermostLine
from hulk.modules.channels.adapters.mattermost.posts import Address, Post, harmless
from hulk.modules.channels.domain import Outgoing
from hulk.modules.channels.ports import Sent


@dataclass(frozen=True, slots=True)
class MattermostEdits:
    """See `Edits`."""

    line: MattermostLine

    def can(self, address: str) -> bool:
        """See `Edits`: what is shown to one person only cannot be changed."""
        return not Address.parsed(address).user

    async def put(self, message: Outgoing, sent_id: str) -> Sent:
        """See `Edits`."""
        server, to = self.line.server, Address.parsed(message.address)
        if not sent_id.isalnum():
            raise NotFound("“{id}” is no post of Mattermost.", id=sent_id[:40])
        props = self.line.props(message, to.channel, blocks=(await server.client()).blocks)
        told = {"message": harmless(message.text), "props": {**props, "from_bot": "true"}}
        answer = await server.ask("PUT", f"/posts/{sent_id}/patch", told, sends=True)
        try:
            return Sent(Post.model_validate_json(answer.body).id)
        except ValueError as error:
            raise server.vendor.uncertain("no post") from error

    async def remove(self, address: str, sent_id: str) -> None:  # noqa: ARG002  # the port's
        """See `Edits`."""
        if not sent_id.isalnum():
            raise NotFound("“{id}” is no post of Mattermost.", id=sent_id[:40])
        await self.line.server.ask("DELETE", f"/posts/{sent_id}", sends=True)
