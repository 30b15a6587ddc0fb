"""A skill of Alexa's asks a Hulk that runs, and is answered in the same breath."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from support.alexa import amazon_twin
from support.program import run, started
from support.twins.alexa import SKILL, asked, said, written


@pytest.fixture
def twin() -> Iterator[str]:
    with amazon_twin() as url:
        yield url


def heard(twin: str, hulk: str, body: bytes) -> str:
    """What is said to that."""
    with urlopen(Request(f"{twin}/signed", body)) as signed:  # noqa: S310  # this machine's
        headers = json.load(signed)
    with urlopen(Request(f"{hulk}/v1/hooks/alexa", body, headers)) as response:  # noqa: S310  # this machine's
        found: str = json.load(response)["response"]["outputSpeech"]["ssml"]
        return found


def test_a_guest_asks_by_voice_and_hears_the_answer(tmp_path: Path, twin: str) -> None:
    with urlopen(f"{twin}/root") as root:  # noqa: S310  # this machine's
        (tmp_path / "root.pem").write_bytes(root.read())
    skill = {"name": "alexa", "skill": SKILL, "roots": str(tmp_path / "root.pem"), "certificates": twin, "guests": ["operator"]}
    (tmp_path / "hulk.yaml").write_text(json.dumps({"channels": {"alexa": [skill]}, "grpc": {"port": 0}}))
    with started(tmp_path / "data", cwd=tmp_path) as up:
        assert "<p>" in heard(twin, up.url, written(asked("LaunchRequest", "1")))
        question = written(said("quanto é 15% de 200", "2"))
        answer = heard(twin, up.url, question)
        assert "models.providers" in answer  # no model is set up here
        assert heard(twin, up.url, question) == answer
        shown = [run("thor", "channels", *what, "--data", str(up.data), cwd=tmp_path) for what in (("check", "alexa"), ("list",))]
        assert [done.returncode for done in shown] == [0, 0]
        assert ["works" in done.stdout for done in shown] == [True, True], shown
