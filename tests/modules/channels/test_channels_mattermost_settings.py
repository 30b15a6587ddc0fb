"""A bot of Mattermost is open as its settings say, or not at all."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from hulk.kernel.errors import Refused
from hulk.modules.channels.settings import ChannelsSettings
from hulk.modules.channels.wiring.around import Around
from hulk.modules.channels.wiring.kinds import opened
from hulk.runtime.validation import parsed
from support.mattermost import now

GIVEN = {"name": "chat", "url": "https://chat.example.com/team/", "token": "t", "command_token": "c"}


def around(token: str, url: str = "https://hulk.example.com") -> Around:
    """Where all secrets are that one."""
    return Around(follow=lambda _: lambda: token, zone="America/Sao_Paulo", url=url, clock=now)


async def test_it_listens_has_a_door_and_buttons() -> None:
    settings = parsed(ChannelsSettings, {"mattermost": [GIVEN]})
    async with opened(settings, around("right")) as (one,):
        assert (one.name, one.channel.kind, one.channel.trusts_email) == ("chat", "mattermost", True)
        assert one.door is not None
        assert one.listens is not None
        assert one.line.limits.buttons > 0
    assert settings.mattermost[0].url == "https://chat.example.com/team"


async def test_without_an_address_of_hulk_there_are_no_buttons() -> None:
    async with opened(parsed(ChannelsSettings, {"mattermost": [GIVEN]}), around("right", url="")) as (one,):
        assert one.line.limits.buttons == 0


async def test_nothing_starts_without_the_token() -> None:
    with pytest.raises(Refused, match=r"channels\.mattermost\[0\]\.token is empty"):
        async with opened(parsed(ChannelsSettings, {"mattermost": [GIVEN]}), around(" ")):
            pass


@pytest.mark.parametrize(
    "url", ["", "chat.example.com", "ftp://chat", "https://a:b@chat", "https://chat/?x=1", "https://chat/#x", "https://"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(Refused, match="address of the site"):
        parsed(ChannelsSettings, {"mattermost": [{**GIVEN, "url": url}]})


@pytest.mark.parametrize("guide", ["mattermost.md", "mattermost.pt-BR.md"])
def test_what_the_guides_tell_to_write_is_valid(guide: str) -> None:
    text = (Path(__file__).parents[3] / "docs" / "channels" / guide).read_text(encoding="utf-8")
    (block,) = (part.partition("```")[0] for part in text.split("```yaml\n")[1:])
    written: dict[str, Any] = yaml.safe_load(block)
    assert parsed(ChannelsSettings, written["channels"]).mattermost[0].name == "chat"
