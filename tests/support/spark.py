"""A real Spark 4.3: a standalone master with its REST server, a worker and a history server, three JVMs that are ready after 20 seconds.

    python3 -m venv ~/.cache/spark-43 && ~/.cache/spark-43/bin/pip install pyspark==4.3.0     (and Java 17)

`SPARK_PYTHON` names the Python of another environment that has pyspark."""

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from support.ports import free_port
from support.processes import die_with_parent

_DEPLOY = "org.apache.spark.deploy"
_CONNECT = "org.apache.spark.sql.connect.service.SparkConnectServer"
_SECONDS = 120.0


@dataclass(frozen=True)
class Cluster:
    """Addresses of the master's REST server and of the history server, and where event logs go."""

    master: str
    history: str
    events: str
    home: Path


def installed() -> Path | None:
    """The Python that has pyspark, if there is one."""
    place = Path(os.environ.get("SPARK_PYTHON", Path.home() / ".cache/spark-43/bin/python"))
    return place if place.exists() else None


@contextlib.contextmanager
def cluster(python: Path, home: Path) -> Iterator[Cluster]:
    """A running one. Programs see the environment's Python."""
    port, rest, history = free_port(), free_port(), free_port()
    (home / "events").mkdir()
    events = f"file:{home}/events"
    options = {
        "master.Master": f"-Dspark.master.rest.enabled=true -Dspark.master.rest.host=127.0.0.1 -Dspark.master.rest.port={rest}",
        "worker.Worker": "-Dspark.worker.cleanup.enabled=false",
        "history.HistoryServer": (
            f"-Dspark.history.fs.logDirectory={events} -Dspark.history.ui.port={history} -Dspark.history.fs.update.interval=1s"
        ),
    }
    arguments = {
        "master.Master": ["--host", "127.0.0.1", "--port", str(port), "--webui-port", str(free_port())],
        "worker.Worker": [
            "--host", "127.0.0.1", "--webui-port", str(free_port()), "--cores", "2", "--memory", "2g", "--work-dir", str(home / "work"),
            f"spark://127.0.0.1:{port}",
        ],
        "history.HistoryServer": [],
    }  # fmt: skip
    with contextlib.ExitStack() as stack:
        for name, given in arguments.items():
            stack.enter_context(_daemon(python, home, name, given, options[name]))
            if name == "master.Master":
                _until_answered(f"http://127.0.0.1:{rest}/v1/submissions/status/driver-0", home)
        _until_answered(f"http://127.0.0.1:{history}/api/v1/applications", home)
        yield Cluster(f"http://127.0.0.1:{rest}", f"http://127.0.0.1:{history}", events, home)


@contextlib.contextmanager
def _daemon(python: Path, home: Path, name: str, arguments: list[str], options: str) -> Iterator[None]:
    spark = next(python.parents[1].glob("lib/python*/site-packages/pyspark"))
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("SPARK", "PYTHON", "COV"))}
    places = {"SPARK_HOME": str(spark), "PYSPARK_PYTHON": str(python), "SPARK_LOCAL_IP": "127.0.0.1"}
    environment = {**kept, **places, "SPARK_DAEMON_JAVA_OPTS": options, "SPARK_DAEMON_MEMORY": "512m"}
    with (home / f"{name}.log").open("wb") as log, subprocess.Popen(
        [spark / "bin/spark-class", f"{_DEPLOY}.{name}", *arguments], env=environment, cwd=home, stdout=log, stderr=log,
        start_new_session=True, preexec_fn=die_with_parent,
    ) as process:  # fmt: skip
        try:
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)  # the worker ends its programs
                process.wait(10)


def _until_answered(url: str, home: Path) -> None:
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310  # our own server
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.5)
    logs = "\n".join(file.read_text(errors="replace")[-2000:] for file in home.glob("*.log"))
    raise AssertionError(f"Spark did not start: {url}\n{logs}")


@contextlib.contextmanager
def connect_server(python: Path, home: Path) -> Iterator[str]:
    """A server of Spark Connect, `host:port`, which keeps its tables below `home`."""
    spark = next(python.parents[1].glob("lib/python*/site-packages/pyspark"))
    port = free_port()
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("SPARK", "PYTHON", "COV"))}
    settings = {
        "spark.connect.grpc.binding.address": "127.0.0.1", "spark.connect.grpc.binding.port": str(port), "spark.ui.enabled": "false",
        "spark.sql.warehouse.dir": str(home / "warehouse"), "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.shuffle.partitions": "2", "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.parquet.columnarReaderBatchSize": "1",  # it looks between two batches whether it must end
    }  # fmt: skip
    command = [str(spark / "bin/spark-submit"), "--master", "local[2]", "--driver-memory", "600m", "--class", _CONNECT]
    command += [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")]
    with (home / "connect.log").open("wb") as log, subprocess.Popen(
        [*command, "spark-internal"], env={**kept, "SPARK_HOME": str(spark), "SPARK_LOCAL_IP": "127.0.0.1"}, cwd=home, stdout=log,
        stderr=log, start_new_session=True, preexec_fn=die_with_parent,
    ) as process:  # fmt: skip
        try:
            _until_taken(port, home)
            yield f"127.0.0.1:{port}"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _until_taken(port: int, home: Path) -> None:
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.5)
    raise AssertionError(f"Spark Connect did not start:\n{(home / 'connect.log').read_text(errors='replace')[-2000:]}")
