"""What a command in a sandbox sees and reaches: its programs, its folder, and nothing else. On the real thing."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.jails import a_shell, did, run, walled

SEEN = "ls -A / | tr '\\n' ' '; cat /etc/shadow /proc/1/environ 2>/dev/null; ls /root /home /run /var 2>/dev/null"


@walled
async def test_it_sees_programs_and_its_own_folder_and_nothing_else() -> None:
    found = await did(a_shell(), f"{SEEN}; id -u; hostname; pwd; ls -A")
    assert found["stdout"].split() == [
        *(one for one in ("bin", "dev", "etc", "lib", "lib32", "lib64", "libx32", "proc", "sbin", "tmp", "usr", "work")
          if one in found["stdout"].split()), "1000", "sandbox", "/work",
    ]  # fmt: skip


@walled
async def test_nothing_of_our_environment_our_files_or_our_processes_comes_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HULK_SECRET", "s3cr3t-value")
    (tmp_path / "hulk.db").write_text("data")
    names = "; ".join(f"cat /proc/{pid}/environ /proc/{pid}/cmdline" for pid in (os.getpid(), os.getppid(), 1))
    found = await did(a_shell(), f"env; cat {tmp_path}/hulk.db; {names}; ls -d /proc/[0-9]*; ls /proc/self/fd")
    said = found["stdout"] + found["stderr"]
    assert "s3cr3t" not in said
    assert "data\n" not in said
    assert str(os.getpid()) not in found["stdout"].split("/proc/")
    assert {line.split("=")[0] for line in found["stdout"].splitlines() if "=" in line} <= {
        "PATH", "HOME", "TMPDIR", "LANG", "USER", "TZ", "PWD", "SHLVL", "_", "OLDPWD",
    }  # fmt: skip
    assert len([one for one in found["stdout"].splitlines() if one.startswith("/proc/")]) <= 3


@walled
@pytest.mark.parametrize(
    "line",
    [
        pytest.param("echo x > /usr/x", id="programs"),
        pytest.param("echo x > /etc/passwd", id="etc"),
        pytest.param("mkdir /x", id="the root"),
        pytest.param("echo x > /data/reports/x", id="a folder that it may read"),
        pytest.param("rm /data/reports/r.txt", id="removing there"),
        pytest.param("chmod 777 /data/reports/r.txt", id="rights there"),
        pytest.param("mount -o remount,rw /data/reports", id="mounting anew"),
        pytest.param("mount -t tmpfs x /work", id="mounting"),
        pytest.param("unshare -r true", id="namespaces of its own"),
        pytest.param("unshare -Urm mount -o remount,rw /", id="a root of its own"),
        pytest.param("chroot /work", id="another root"),
        pytest.param("echo 0 > /proc/sys/kernel/randomize_va_space", id="the kernel's settings"),
        pytest.param("cat /proc/1/mem /proc/1/environ", id="the warden"),
        pytest.param("kill -9 1; kill -0 1 && exit 1", id="killing the warden"),
        pytest.param("su -c id", id="another user"),
        pytest.param("dmesg | grep .", id="the kernel's log"),
        pytest.param("mknod /work/sda b 8 0", id="devices"),
    ],
)
async def test_it_cannot(line: str, tmp_path: Path) -> None:
    (shown := tmp_path / "shown").mkdir()
    (report := shown / "r.txt").write_text("report")
    found = await did(a_shell(folders={"reports": shown}), line)
    assert found["exit"] != 0, found
    assert report.read_text() == "report"
    assert os.listdir(shown) == ["r.txt"]  # noqa: PTH208  # a name is all that is wanted


@walled
async def test_a_folder_is_read_where_it_is_shown_and_links_lead_nowhere_else(tmp_path: Path) -> None:
    shown, other = tmp_path / "shown", tmp_path / "other"
    for one in (shown, other):
        one.mkdir()
        (one / "r.txt").write_text(f"of {one.name}")
    (shown / "away").symlink_to(other / "r.txt")
    (shown / "up").symlink_to("../other")
    found = await did(a_shell(folders={"reports": shown}), "cat /data/reports/r.txt /data/reports/away /data/reports/up/r.txt; ls /data")
    assert found["stdout"] == "of shownreports\n"


@pytest.fixture
def listening() -> Iterator[int]:
    """A port on loopback at which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


TALK = "import socket; print(socket.create_connection(('127.0.0.1', {port}), 3).getpeername())"


@walled
async def test_it_has_no_network_unless_that_is_said(listening: int) -> None:
    code = TALK.format(port=listening)
    alone = await run(a_shell("python3"), "python3", "-c", code)
    connected = await run(a_shell("python3", network=True), "python3", "-c", code)
    assert alone.data is not None
    assert connected.data is not None
    assert alone.data["exit"] == 1
    assert "ConnectionRefused" in alone.data["stderr"]
    assert (connected.data["exit"], connected.data["stderr"]) == (0, "")
    outside = {(await shell.tools())[1].outside for shell in (a_shell(), a_shell(network=True))}
    assert outside == {False, True}, "what has a network leaves the company"


@walled
@pytest.mark.parametrize("family", ["AF_VSOCK", "AF_PACKET", "AF_ALG"])
async def test_no_socket_goes_round_the_network_namespace(family: str) -> None:
    code = f"import socket; socket.socket(socket.{family}, socket.SOCK_SEQPACKET if '{family}' == 'AF_ALG' else socket.SOCK_STREAM)"
    found = await run(a_shell("python3", network=True), "python3", "-c", code)
    assert found.data is not None
    assert "PermissionError" in found.data["stderr"]
