"""Recordings and voice notes, by libsndfile (the package soundfile): Ogg Opus and Vorbis, MP3, FLAC, WAV. Others: see `foreign`."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hulk.kernel.errors import Refused
from hulk.modules.channels.adapters.voice.foreign import FFMPEG, converted, kind

if TYPE_CHECKING:  # imported where it is used: nobody without a voice needs it
    import numpy as np

RATE = 16_000
HEARD = {"rate": RATE, "width": 2, "channels": 1}
"""What speech recognition takes: https://github.com/OHF-Voice/wyoming."""
_OPUS = (8_000, 12_000, 16_000, 24_000, 48_000)
"""Rates that Opus knows (RFC 6716, 2)."""
_TAPS = 129


@dataclass(frozen=True, slots=True)
class Sound:
    """Samples of 16 bit, those of several channels in turn; `rate` a second."""

    samples: bytes
    rate: int
    channels: int = 1

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / 2 / self.channels / self.rate


def installed() -> bool:
    """Whether what reads and writes recordings is there."""
    return importlib.util.find_spec("soundfile") is not None


def heard(recording: Path, longest: float, ffmpeg: str = FFMPEG) -> bytes:
    """Its samples: 16 bit, mono, 16,000 a second. Raises `Refused` for what is no recording, none that is known here, silent (empty), or
    longer than `longest` seconds. It blocks."""
    with recording.open("rb") as file:
        form = kind(file.read(12))
    found = converted(recording, form, longest, RATE, ffmpeg) if form else _read(recording, longest)
    if len(found) > int(longest * RATE) * 2:
        raise Refused("The recording is longer than {seconds} s, which is most that I listen to.", seconds=round(longest))
    if not found:
        raise Refused("There is nothing in this recording.")
    return found


def _read(recording: Path, longest: float) -> bytes:
    import soundfile  # 4 MB with libsndfile: only who hears needs it

    try:
        with soundfile.SoundFile(recording) as file:
            samples, rate = file.read(int(longest * file.samplerate) + 1, dtype="float32", always_2d=True), file.samplerate
    except (soundfile.LibsndfileError, TypeError) as error:  # TypeError: what has no head must be described, which nobody can
        raise Refused(
            "I cannot listen to this recording: it is none, or of a kind that I do not know (Ogg, MP3, FLAC and WAV I do, by ffmpeg also"
            " AMR, M4A and WebM)."
        ) from error
    if len(samples) > longest * rate:
        raise Refused("The recording is longer than {seconds} s, which is most that I listen to.", seconds=round(longest))
    return _pcm(resampled(samples.mean(axis=1), rate, RATE)) if len(samples) else b""


def note(sound: Sound, into: Path) -> None:
    """Written there as a voice note: Ogg Opus, mono. It blocks."""
    import numpy as np  # as soundfile
    import soundfile

    samples = np.frombuffer(sound.samples, "<i2").reshape(-1, sound.channels).mean(axis=1, dtype="float32") / 32_768
    rate = sound.rate if sound.rate in _OPUS else 24_000
    with into.open("wb") as file:
        soundfile.write(file, resampled(samples, sound.rate, rate), rate, format="OGG", subtype="OPUS")


def resampled(samples: "np.ndarray", rate: int, wanted: int) -> "np.ndarray":
    """The same sound with `wanted` samples a second: what is too high for the lower of both is taken out by a windowed sinc, and what lies
    between two samples is on the line between them."""
    import numpy as np

    if rate == wanted:
        return samples
    if wanted < rate:
        taps = np.arange(_TAPS) - _TAPS // 2
        kernel = np.sinc(taps * 0.92 * wanted / rate) * np.hamming(_TAPS)
        samples = np.convolve(samples, (kernel / kernel.sum()).astype("float32"), mode="full")[_TAPS // 2 :][: len(samples)]
    count = max(1, len(samples) * wanted // rate)
    made: np.ndarray = np.interp(np.arange(count) * (rate / wanted), np.arange(len(samples)), samples).astype("float32")
    return made


def _pcm(samples: "np.ndarray") -> bytes:
    import numpy as np

    return bytes((np.clip(samples, -1.0, 1.0) * 32_767).astype("<i2").tobytes())
