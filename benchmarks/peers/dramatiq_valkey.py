"""Dramatiq over Valkey, with its defaults: one process with eight threads."""

from collections.abc import Iterator
from contextlib import contextmanager

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.cli import main as command_line
from dramatiq.cli import make_argument_parser

from benchmarks.peers.task import Blocking, Data, execute_blocking, main, server

dramatiq.set_broker(RedisBroker(url=server()))


@dramatiq.actor(actor_name="run")
def run(data: Data) -> None:
    """The task."""
    execute_blocking(data)


def work() -> None:
    """One worker process beside its parent."""
    command_line(make_argument_parser().parse_args(["benchmarks.peers.dramatiq_valkey", "--processes", "1", "--threads", "8"]))


@contextmanager
def sending() -> Iterator[Blocking]:
    """Over one connection."""
    yield lambda data: run.send(data)


if __name__ == "__main__":
    main(work, blocking=sending)
