"""Hearing voice notes and speaking answers, with a twin on the official package of Wyoming."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hulk.kernel.errors import HulkError, Refused, Unavailable
from hulk.kernel.text import Language
from hulk.modules.channels.adapters.voice import VoiceServer, WyomingSpeak, WyomingTranscribe
from hulk.modules.channels.adapters.voice.sound import heard, resampled
from hulk.modules.channels.domain import Attached, Channel, Limits, at_home
from hulk.modules.channels.ports import Speak, Transcribe
from hulk.modules.channels.settings import VoiceSettings
from hulk.modules.channels.settings.channel import ChannelSettings
from hulk.modules.channels.usecases.saying import conversation_of
from hulk.modules.channels.wiring import voice_of
from hulk.runtime.store import Store
from support.channels import Room, ScriptedLine, a_room, trusting, wrote
from support.stores import a_store
from support.twins.voice import pitch, tone
from support.voice import voice_twin


@pytest.fixture(scope="module")
def twin() -> Iterator[int]:
    with voice_twin() as port:
        yield port


def server(port: int, **more: Any) -> VoiceServer:
    return VoiceServer("127.0.0.1", port, **more)


def recording(folder: Path, kind: str, seconds: float = 1.0, hertz: float = 440.0, rate: int = 48_000, channels: int = 1) -> Path:
    """A tone, as somebody would send it."""
    samples = np.frombuffer(tone(seconds, hertz, rate), "<i2").astype("float32") / 32_768
    path, (format_, subtype) = folder / "received", KINDS[kind]
    with path.open("wb") as file:
        soundfile.write(file, np.stack([samples] * channels, axis=1), rate, format=format_, subtype=subtype)
    return path


KINDS = {
    "opus": ("OGG", "OPUS"),
    "vorbis": ("OGG", "VORBIS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "flac": ("FLAC", "PCM_16"),
    "wav": ("WAV", "PCM_16"),
}


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize(("rate", "channels"), [(48_000, 1), (16_000, 2), (24_000, 1)])
def test_a_recording_is_heard_whatever_its_kind(tmp_path: Path, kind: str, rate: int, channels: int) -> None:
    samples = heard(recording(tmp_path, kind, rate=rate, channels=channels), 10)
    assert len(samples) / 2 == pytest.approx(16_000, rel=0.1)
    assert pitch(samples, 16_000) == pytest.approx(440, rel=0.1)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"", "none, or of a kind", id="empty"),
        pytest.param(b"OggS" + b"\0" * 500, "none, or of a kind", id="cut off"),
        pytest.param(b"<html>not found</html>" * 50, "none, or of a kind", id="a page"),
        pytest.param(b"#!SILK_V3" + b"\x3c" * 900, "none, or of a kind", id="a kind that is not known"),
    ],
)
def test_what_is_no_recording_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "received").write_bytes(content)
    with pytest.raises(Refused, match=words):
        heard(tmp_path / "received", 10)


def test_a_recording_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="longer than 2 s"):
        heard(recording(tmp_path, "opus", seconds=3), 2)


@given(st.binary(max_size=2_000))
def test_any_bytes_are_a_recording_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(content)
    with pytest.raises(Refused):
        heard(path, 10)


@given(st.sampled_from([8_000, 11_025, 22_050, 24_000, 44_100, 48_000]), st.integers(100, 3_000))
def test_a_tone_stays_that_tone_at_another_rate(rate: int, hertz: int) -> None:
    samples = np.frombuffer(tone(0.5, hertz, rate), "<i2").astype("float32") / 32_768
    made = resampled(samples, rate, 16_000)
    assert abs(len(made) - 8_000) <= 1
    assert pitch((made * 32_767).astype("<i2").tobytes(), 16_000) == pytest.approx(hertz, rel=0.05, abs=5)


def test_what_is_too_high_for_a_rate_is_taken_out() -> None:
    samples = np.frombuffer(tone(0.5, 12_000, 48_000), "<i2").astype("float32") / 32_768
    assert np.abs(resampled(samples, 48_000, 16_000)[100:-100]).max() < 0.02


@pytest.mark.parametrize(("language", "told"), [("pt", "pt"), ("en", "en"), (None, "None")])
async def test_what_is_said_is_written_down(twin: int, tmp_path: Path, language: Language | None, told: str) -> None:
    hears: Transcribe = WyomingTranscribe(server(twin))
    assert await hears(recording(tmp_path, "opus"), language) == f"440 Hz, 1.0 s, {told}"


async def test_what_is_no_recording_is_not_written_down(twin: int, tmp_path: Path) -> None:
    (tmp_path / "received").write_bytes(b"nothing")
    with pytest.raises(Refused):
        await WyomingTranscribe(server(twin))(tmp_path / "received", "pt")


@pytest.mark.parametrize(("language", "hertz"), [("pt", 440), ("en", 800)])
async def test_a_text_is_read_aloud_as_a_voice_note(twin: int, tmp_path: Path, language: Language, hertz: int) -> None:
    speak: Speak = WyomingSpeak(server(twin), {"en": "800"})
    assert await speak("**Dois** 🎉 [mil](http://x)", language, tmp_path / "answer.ogg") == "audio/ogg"
    assert (tmp_path / "answer.ogg").read_bytes()[28:36] == b"OpusHead"  # RFC 7845, 5.1
    samples = heard(tmp_path / "answer.ogg", 10)
    assert len(samples) / 2 / 16_000 == pytest.approx(1.0, abs=0.1)
    assert pitch(samples, 16_000) == pytest.approx(hertz, rel=0.1)


async def test_of_a_long_text_the_beginning_is_read(twin: int, tmp_path: Path) -> None:
    await WyomingSpeak(server(twin), most=30)("Uma frase de seis palavras só. " * 50, "pt", tmp_path / "answer.ogg")
    assert len(heard(tmp_path / "answer.ogg", 100)) / 2 / 16_000 == pytest.approx(3.0, abs=0.1)


FAULTS = [
    pytest.param("error", Unavailable, "the model is broken", id="it says that it failed"),
    pytest.param("close", Unavailable, "left off", id="it leaves off"),
    pytest.param("garbage", Unavailable, "Wyoming", id="it talks something else"),
    pytest.param("odd", Unavailable, "Wyoming", id="it sends what is no sound"),
    pytest.param("silence", Unavailable, "Wyoming", id="it sends no sound"),
    pytest.param("endless", Unavailable, "longer than 5 s", id="it never ends"),
    pytest.param("hang", Unavailable, "longer than 1 s", id="it does not answer"),
    pytest.param("🎉", Refused, "nothing to read", id="there is nothing to say"),
]


@pytest.mark.parametrize(("word", "kind", "told"), FAULTS)
async def test_what_goes_wrong_with_speaking(twin: int, tmp_path: Path, word: str, kind: type[HulkError], told: str) -> None:
    with pytest.raises(kind, match=told):
        await WyomingSpeak(server(twin, seconds=1.0 if word == "hang" else 30.0), longest=5)(word, "pt", tmp_path / "answer.ogg")


async def test_a_server_that_leaves_off_while_it_listens_is_away(twin: int, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="left off"):
        await WyomingTranscribe(server(twin))(recording(tmp_path, "wav", seconds=0.1), "pt")


async def test_a_server_that_is_not_there_is_away(unused_tcp_port: int, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=str(unused_tcp_port)):
        await WyomingTranscribe(server(unused_tcp_port))(recording(tmp_path, "wav"), "pt")


async def test_what_is_said_goes_nowhere_else(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"voice\.remote"):
        await WyomingSpeak(VoiceServer("192.0.2.7", 10200))("Oi", "pt", tmp_path / "answer.ogg")


@pytest.mark.parametrize(
    ("address", "home"),
    [
        ("127.0.0.1", True), ("::1", True), ("10.1.2.3", True), ("172.31.0.1", True), ("192.168.0.9", True), ("fd00::1", True),
        ("::ffff:192.168.0.9", True), ("172.32.0.1", False), ("8.8.8.8", False), ("169.254.169.254", False), ("0.0.0.1", False),
        ("::ffff:8.8.8.8", False), ("2001:4860::8888", False), ("192.0.2.7", False),
    ],
)  # fmt: skip
def test_what_counts_as_here(address: str, home: bool) -> None:
    assert at_home(ip_address(address)) is home


@pytest.mark.parametrize(
    ("given", "words"),
    [
        pytest.param({"stt": "tcp://8.8.8.8:10300"}, "remote", id="speech recognition elsewhere"),
        pytest.param({"tts": "tcp://8.8.8.8:10200"}, "remote", id="a voice elsewhere"),
        pytest.param({"stt": "http://127.0.0.1:10300"}, "tcp://", id="another protocol"),
        pytest.param({"stt": "tcp://127.0.0.1"}, "tcp://", id="no port"),
        pytest.param({"stt": "tcp://127.0.0.1:99999"}, "tcp://", id="a port that is none"),
        pytest.param({"stt": "tcp://user:pw@127.0.0.1:10300"}, "tcp://", id="a password"),
        pytest.param({"stt": "tcp://127.0.0.1:10300/path"}, "tcp://", id="a path"),
    ],
)
def test_what_stops_the_start(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        VoiceSettings(**given)


def test_nothing_private_is_said_elsewhere() -> None:
    private = ChannelSettings(name="board", private=True).channel("test", "UTC")
    settings = VoiceSettings(stt="tcp://8.8.8.8:10300", remote=True)
    with pytest.raises(Refused, match="board"):
        voice_of(settings, [private])
    assert voice_of(settings, [replace(private, private=False)]).transcribe is not None
    assert voice_of(VoiceSettings(), [private]).speak is None


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Store]:
    async with a_store("sqlite", tmp_path, _none) as store:
        yield store


def _none() -> Any:
    raise AssertionError("no server is needed")


def a_voice(place: Store, folder: Path, twin: int, **more: Any) -> Room:
    """A channel on which Ana sends voice notes."""
    line = ScriptedLine()
    line.limits = replace(line.limits, file=1_000_000)
    line.kept["note"] = recording(folder, "opus").read_bytes()
    channel: Channel = trusting(language="pt", **more)
    return a_room(place, folder, channel, line, transcribe=WyomingTranscribe(server(twin)), speak=WyomingSpeak(server(twin)))


NOTE = Attached(ref="note", name="voice.ogg", media_type="audio/ogg", voice=True)


async def test_a_voice_note_is_asked_as_what_it_says_and_answered_aloud(place: Store, tmp_path: Path, twin: int) -> None:
    room = a_voice(place, tmp_path, twin)
    [kept] = await room.hear(wrote("", files=(NOTE,)))
    assert [one.text for one in room.hulk.asked] == ["440 Hz, 1.0 s, pt"]
    assert [turn.text for turn in await room.conversations.turns(conversation_of(kept), 10)] == ["440 Hz, 1.0 s, pt"]
    await room.end((await room.inbox.get(kept.id)).intent or "", "Foram **dois** pedidos.")
    assert await room.said() == ["Foram **dois** pedidos.", ""]
    [none, [(name, content)]] = room.line.files
    assert none == []
    (tmp_path / name).write_bytes(content)
    assert len(heard(tmp_path / name, 10)) / 2 / 16_000 == pytest.approx(1.5, abs=0.1)


@pytest.mark.parametrize(
    ("speaks", "note_", "spoken"),
    [
        pytest.param("never", True, False, id="never"),
        pytest.param("answering", True, True, id="to what was spoken"),
        pytest.param("answering", False, False, id="not to what was written"),
        pytest.param("always", False, True, id="always"),
    ],
)
async def test_answers_are_spoken_where_that_is_wanted(
    place: Store, tmp_path: Path, twin: int, speaks: str, note_: bool, spoken: bool
) -> None:
    room = a_voice(place, tmp_path, twin, speaks=speaks)
    [kept] = await room.hear(wrote("Oi", files=(NOTE,) if note_ else ()))
    await room.end((await room.inbox.get(kept.id)).intent or "", "Olá.")
    await room.said()
    assert [[name for name, _ in files] for files in room.line.files] == [[], *([["answer.ogg"]] if spoken else [])]


async def test_an_answer_that_cannot_be_spoken_is_written(place: Store, tmp_path: Path, twin: int) -> None:
    room = a_voice(place, tmp_path, twin, speaks="always")
    [kept] = await room.hear(wrote("Oi"))
    await room.end((await room.inbox.get(kept.id)).intent or "", "error")
    assert await room.said() == ["error"]
    assert room.line.files == [[]]
    written, aloud = await room.messages()
    assert (written.state, aloud.state, (aloud.problem or {})["code"]) == ("sent", "withdrawn", "refused")


async def test_an_answer_s_text_waits_for_nothing_and_its_recording_follows_it_and_nothing_else(place: Store, tmp_path: Path) -> None:
    """What comes next waits for the recording: so all is heard in its order, and read at once."""
    begun, may = asyncio.Event(), asyncio.Event()

    async def speak(text: str, language: str, into: Path) -> str:
        begun.set()
        await may.wait()
        await asyncio.to_thread(into.write_bytes, text.encode())
        return "audio/ogg"

    line = ScriptedLine(limits=Limits(text=40, parts=9, buttons=3, file=1000))
    room = a_room(place, tmp_path, trusting(language="pt", speaks="always"), line, speak=speak)
    [kept] = await room.hear(wrote("Oi"))
    await room.end((await room.inbox.get(kept.id)).intent or "", "A primeira frase, a mais longa. A segunda frase, que é curta.")
    async with asyncio.TaskGroup() as group:
        saying = group.create_task(room.said())
        await begun.wait()
        assert [one.text for one in line.sent] == ["A primeira frase, a mais longa.", "A segunda frase, que é curta."]
        assert [len(one.buttons) for one in line.sent] == [0, 2]
        may.set()
    assert saying.result()[2:] == [""]
    assert line.files == [[], [], [("answer.ogg", b"A primeira frase, a mais longa.")]]
    assert len({one.id for one in line.sent}) == 3
    assert [turn.text for turn in await room.conversations.turns(conversation_of(kept), 9)][1:] == [one.text for one in line.sent[:2]]


async def test_where_both_go_in_one_message_they_do(place: Store, tmp_path: Path, twin: int) -> None:
    room = a_voice(place, tmp_path, twin, speaks="always")
    room.line.limits = replace(room.line.limits, together=True)
    [kept] = await room.hear(wrote("Oi"))
    await room.end((await room.inbox.get(kept.id)).intent or "", "Olá.")
    assert await room.said() == ["Olá."]
    assert [[name for name, _ in files] for files in room.line.files] == [["answer.ogg"]]


async def test_a_voice_note_that_is_none_is_told_so(place: Store, tmp_path: Path, twin: int) -> None:
    room = a_voice(place, tmp_path, twin)
    room.line.kept["note"] = b"nothing"
    await room.hear(wrote("", files=(NOTE,)))
    said, _ = await room.said()
    assert "Ogg" in said
    assert not room.hulk.asked
