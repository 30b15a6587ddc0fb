"""Models that run on this machine, or behind an address the operator gives, as plain functions of text.

    embedder = Remembered(LocalEmbedder(), l1_size=5000, folder=data / "cache")
    vectors = await embedder.embed(["Quais arquivos mais mudaram?"])      # float32, one row of length 1 per text

Nothing is loaded before the first text is asked for.
"""

from hulk.runtime.models.embeddings import Embedder, LocalEmbedder, Remembered, ServedEmbedder
from hulk.runtime.models.guarded import GuardedEmbedder

__all__ = ["Embedder", "GuardedEmbedder", "LocalEmbedder", "Remembered", "ServedEmbedder"]
