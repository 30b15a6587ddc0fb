"""What becomes of the tests when a process that tests dies (`support.scheduling`): small suites, really run by several processes."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.program import environment

OPTIONS = ("-p", "xdist", "-p", "no:cacheprovider", "-n", "3", "-v")
CONFTEST = """
from support.scheduling import Sharing

def pytest_xdist_make_scheduler(config):
    return Sharing(len(config.option.tx))
"""
SUITE = """
import os, signal
import pytest

@pytest.mark.parametrize("number", range(30))
def test_it(number):
    if number in {deadly}:
        os.kill(os.getpid(), signal.SIGKILL)
"""


def told(folder: Path, place: str, deadly: set[int]) -> tuple[int, list[tuple[str, int]]]:
    """The exit code of a suite in three processes, and how each test ended."""
    (folder / place).parent.mkdir(parents=True, exist_ok=True)
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / place).write_text(SUITE.format(deadly=deadly or "()"))
    env = environment(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", PYTEST_ADDOPTS="", PYTHONPATH=str(Path(__file__).parent))
    command = [sys.executable, "-m", "pytest", *OPTIONS, "--rootdir", str(folder), str(folder)]
    ended = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    lines = re.findall(r"^\[gw\d+\] \[.+\] (PASSED|FAILED) .+\[(\d+)\]", ended.stdout, re.MULTILINE)
    return ended.returncode, sorted(((how, int(number)) for how, number in lines), key=lambda one: one[1])


@pytest.mark.parametrize(
    ("place", "deadly"),
    [
        pytest.param("test_it.py", set[int](), id="none"),
        pytest.param("test_it.py", {15}, id="one in the middle"),
        pytest.param("test_it.py", {0, 1, 2, 9, 28, 29}, id="all processes, at the beginning and at the end"),
        pytest.param("tests/journeys/test_it.py", {15, 16}, id="of a file whose tests stay together"),
    ],
)
def test_a_test_that_ends_its_process_has_failed_and_all_others_run_once(tmp_path: Path, place: str, deadly: set[int]) -> None:
    code, ended = told(tmp_path, place, deadly)
    assert ended == [("FAILED" if number in deadly else "PASSED", number) for number in range(30)]
    assert code == (1 if deadly else 0)
