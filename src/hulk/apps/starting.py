"""What a program that needs all of Hulk leaves out while it starts: looking for garbage, and what nobody has used yet.

A start makes 160,000 objects, nearly all to stay. Looking through them for reference cycles again and again took a fifth of it,
and once it was up, each full look held everything else up for 0.1 s.
"""

import gc
import importlib
import sys
from dataclasses import dataclass
from typing import Any

_THRESHOLDS = (10_000, 20, 20)
"""How many objects more than before make a look worth while, and after how many looks the older ones are looked at. A call makes hundreds,
nearly all of which go with it: by Python's own 700, 10 and 10 a twentieth of all work under load was looking for garbage."""


def begun() -> None:
    """To be called before the whole of Hulk is imported."""
    gc.disable()
    if "aiohttp" not in sys.modules:
        _nats_without_aiohttp()


def over() -> None:
    """To be called when all is up: garbage is looked for again, among what is made from now on."""
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
    gc.enable()


def _nats_without_aiohttp() -> None:
    """Import nats-py as it is imported where there is no aiohttp: it takes 0.1 s and 10 MB, and only NATS over WebSocket needs it."""
    sys.modules["aiohttp"] = None  # type: ignore[assignment]  # as the import statement is told that there is none
    from nats.aio import transport

    del sys.modules["aiohttp"]
    vars(transport).update(aiohttp=_Late("aiohttp"), multidict=_Late("multidict"))


@dataclass(frozen=True, slots=True)
class _Late:
    """A module that is imported when something in it is used."""

    name: str

    def __getattr__(self, attribute: str) -> Any:
        return getattr(importlib.import_module(self.name), attribute)
