"""Celery over Valkey: acknowledged after execution, a visibility timeout of 10 s, one child. Its own defaults lose more."""

from collections.abc import Iterator
from contextlib import contextmanager

from celery import Celery

from benchmarks.peers.task import Blocking, Data, execute_blocking, main, server

app = Celery("bench", broker=server())
app.conf.update(
    task_acks_late=True,
    task_ignore_result=True,
    task_reject_on_worker_lost=True,
    broker_transport_options={"visibility_timeout": 10},
    broker_connection_retry_on_startup=True,
)


@app.task(name="run")
def run(data: Data) -> None:
    """The task."""
    execute_blocking(data)


def work() -> None:
    """One worker with one child process."""
    app.worker_main(["worker", "--concurrency=1", "--loglevel=ERROR"])


@contextmanager
def sending() -> Iterator[Blocking]:
    """Through the producer's pool."""
    yield lambda data: run.delay(data)


if __name__ == "__main__":
    main(work, blocking=sending)
