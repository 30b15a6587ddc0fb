"""A mailbox is open as its settings say, or not at all."""

from pathlib import Path

import pytest
import yaml

from hulk.kernel.errors import Refused
from hulk.modules.channels.settings import ChannelsSettings
from hulk.modules.channels.wiring.around import Around
from hulk.modules.channels.wiring.kinds import opened
from hulk.runtime.validation import parsed
from support.mailboxes import now

GIVEN = {
    "name": "mail", "address": "Hulk@corp.example.com", "authserv": "mx.corp.example.com", "password": "p", "imap_host": "imap.example.com",
    "smtp_host": "smtp.example.com",
}  # fmt: skip


def around(password: str) -> Around:
    """Where all secrets are that one."""
    return Around(follow=lambda _: lambda: password, zone="America/Sao_Paulo", url="", clock=now)


async def test_it_listens_and_sends() -> None:
    settings = parsed(ChannelsSettings, {"email": [GIVEN]})
    async with opened(settings, around("right")) as (one,):
        assert (one.name, one.channel.kind, one.channel.trusts_email, one.door) == ("mail", "email", True, None)
        assert one.listens is not None
        assert (one.line.limits.buttons, one.line.limits.parts) == (0, 1)
    assert (settings.email[0].address, settings.email[0].imap_port, settings.email[0].smtp_port) == ("hulk@corp.example.com", 993, 465)


async def test_nothing_starts_without_the_password() -> None:
    with pytest.raises(Refused, match=r"channels\.email\[0\]\.password is empty"):
        async with opened(parsed(ChannelsSettings, {"email": [GIVEN]}), around(" ")):
            pass


@pytest.mark.parametrize(("name", "value", "said"), [
    ("authserv", "", "authserv"), ("authserv", "mx example", "authserv"), ("address", "hulk", "hulk@example.com"),
    ("address", "Hulk <a@b.c>", "hulk@example.com"), ("address", "a@b.c\r\nX: y", "hulk@example.com"), ("imap_host", "a b", "imap_host"),
    ("imap_security", "plain", "localhost only"), ("smtp_security", "plain", "localhost only"), ("folder", "a\r\nb", "folder"),
])  # fmt: skip
def test_what_cannot_be_or_would_be_unsafe_is_refused(name: str, value: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        parsed(ChannelsSettings, {"email": [{**GIVEN, name: value}]})


def test_nothing_starts_without_the_name_of_the_server_that_checks_senders() -> None:
    with pytest.raises(Refused, match="authserv"):
        parsed(ChannelsSettings, {"email": [{name: value for name, value in GIVEN.items() if name != "authserv"}]})


def test_on_this_machine_a_line_may_be_plain() -> None:
    here = {"imap_host": "localhost", "smtp_host": "127.0.0.1", "imap_security": "plain", "smtp_security": "plain"}
    assert parsed(ChannelsSettings, {"email": [{**GIVEN, **here}]}).email[0].smtp_security == "plain"


@pytest.mark.parametrize("guide", ["email.md", "email.pt-BR.md"])
def test_what_the_guides_tell_to_write_is_valid(guide: str) -> None:
    text = (Path(__file__).parents[3] / "docs" / "channels" / guide).read_text(encoding="utf-8")
    blocks = [yaml.safe_load(part.partition("```")[0]) for part in text.split("```yaml\n")[1:]]
    made = [parsed(ChannelsSettings, written["channels"]).email[0] for written in blocks]
    assert [(one.name, bool(one.oauth_url)) for one in made] == [("mail", False), ("mail", True)]
