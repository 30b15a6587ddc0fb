"""Recordings that libsndfile does not read: AMR, M4A and WebM, by the program ffmpeg where that is installed.

A program of its own, not a library: what reads files of strangers must not be able to take Hulk along. It is told what kind of file it is
(so that nothing is guessed), reads that file and nothing else, and ends after so many seconds and bytes.
"""

import shutil
import subprocess
from pathlib import Path

from hulk.kernel.errors import Refused

FFMPEG = "ffmpeg"
_SECONDS = 60.0
"""That it may take."""
_ALLOCATED = 256 << 20
"""Bytes that it may ask for at once (`-max_alloc`)."""


def kind(head: bytes) -> str:
    """Of such a recording by its first 12 bytes, as ffmpeg calls the form: AMR (RFC 4867, 5), MP4 (ISO 14496-12: `ftyp`), WebM (EBML,
    RFC 8794). Empty for any other."""
    if head.startswith((b"#!AMR\n", b"#!AMR-WB\n")):
        return "amr"
    if head[4:8] == b"ftyp":
        return "mov"
    return "matroska" if head.startswith(b"\x1a\x45\xdf\xa3") else ""


def converted(recording: Path, form: str, longest: float, rate: int, program: str = FFMPEG, seconds: float = _SECONDS) -> bytes:
    """Its samples, 16 bit, mono, `rate` a second; of one that is longer than `longest` seconds at most one more. Raises `Refused` where
    there is no ffmpeg, and for what it cannot read in time. It blocks."""
    if (found := shutil.which(program)) is None:
        raise Refused(
            "I cannot listen to recordings of this kind ({kind}): that takes the program ffmpeg, which is not installed here. Send a voice"
            " note, or Ogg, MP3, FLAC or WAV.", kind=_NAMES[form],
        )  # fmt: skip
    most = str(int((longest + 1) * rate) * 2)
    reading = ("-protocol_whitelist", "file,pipe", "-max_alloc", str(_ALLOCATED), "-f", form, "-t", str(longest + 1))
    writing = ("-map", "0:a:0", "-ac", "1", "-ar", str(rate), "-f", "s16le", "-fs", most, "pipe:1")
    command = (found, "-nostdin", "-v", "error", "-threads", "1", *reading, "-i", f"file:{recording}", *writing)
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=True, env={})
    except (subprocess.CalledProcessError, OSError) as error:
        raise Refused(
            "I cannot listen to this recording ({kind}): it is broken, or of a kind that ffmpeg does not know.", kind=_NAMES[form]
        ) from error
    except subprocess.TimeoutExpired as error:
        raise Refused("I cannot listen to this recording ({kind}): reading it takes too long.", kind=_NAMES[form]) from error
    return done.stdout[: int(most)]


_NAMES = {"amr": "AMR", "mov": "M4A", "matroska": "WebM"}
