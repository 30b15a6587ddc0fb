"""Which tests run where, and what becomes of them when a process dies (`support.scheduling`): a small suite, really run by three."""

import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.program import environment

OPTIONS = ("-p", "xdist", "-p", "no:cacheprovider", "-n", "3", "-v")
CONFTEST = """
from support.scheduling import Sharing

def pytest_xdist_make_scheduler(config):
    config.sharing = Sharing(len(config.option.tx), config.rootpath)
    return config.sharing

def pytest_terminal_summary(terminalreporter, config):
    for test in config.sharing.died:
        terminalreporter.line("died at " + test)
"""
SUITE = """
import os, signal
import pytest

@pytest.fixture(scope="{scope}")
def made():
    pass

@pytest.mark.parametrize("number", range(30))
def test_it(number, made):
    if number in {deadly} and (number != {once} or not os.path.exists("died")):
        open("died", "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
"""


@dataclass(frozen=True, slots=True)
class Told:
    """What a run of the suite in three processes said."""

    code: int
    ended: Mapping[int, str]
    processes: frozenset[str]
    died: tuple[str, ...]


def told(folder: Path, scope: str, deadly: set[int], once: int = -1) -> Told:
    """Of the suite whose tests share something of that scope, and of which those end their process, `once` the first time only. None is
    told of twice."""
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_it.py").write_text(SUITE.format(scope=scope, deadly=deadly or "()", once=once))
    env = environment(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", PYTEST_ADDOPTS="", PYTHONPATH=str(Path(__file__).parent))
    command = [sys.executable, "-m", "pytest", *OPTIONS, "--rootdir", str(folder), str(folder)]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    lines = re.findall(r"^\[(gw\d+)\] \[.+\] (PASSED|FAILED) .+\[(\d+)\]", done.stdout, re.MULTILINE)
    ended = {int(number): how for _, how, number in lines}
    assert len(ended) == len(lines), done.stdout
    died = re.findall(r"^died at (.+)$", done.stdout, re.MULTILINE)
    return Told(done.returncode, ended, frozenset(process for process, _, _ in lines), tuple(died))


@pytest.mark.parametrize(("scope", "processes"), [("function", 3), ("module", 1)])
def test_tests_go_to_all_processes_but_those_that_share_something_to_one(tmp_path: Path, scope: str, processes: int) -> None:
    found = told(tmp_path, scope, set())
    assert (found.code, found.ended) == (0, dict.fromkeys(range(30), "PASSED"))
    assert len(found.processes) == processes


@pytest.mark.parametrize(
    ("scope", "deadly"),
    [
        pytest.param("function", {15}, id="one in the middle"),
        pytest.param("function", {0, 1, 2, 9, 28, 29}, id="all processes, at the beginning and at the end"),
        pytest.param("module", {15, 16}, id="two of those that stay together"),
    ],
)
def test_a_test_that_ends_its_process_has_failed_and_all_others_run_once(tmp_path: Path, scope: str, deadly: set[int]) -> None:
    found = told(tmp_path, scope, deadly)
    assert found.ended == {number: "FAILED" if number in deadly else "PASSED" for number in range(30)}
    assert found.code == 1


def test_a_test_at_which_a_process_died_is_run_once_more_and_told(tmp_path: Path) -> None:
    found = told(tmp_path, "function", {15}, once=15)
    assert (found.code, found.ended) == (0, dict.fromkeys(range(30), "PASSED"))
    assert found.died == ("test_it.py::test_it[15]",)
