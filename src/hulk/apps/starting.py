"""What a program that needs all of Hulk leaves out while it starts: looking for garbage, and what nobody has used yet.

A start makes 160,000 objects, nearly all to stay. Looking through them for reference cycles again and again took a fifth of it,
and once it was up, each full look held everything else up for 0.1 s.
"""

import contextlib
import ctypes
import gc
import importlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_ALLOCATOR = {_M_ARENA_MAX: 1, _M_MMAP_THRESHOLD: 4 << 20, _M_TRIM_THRESHOLD: 16 << 20}
"""Of glibc (https://man7.org/linux/man-pages/man3/mallopt.3.html), the last two in bytes."""
_THRESHOLDS = (10_000, 20, 20)
"""How many objects more than before make a look worth while, and after how many looks the older ones are looked at. A call makes hundreds,
nearly all of which go with it: by Python's own 700, 10 and 10 a twentieth of all work under load was looking for garbage."""


def begun() -> None:
    """To be called before the whole of Hulk is imported."""
    gc.disable()
    _one_heap()
    if "aiohttp" not in sys.modules:
        _nats_without_aiohttp()
    if "rich" not in sys.modules:
        _structlog_without_rich()


def over() -> None:
    """To be called when all is up: garbage is looked for again, among what is made from now on."""
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
    gc.enable()


def _one_heap() -> None:
    """Have all threads share one heap, and give back at once what was big. glibc gives nearly each thread a heap of its own, where what was
    freed stays, and takes the big too from there once something big was freed: so 40 MB of 230 were held by what the threads had once used
    to learn what people ask for. Other C libraries have no such thing, and an operator's own choice (MALLOC_ARENA_MAX) stands."""
    tune = getattr(ctypes.CDLL(None), "mallopt", None)
    if tune is not None and "MALLOC_ARENA_MAX" not in os.environ:
        for what, value in _ALLOCATOR.items():
            tune(what, value)


@contextlib.contextmanager
def _without(name: str) -> Iterator[None]:
    """Whatever is imported in the block finds no such package, as the import statement is told so."""
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[name]


def _structlog_without_rich() -> None:
    """Import structlog as it is imported where there is no rich: it takes 0.06 s and 4 MB, and paints what went wrong, which we write as
    text (`telemetry/logs.py`)."""
    with _without("rich"):
        importlib.import_module("structlog")


def _nats_without_aiohttp() -> None:
    """Import nats-py as it is imported where there is no aiohttp: it takes 0.1 s and 10 MB, and only NATS over WebSocket needs it."""
    with _without("aiohttp"):
        from nats.aio import transport

    vars(transport).update(aiohttp=_Late("aiohttp"), multidict=_Late("multidict"))


@dataclass(frozen=True, slots=True)
class _Late:
    """A module that is imported when something in it is used."""

    name: str

    def __getattr__(self, attribute: str) -> Any:
        return getattr(importlib.import_module(self.name), attribute)
