"""Keeping the collector away from what others have left behind."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def apart() -> Iterator[None]:
    """What was there before is not looked through for garbage, and what was made in the block is when it ends. What is garbage already goes
    first: it would stay for ever."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.collect()
