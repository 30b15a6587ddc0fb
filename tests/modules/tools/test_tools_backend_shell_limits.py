"""What a command in a sandbox may take, and that nothing of it is left however it ends. On the real thing."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from support.backends import until, words
from support.jails import a_shell, did, processes, run, walled


@walled
@pytest.mark.parametrize(
    ("line", "given", "ended"),
    [
        pytest.param("while :; do :; done", {"seconds": 0.5}, "time", id="an endless loop"),
        pytest.param("trap '' TERM INT HUP; while :; do :; done", {"seconds": 0.5}, "time", id="one that hears no signal"),
        pytest.param("sleep 60", {"seconds": 0.5}, "time", id="one that sleeps"),
        pytest.param("while :; do :; done", {"cpu": 1}, "cpu", id="one that computes"),
        pytest.param("for i in 1 2 3; do (while :; do :; done) & done; wait", {"cpu": 1}, "cpu", id="three that compute"),
        pytest.param("setsid sh -c 'sleep 60' & exec sleep 60", {"seconds": 0.5}, "time", id="one with an orphan"),
    ],
)
async def test_what_goes_beyond_its_limits_is_ended(line: str, given: dict[str, Any], ended: str) -> None:
    output = await run(a_shell(**given), "sh", "-c", line)
    assert output.data is not None
    assert (output.data["exit"], output.data["ended"], output.failed) == (None, ended, True)
    assert output.data["seconds"] < 15
    assert "It was ended" in words(output)


_SHARING = """
import mmap, os, signal
for _ in range(4):
    if not os.fork():
        mmap.mmap(-1, 60 << 20).write(b"x" * (60 << 20))
        signal.pause()
signal.pause()
"""


@walled
async def test_memory_is_bounded_for_one_and_for_all_together() -> None:
    shell = a_shell("python3", memory=128 * 2**20)
    hog = await run(shell, "python3", "-c", "x = bytearray(500 * 2**20); print('had it')")
    many = await run(shell, "python3", "-c", _SHARING)
    assert hog.data is not None
    assert many.data is not None
    assert "MemoryError" in hog.data["stderr"]
    assert many.data["ended"] == "memory"


@walled
async def test_a_fork_bomb_stays_small() -> None:
    found = await did(a_shell(processes=20, seconds=2.0), "bomb() { bomb | bomb & }; bomb; sleep 1")
    assert "fork" in found["stderr"].lower() or found["ended"] == "time"
    counted = await run(a_shell("python3", processes=20), "python3", "-c", _COUNT)
    assert counted.data is not None
    assert int(counted.data["stdout"]) <= 20


_COUNT = """
import os, signal, time
made = 1
try:
    while True:
        if not os.fork():
            signal.pause()
        made += 1
except OSError:
    print(made)
"""


@walled
async def test_of_a_gigabyte_of_output_the_beginning_and_the_end_are_kept() -> None:
    output = await run(a_shell(output=1000), "sh", "-c", "echo begin; head -c 1000000000 /dev/zero | tr '\\0' x; echo; echo end")
    assert output.data is not None
    said = output.data["stdout"]
    assert said.startswith("begin\nxxx")
    assert said.endswith("x\nend\n")
    assert len(said) < 1100
    assert "999999" in said
    assert "standard output has 1000000011 bytes, of which 1000 are here" in output.cut


@walled
async def test_files_are_bounded_each_and_all_together() -> None:
    line = "head -c 9000000 /dev/zero > big; wc -c < big; for i in 1 2 3 4 5 6 7 8; do head -c 900000 /dev/zero > f$i; done"
    found = await did(
        a_shell(scratch=4 * 2**20, file_size=2**20), f"{line}; head -c 90000000 /dev/zero > /tmp/x; du -sk /work /tmp | cut -f1"
    )
    sizes = [int(one) for one in found["stdout"].split()]
    assert sizes[0] <= 2**20
    assert all(one <= 4096 for one in sizes[1:])
    assert "space" in found["stderr"]


@walled
async def test_nothing_that_it_started_is_left_and_no_file_of_it() -> None:
    mark = f"{os.getpid()}.4711"
    line = f"setsid sleep {mark} >/dev/null 2>&1 & (trap '' HUP; nohup sleep {mark} >/dev/null 2>&1 &) ; echo x > /tmp/{mark}; echo x > f"
    found = await did(a_shell(), line)
    assert found["exit"] == 0
    assert not any(mark in line for line in processes())
    assert not any(mark in name for name in os.listdir("/tmp"))  # noqa: PTH208  # a name is all that is wanted


def _running(mark: str) -> Callable[[], Awaitable[bool]]:
    async def running() -> bool:
        return any(f"sleep\0{mark}" in line for line in processes())

    return running


@walled
async def test_a_call_that_is_called_off_leaves_nothing() -> None:
    mark = f"{os.getpid()}.4712"
    task = asyncio.get_running_loop().create_task(did(a_shell(), f"setsid sleep {mark} & sleep {mark}"))
    await until(_running(mark), bool)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not any(f"sleep\0{mark}" in line for line in processes())


_PARENT = """
import asyncio, sys
sys.path[:0] = {path!r}
from support.backends import ask
from support.jails import a_shell
asyncio.run(ask(a_shell(), "run", seconds=60.0, argv=["sh", "-c", "setsid sleep {mark} & trap '' TERM; sleep {mark}"]))
"""


@walled
def test_when_hulk_is_killed_what_runs_is_gone_too() -> None:
    mark = f"{os.getpid()}.4713"
    with subprocess.Popen([sys.executable, "-c", _PARENT.format(path=sys.path, mark=mark)]) as parent:
        _until(lambda: any(f"sleep\0{mark}" in line for line in processes()))
        parent.send_signal(signal.SIGKILL)
    _until(lambda: not any(f"sleep\0{mark}" in line for line in processes()))


def _until(is_so: Any) -> None:
    while not is_so():  # the test's own limit of time ends it
        os.sched_yield()


@walled
async def test_several_run_at_once_and_none_sees_another() -> None:
    shell = a_shell()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(did(shell, f"echo {number} > mine; sleep 0.2; ls; cat mine")) for number in range(4)]
    assert [task.result()["stdout"] for task in tasks] == [f"mine\n{number}\n" for number in range(4)]
