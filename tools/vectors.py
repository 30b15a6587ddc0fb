"""Compute the vectors of the sentences that Hulk comes with, so that no installation has to: `tools/vectors.py [--check]`.

They are the examples of the built-in skills and of the agents that come with Hulk, and the router's background, embedded by the packaged
model.
"""

import asyncio
import sys
from pathlib import Path

import numpy as np

from hulk.apps.bootstrap import SHIPPED_VECTORS
from hulk.apps.bootstrap.modules import Shelf
from hulk.modules.agents.settings import AgentsSettings
from hulk.modules.agents.wiring import book as agents
from hulk.modules.router.domain.background import BACKGROUND
from hulk.modules.router.domain.matching import corpus
from hulk.modules.skills.wiring import book
from hulk.runtime.models import LocalEmbedder
from hulk.runtime.models.embeddings import key_of


def sentences() -> list[str]:
    """What is embedded at the first question of a fresh installation."""
    skills, _ = book([])
    candidates = Shelf(skills, agents(AgentsSettings())).candidates()
    background = [text for texts in BACKGROUND.values() for text in texts]
    return [known.text for known in corpus(candidates, background)]


def missing(path: Path) -> list[str]:
    """The sentences that the file does not have."""
    model = LocalEmbedder().model
    with np.load(path, allow_pickle=False) as file:
        there = set(file["keys"].tolist())
    return [text for text in sentences() if key_of(model, text) not in there]


async def write(path: Path) -> None:
    """Compute all and write the file."""
    embedder = LocalEmbedder()
    texts = sentences()
    rows = await embedder.embed(texts)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, keys=np.array([key_of(embedder.model, text) for text in texts]), rows=rows.astype(np.float16))
    sys.stdout.write(f"{path}: {len(texts)} vectors, {path.stat().st_size} bytes\n")


def main() -> int:
    """Write, or check."""
    if "--check" not in sys.argv:
        asyncio.run(write(SHIPPED_VECTORS))
        return 0
    absent = missing(SHIPPED_VECTORS)
    for text in absent:
        sys.stderr.write(f"no vector is shipped for: {text}\n")
    return bool(absent)


if __name__ == "__main__":
    sys.exit(main())
