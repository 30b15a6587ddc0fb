"""What somebody sets up who has a skill."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from hulk.kernel.errors import Refused
from hulk.modules.channels.adapters.alexa import roots_of
from hulk.modules.channels.adapters.alexa.envelope import Intent, said
from hulk.modules.channels.settings import AlexaSettings, ChannelsSettings
from hulk.modules.channels.wiring.around import Around
from hulk.modules.channels.wiring.kinds import opened
from support.pages import ROOT
from support.twins.alexa import SKILL

MODELS = [ROOT / f"examples/alexa/{name}.json" for name in ("pt-BR", "en-US")]
BUILT_IN = {f"AMAZON.{name}Intent" for name in ("Help", "Stop", "Cancel", "Fallback", "Yes", "No", "NavigateHome")}


def intents(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text())["interactionModel"]["languageModel"]["intents"]
    return found


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_a_model_has_what_amazon_asks_of_each(path: Path) -> None:
    """https://developer.amazon.com/docs/custom-skills/create-intents-utterances-and-slots.html: letters and underscores in names, each
    sample once, and a word beside a slot of AMAZON.SearchQuery."""
    model = json.loads(path.read_text())["interactionModel"]["languageModel"]
    assert model["invocationName"] == model["invocationName"].lower()
    assert {one["name"] for one in intents(path)} >= BUILT_IN | {"Ask", "Link"}
    samples = [sample for one in intents(path) for sample in one["samples"]]
    assert len(samples) == len({sample.casefold() for sample in samples})
    for one in intents(path):
        if not one["name"].startswith("AMAZON."):
            assert one["name"].replace("_", "").isalpha()
            assert one["name"].isascii()
            [slot] = one["slots"]
            assert slot["type"] == "AMAZON.SearchQuery"
            assert all(sample.replace("{" + slot["name"] + "}", "").strip() for sample in one["samples"])


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_whatever_is_said_by_a_model_comes_out_as_a_text(path: Path) -> None:
    for one in intents(path):
        for slot in one.get("slots", ()):
            heard = {"name": one["name"], "slots": {slot["name"]: {"name": slot["name"], "value": "4 7"}}}
            text = said(Intent.model_validate(heard))
            leading = one["name"].removeprefix("Ask").strip("_").replace("_", " ")
            assert text == ("/link 47" if one["name"] == "Link" else f"{leading} 4 7".strip())


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"skill": ""}, id="no skill"),
        pytest.param({"skill": "amzn1.ask.skill."}, id="half a skill"),
        pytest.param({"certificates": "file:///etc"}, id="no host"),
        pytest.param({"certificates": "https://me:pw@mirror.example"}, id="a password in an address"),
        pytest.param({"longest": 9000}, id="more than can be said"),
    ],
)
def test_a_skill_without_what_it_is_known_by_is_not_set_up(more: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AlexaSettings(**{"name": "alexa", "skill": SKILL, **more})


@pytest.mark.parametrize("text", [None, "", "no certificates"])
async def test_without_roots_nothing_starts(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "roots.pem"
    if text is not None:
        file.write_text(text)
    settings = ChannelsSettings(alexa=(AlexaSettings(name="alexa", skill=SKILL, roots=str(file)),))
    around = Around(follow=lambda _: str, zone="UTC", url="", clock=lambda: datetime.now(UTC))
    with pytest.raises(Refused, match="roots"):
        async with opened(settings, around):
            pass


def test_the_roots_of_this_machine_are_there() -> None:
    assert len(roots_of("")) > 50
