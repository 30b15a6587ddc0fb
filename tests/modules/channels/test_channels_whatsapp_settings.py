"""WhatsApp in the settings: what is taken, and what keeps Hulk from starting."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from hulk.kernel.errors import Refused
from hulk.kernel.time import utc_now
from hulk.modules.channels.settings import ChannelsSettings
from hulk.modules.channels.wiring.around import Around
from hulk.modules.channels.wiring.kinds import opened
from hulk.runtime.validation import parsed
from support.twins.whatsapp import APP_SECRET, NUMBER, TOKEN, VERIFY_TOKEN

GOOD: dict[str, Any] = {
    "name": "zap", "phone_number_id": NUMBER, "token": TOKEN, "app_secret": APP_SECRET, "verify_token": VERIFY_TOKEN,
}  # fmt: skip
ROOT = Path(__file__).parents[3]


def settings(**other: Any) -> ChannelsSettings:
    return parsed(ChannelsSettings, {"whatsapp": [{**GOOD, **other}]})


def around(secrets: Mapping[str, str]) -> Around:
    return Around(
        follow=lambda place: lambda: secrets.get(place.rpartition(".")[2], ""), zone="America/Sao_Paulo", url="https://h.br", clock=utc_now
    )


@pytest.mark.parametrize("missing", ["token", "app_secret", "verify_token"])
@pytest.mark.parametrize("given", ["", "short"])
async def test_a_secret_that_proves_nothing_stops_the_start_and_is_named(missing: str, given: str) -> None:
    with pytest.raises(Refused, match=rf"channels\.whatsapp\[0\]\.{missing}"):
        async with opened(settings(), around({**GOOD, missing: given})):
            pass


async def test_a_number_is_opened_with_a_door_and_a_line() -> None:
    async with opened(settings(), around(GOOD)) as (one,):
        assert (one.name, one.channel.kind, one.listens) == ("zap", "whatsapp", None)
        assert one.door is not None
        assert one.line.limits.text == 4096


@pytest.mark.parametrize(
    "wrong",
    [
        {"phone_number_id": "+55 11 98765-4321"}, {"phone_number_id": "../1"}, {"version": "25"}, {"url": "graph.facebook.com"},
        {"url": "https://a:b@graph.facebook.com"}, {"template": "Olá!"}, {"template_language": "português"},
    ],
    ids=["a number for its id", "a path", "no version", "no address", "an address with a password", "no name", "no language"],
)  # fmt: skip
def test_what_cannot_be_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(Refused, match=next(iter(wrong))):
        settings(**wrong)


@pytest.mark.parametrize("page", ["whatsapp.md", "whatsapp.pt-BR.md"])
def test_what_the_guides_show_is_taken(page: str) -> None:
    [block] = (ROOT / "docs/channels" / page).read_text(encoding="utf-8").split("```yaml\n")[1:]
    shown = yaml.safe_load(block.split("```")[0])
    [one] = parsed(ChannelsSettings, shown["channels"]).whatsapp
    assert one.phone_number_id == NUMBER
