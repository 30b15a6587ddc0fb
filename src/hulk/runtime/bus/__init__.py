"""The bus: NATS JetStream, embedded as a supervised child or a cluster's, and CloudEvents over it.

    async with embedded(data / "nats") as server, connect(server.address) as bus:
        await bus.ensure_streams(max_tasks=10_000)
        await bus.publish("hulk.engine.tasks.default.acme", b"run_…", {"hulk-tenant": "acme"}, msg_id="run_…:1")
        async with bus.pull(TASKS, "default", ["hulk.engine.tasks.default.>"], ack_wait=30, max_ack_pending=64) as tasks:
            for message in await tasks.fetch(16, wait=1.0):
                await message.ack()

`publish` is acknowledged by the stream, or raises `Unavailable`; `notify` is fire-and-forget. An un-acked message is a
lease of `ack_wait` seconds, renewed by `in_progress()`; `num_delivered` counts its takers. The server acknowledges before
it has written to disk (`Facts.fsync` is "lazy" unless asked otherwise): what must not be lost stands in the journal.
"""

from hulk.runtime.bus.address import Address, Changing, Fsync, encrypted
from hulk.runtime.bus.asyncapi import EventType, document
from hulk.runtime.bus.cloudevents import from_message, headers_of, subject_of, to_message
from hulk.runtime.bus.connection import MESSAGE_ID, Bus, Facts, Handler, Notice, connect
from hulk.runtime.bus.later import forward_due, publish_at
from hulk.runtime.bus.line import Letter
from hulk.runtime.bus.pull import Message, Pull
from hulk.runtime.bus.server import Server, embedded
from hulk.runtime.bus.streams import ERRORS, EVENTS, LIFETIMES, LIGHT, SCHEDULES, STREAMS, TASKS, Stream

__all__ = [
    "ERRORS",
    "EVENTS",
    "LIFETIMES",
    "LIGHT",
    "MESSAGE_ID",
    "SCHEDULES",
    "STREAMS",
    "TASKS",
    "Address",
    "Bus",
    "Changing",
    "EventType",
    "Facts",
    "Fsync",
    "Handler",
    "Letter",
    "Message",
    "Notice",
    "Pull",
    "Server",
    "Stream",
    "connect",
    "document",
    "embedded",
    "encrypted",
    "forward_due",
    "from_message",
    "headers_of",
    "publish_at",
    "subject_of",
    "to_message",
]
