"""Doing something at a channel for as long as this process leads there, whatever ends it."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from hulk.kernel.errors import HulkError, Unauthenticated

log = structlog.get_logger(__name__)
_LONGEST_PAUSE = 60.0


def pause(failures: int) -> float:
    """Seconds until a line is opened again that was cut, or could not be opened so many times in a row."""
    return min(_LONGEST_PAUSE, 0.5 * 2.0 ** min(failures, 8)) * random.uniform(0.5, 1.0)  # noqa: S311  # jitter


async def again_and_again(once: Callable[[], Awaitable[None]], trouble: "Trouble", pause: Callable[[int], float]) -> None:
    """Do it, and begin again when it ends, later each time that it fails in a row. Ends only by cancellation."""
    failures = 0
    while True:
        failures = 0 if await _well(once, trouble) else failures + 1
        await asyncio.sleep(pause(failures))


@dataclass(slots=True)
class Trouble:
    """What is wrong with a channel: `why` is empty while nothing is, or nobody has tried yet. `event` is what the log calls it."""

    channel: str
    event: str
    why: str = ""


async def _well(once: Callable[[], Awaitable[None]], trouble: Trouble) -> bool:
    """Whether it did what it does until it ended."""
    try:
        await once()
    except HulkError as error:
        trouble.why = str(error)
        log.warning(trouble.event, channel=trouble.channel, reason=trouble.why, again=not isinstance(error, Unauthenticated))
        return False
    except Exception as error:  # one that fails ends neither the others nor the program
        trouble.why = type(error).__name__
        log.exception(trouble.event, channel=trouble.channel)
        return False
    return True
