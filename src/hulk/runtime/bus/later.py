"""Messages for later: the server keeps them and brings them out at their time; no process of ours watches a clock.

    publish_at ──> hulk.scheduler.queue.at.<key>  ──(at the moment)──> hulk.scheduler.queue.due.<key> ──forward_due──> its subject

The schedule stands in `hulk-scheduler-queue` and not in the stream it is meant for, since the server brings a message out
only in its own stream, and the task queue, which refuses more when it is full, may have no schedules.
Source: NATS ADR-51, https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-51.md
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import NoReturn

import structlog
from nats.js.api import Header

from hulk.kernel.errors import Refused, Unavailable
from hulk.kernel.time import iso
from hulk.runtime.bus.connection import Bus
from hulk.runtime.bus.pull import Message
from hulk.runtime.bus.streams import SCHEDULES

log = structlog.get_logger(__name__)

TARGET = "hulk-target"
ONCE = "hulk-once"
KEPT = "1h"
"""How long a message that came due waits for somebody to forward it."""

_KEY = re.compile(r"[A-Za-z0-9_-]{1,128}")


async def publish_at(bus: Bus, moment: datetime, subject: str, data: bytes, headers: Mapping[str, str] | None = None, *, key: str) -> None:
    """Have the message published to `subject` at `moment`, up to 0.3 s late; a second with the same key replaces the first.

    A moment that has passed is due at once. `key`: letters, digits, _ and -. Raises as `Bus.publish` does.
    """
    if not _KEY.fullmatch(key):
        raise Refused("“{key}” cannot be the key of a scheduled message: use 1 to 128 letters, digits, _ or -.", key=key[:128])
    schedule = {
        Header.SCHEDULE.value: f"@at {iso(moment)}",
        Header.SCHEDULE_TARGET.value: f"hulk.scheduler.queue.due.{key}",
        Header.SCHEDULE_TTL.value: KEPT,
        TARGET: subject,
        ONCE: f"{key}@{iso(moment)}",
    }
    await bus.publish(f"hulk.scheduler.queue.at.{key}", data, {**(headers or {}), **schedule})


async def forward_due(bus: Bus) -> NoReturn:
    """Move messages that came due to where they are meant for, at least once, until cancelled. All processes share the work."""
    async with bus.pull(SCHEDULES, "forward", ["hulk.scheduler.queue.due.>"], ack_wait=10, max_ack_pending=1024) as due:
        while True:
            for message in await due.fetch(64, 5.0):
                await _forward(bus, message)


async def _forward(bus: Bus, message: Message) -> None:
    target = message.headers.get(TARGET)
    if target is None:
        log.error("due_message_without_target", subject=message.subject)
        return await message.term()
    kept = {name: value for name, value in message.headers.items() if not name.lower().startswith("nats-") and name not in {TARGET, ONCE}}
    try:
        await bus.publish(target, message.data, kept, msg_id=message.headers.get(ONCE))
    except Unavailable as error:
        return await message.nak(error.retry_after or 1.0)
    return await message.ack()
