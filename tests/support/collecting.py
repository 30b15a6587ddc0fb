"""Keeping the collector away from what others have left behind."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def apart() -> Iterator[None]:
    """What was there before is never looked through for garbage again, and what was made in the block is when it ends.

    A process that has tested for a long time falls over at times (a segmentation fault) when all that it holds is looked through; so far
    it was always seen once servers of gRPC had come and gone. Why is not known: neither valgrind, nor an interpreter that checks itself,
    nor the counting of references finds a fault in those tests alone."""
    gc.freeze()
    try:
        yield
    finally:
        gc.collect()
