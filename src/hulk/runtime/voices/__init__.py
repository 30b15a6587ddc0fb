"""Servers on this machine that hear and speak, as children of ours that speak Wyoming.

folder = await pulled(data / "voices", tell)                    # again: only what is missing
async with voices(Wanted(folder=folder)) as servers: ...        # restarted when they die, gone when we are
"""

from hulk.runtime.voices.likeness import edits, word_error, words
from hulk.runtime.voices.packaged import SPEECH, pulled
from hulk.runtime.voices.serving import Child, Wanted, missing, voices

__all__ = ["SPEECH", "Child", "Wanted", "edits", "missing", "pulled", "voices", "word_error", "words"]
