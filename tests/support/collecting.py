"""Keeping the collector away from what others have left behind while gRPC is at work."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def apart() -> Iterator[None]:
    """What was there before is not collected until the block ends, and what was made in it is then.

    grpcio 1.85 has servers and calls of event loops that have ended freed by the collector, and when that happens while another server
    of the process is at work, the process falls over (a segmentation fault, some tests later). A program has one server for its life; only
    tests have hundreds in one process."""
    gc.freeze()
    try:
        yield
    finally:
        gc.collect()
        gc.unfreeze()
