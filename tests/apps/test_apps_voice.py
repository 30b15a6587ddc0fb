"""`thor voice check`: what is spoken must be understood again."""

from collections.abc import Iterator

import pytest

from hulk.apps.voice import tried
from hulk.kernel.errors import Refused, Unavailable
from hulk.modules.channels.settings import VoiceSettings
from support.voice import voice_twin


@pytest.fixture(scope="module")
def twin() -> Iterator[str]:
    with voice_twin() as port:
        yield f"tcp://127.0.0.1:{port}"


async def test_what_was_not_understood_is_said(twin: str) -> None:
    with pytest.raises(Refused, match=r"pt, en.*440 Hz"):
        await tried(VoiceSettings(stt=twin, tts=twin))


@pytest.mark.parametrize("given", [{}, {"stt": "tcp://127.0.0.1:1"}, {"tts": "tcp://127.0.0.1:1"}], ids=["neither", "no voice", "no ear"])
async def test_without_both_there_is_nothing_to_try(given: dict[str, str]) -> None:
    with pytest.raises(Refused, match=r"voice\.stt and voice\.tts"):
        await tried(VoiceSettings(**given))  # type: ignore[arg-type]  # settings of text


async def test_a_server_that_is_away_is_named(twin: str, unused_tcp_port: int) -> None:
    with pytest.raises(Unavailable, match=str(unused_tcp_port)):
        await tried(VoiceSettings(stt=f"tcp://127.0.0.1:{unused_tcp_port}", tts=twin))
