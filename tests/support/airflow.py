"""A real Airflow 3.3, `airflow standalone`, in a Python environment of its own: about 40 processes, healthy after a minute.

    python3 -m venv ~/.cache/airflow-33 && ~/.cache/airflow-33/bin/pip install apache-airflow==3.3.2

`AIRFLOW_BIN` names another `airflow`."""

import contextlib
import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from support.ports import free_port
from support.processes import die_with_parent

PASSWORD = "right-for-airflow"  # of a server of the tests
_DAG = """
from airflow.sdk import dag, task

@dag(schedule=None, catchup=False)
def sales_daily():
    @task
    def load(params=None):
        print("read 3 files of", (params or {}).get("day"))
    load()

@dag(schedule=None, catchup=False)
def payroll():
    @task
    def pay():
        print("paid")
    pay()

sales_daily()
payroll()
"""
_SECONDS = 240.0


def installed() -> Path | None:
    """Its program, if there is one."""
    place = Path(os.environ.get("AIRFLOW_BIN", Path.home() / ".cache/airflow-33/bin/airflow"))
    return place if place.exists() else None


@contextlib.contextmanager
def airflow(program: Path, home: Path) -> Iterator[str]:
    """The address of an Airflow with the DAGs `sales_daily` and `payroll`, and the user `hulk` with `PASSWORD`."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    _prepared(home)
    log = (home / "log").open("wb")
    # In a session of its own, since its 40 processes end with their group; told to end when the tests are killed.
    with log, subprocess.Popen(
        [program, "standalone"], env=_settings(program, home, port), cwd=home, stdout=log, stderr=log, start_new_session=True,
        preexec_fn=lambda: die_with_parent(signal.SIGTERM),
    ) as process:  # fmt: skip
        try:
            _healthy(url, process, home)
            yield url
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _prepared(home: Path) -> None:
    (home / "dags").mkdir()
    (home / "dags" / "sales.py").write_text(_DAG)
    (home / "passwords.json").write_text(json.dumps({"hulk": PASSWORD}))


def _settings(program: Path, home: Path, port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "PYTHON", "COV"))}
    return {
        **kept, "PATH": f"{program.parent}:{os.environ['PATH']}", "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "AIRFLOW__CORE__PARALLELISM": "2", "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "hulk:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__API__HOST": "127.0.0.1", "AIRFLOW__API__PORT": str(port), "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()), "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port()),
    }  # fmt: skip


def _healthy(url: str, process: "subprocess.Popen[bytes]", home: Path) -> None:
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            if _scheduling(url):
                return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1)
    raise AssertionError("Airflow did not start:\n" + (home / "log").read_text(errors="replace")[-3000:])


def _scheduling(url: str) -> bool:
    with urllib.request.urlopen(f"{url}/api/v2/monitor/health", timeout=5) as answer:  # noqa: S310  # our own server
        return bool(json.load(answer)["scheduler"]["status"] == "healthy")
