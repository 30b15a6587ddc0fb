"""Recordings that libsndfile does not read are read by ffmpeg, where there is one, within bounds; else it is said what is missing."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.errors import Refused
from hulk.modules.channels.adapters.voice.foreign import converted, kind
from hulk.modules.channels.adapters.voice.sound import heard
from support.recordings import RECORDED
from support.twins.voice import pitch

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="the program ffmpeg is not installed here")


@pytest.fixture
def received(tmp_path: Path) -> Path:
    """An AMR recording."""
    path = tmp_path / "received"
    path.write_bytes(RECORDED["amr"])
    return path


def program(folder: Path, script: str) -> str:
    """Something in ffmpeg's place that does that."""
    path = folder / "ffmpeg"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


@needs_ffmpeg
@pytest.mark.parametrize("name", RECORDED)
def test_what_a_phone_recorded_is_heard(received: Path, name: str) -> None:
    received.write_bytes(RECORDED[name])
    samples = heard(received, 10)
    assert len(samples) / 2 / 16_000 == pytest.approx(0.6, abs=0.1)
    assert pitch(samples, 16_000) == pytest.approx(440, abs=25)


@needs_ffmpeg
@pytest.mark.parametrize("name", RECORDED)
def test_what_is_too_long_or_has_only_a_head_is_refused(received: Path, name: str) -> None:
    received.write_bytes(RECORDED[name])
    with pytest.raises(Refused, match="longer"):
        heard(received, 0.2)
    received.write_bytes(RECORDED[name][:12])
    with pytest.raises(Refused):
        heard(received, 10)


@pytest.mark.parametrize(("name", "form"), [("amr", "amr"), ("m4a", "mov"), ("webm", "matroska")])
def test_it_is_known_by_its_first_bytes(name: str, form: str) -> None:
    assert kind(RECORDED[name][:12]) == form


@given(st.binary(max_size=16))
def test_nothing_else_is_given_to_ffmpeg(head: bytes) -> None:
    assert (kind(head) == "") is not (head.startswith((b"#!AMR\n", b"#!AMR-WB\n", b"\x1a\x45\xdf\xa3")) or head[4:8] == b"ftyp")


def test_without_ffmpeg_it_is_said_what_is_missing_and_what_to_send(received: Path) -> None:
    with pytest.raises(Refused, match=r"AMR.*ffmpeg.*Ogg"):
        heard(received, 10, "no-ffmpeg-here")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        pytest.param("exit 1", "broken", id="it fails"),
        pytest.param("kill -9 $$", "broken", id="it crashes"),
        pytest.param("exit 0", "nothing in", id="it gives nothing"),
        pytest.param("head -c 9000000 /dev/zero", "longer", id="it gives without end"),
    ],
)
def test_an_ffmpeg_that_does_not_do_what_it_should_is_no_recording(received: Path, tmp_path: Path, script: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        heard(received, 10, program(tmp_path, script))


def test_an_ffmpeg_that_hangs_is_ended(received: Path, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="too long"):
        converted(received, "amr", 10, 16_000, program(tmp_path, "exec sleep 600"), 0.2)


def test_it_is_told_what_it_may_read_and_nothing_of_ours(received: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HULK_SECRET", "s3gredo")
    told = tmp_path / "told"
    heard(received, 10, program(tmp_path, f'echo "$@" > {told}; /usr/bin/env >> {told}; printf "\\001\\002"'))
    words = told.read_text()
    assert f"-protocol_whitelist file,pipe -max_alloc 268435456 -f amr -t 11 -i file:{received}" in words.replace("11.0", "11")
    assert "s3gredo" not in words
