"""Models that are served here, with the twin of what serves them; and packages that hold one."""

import json
import os
import sys
import zipfile
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from hulk.runtime.models import Packaged, Part, Patience, Wanted
from hulk.runtime.models import local as local_module

TWIN = Path(__file__).parent / "llama"
LLAMA = Path(local_module.__file__).with_name("llama.py")
PROGRAM = (
    sys.executable,
    "-P",
    "-c",
    f"import runpy, sys; sys.path.insert(0, {str(TWIN)!r}); runpy.run_path({str(LLAMA)!r}, run_name='__main__')",
)
"""The real child, over the twin."""
HASTY = Patience(first=0.05, longest=0.2, most=4, window=30.0, calm=60.0)


def wanted(folder: Path, **how: Any) -> Wanted:
    """To be served from that folder: a model that does as `how` says."""
    file = folder / "model.gguf"
    file.write_text(json.dumps(how))
    return Wanted(file=file, folder=folder / "models")


def with_twin(**more: str) -> dict[str, str]:
    """Variables with which a program serves models by the twin."""
    before = os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": os.pathsep.join([str(TWIN), *([before] if before else [])]), **more}


def packaged(pieces: Sequence[bytes], *, name: str = "tiny") -> Packaged:
    """A model of those pieces."""
    whole = b"".join(pieces)
    return Packaged(
        name=name, file=f"{name}.gguf", sha256=sha256(whole).hexdigest(), title="Tiny", licence="MIT", notice="Tiny is free.\n",
        parts=tuple(_part(number, len(piece)) for number, piece in enumerate(pieces, 1)), papers={"TERMS.txt": _part(0, 5)},
    )  # fmt: skip


def _part(number: int, size: int) -> Part:
    return Part(distribution=f"tiny-hulk-part{number}", version="1.0", member=f"tiny_hulk_part{number}/data/part.bin", size=size)


def wheel(folder: Path, number: int, piece: bytes) -> Path:
    """A wheel that pip takes, with a piece in it; piece 0 is the licence's terms."""
    module = f"tiny_hulk_part{number}"
    info = f"{module}-1.0.dist-info"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{module}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(f"{module}/data/part.bin", piece)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: tiny-hulk-part{number}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return file
