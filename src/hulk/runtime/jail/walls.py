"""The walls: a root of its own, in which there is little, and namespaces in which there is nobody else (user_namespaces(7)).

Whoever is root lets go of that first: between the walls even what is root there is nobody outside.
"""

import os
import socket
import stat
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from hulk.runtime.jail import calls
from hulk.runtime.jail.plan import WORK, Plan

NOBODY = 65534
SOMEBODY = 1000
"""Who the program is between the walls."""
NAME = "sandbox"
PROGRAMS = "/usr"
_TOPS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
"""Where programs and libraries are looked for; on most systems links into /usr."""
_ETC = (
    "alternatives", "ca-certificates", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "locale.alias", "localtime", "mime.types", "ssl/certs",
)  # fmt: skip
_ETC_OF_NETWORK = ("gai.conf", "resolv.conf", "services")
_DEVICES = ("null", "zero", "full", "random", "urandom")
_WRITTEN = {
    "etc/passwd": f"user:x:{SOMEBODY}:{SOMEBODY}::{WORK}:/bin/false\n",
    "etc/group": f"user:x:{SOMEBODY}:\n",
    "etc/hosts": f"127.0.0.1 localhost {NAME}\n::1 localhost\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}
_BASE = "/tmp"  # noqa: S108  # any folder that is there: something else is seen in its place, by this process alone
_ROOT_SIZE = "size=1m,nr_inodes=1k,mode=755"


@dataclass(frozen=True, slots=True)
class _Source:
    """What is open, to be seen at `target`."""

    file: int
    target: str
    folder: bool
    device: bool = False


def gathered(plan: Plan) -> Plan:
    """For root: the folders brought to where anybody can reach them, in mounts of our own. Whoever else it is goes on as who they are."""
    if os.geteuid() != 0 or not plan.folders:
        return plan
    calls.unshare(calls.NEW_MOUNTS)
    calls.alone()
    files = [os.open(place, os.O_PATH | os.O_CLOEXEC) for place, _ in plan.folders]
    calls.mount("gathered", _BASE, "tmpfs", calls.NOSUID | calls.NODEV, _ROOT_SIZE)
    moved = []
    for number, (file, (_, target)) in enumerate(zip(files, plan.folders, strict=True)):
        (place := Path(_BASE, str(number))).mkdir(mode=0o755)
        calls.shown(file, str(place))
        moved.append((str(place), target))
    return replace(plan, folders=tuple(moved))


def opened(plan: Plan) -> list[_Source]:
    """All that is to be seen, opened before something else is seen in its place. Raises `OSError`."""
    etc = (*_ETC, *(_ETC_OF_NETWORK if plan.network else ()))
    system = [PROGRAMS, *(f"/{top}" for top in _TOPS if not Path(f"/{top}").is_symlink()), *(f"/etc/{name}" for name in etc)]
    found = [_source(place, place.lstrip("/")) for place in system if Path(place).exists()]
    found += [_source(f"/dev/{name}", f"dev/{name}") for name in _DEVICES]
    return found + [_source(place, target.lstrip("/")) for place, target in plan.folders]


def _source(place: str, target: str) -> _Source:
    file = os.open(place, os.O_PATH | os.O_CLOEXEC)
    mode = os.fstat(file).st_mode
    return _Source(file, target, stat.S_ISDIR(mode), stat.S_ISCHR(mode))


def let_go(parent: int) -> None:
    """Be nobody, if this was root; and be watched by the kernel. Raises `ProcessLookupError` when the parent has ended before."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        calls.dumpable(1)
    calls.end_with_parent()
    if os.getppid() != parent:
        raise ProcessLookupError("the process that asked for it has ended")


def apart(plan: Plan) -> None:
    """Enter namespaces of our own: what is forked from here on is process 1 of them. Raises `OSError`."""
    user, group = os.geteuid(), os.getegid()
    calls.unshare(calls.NEW_NAMESPACES | (0 if plan.network else calls.NEW_NETWORK))
    for name, line in (("setgroups", "deny"), ("gid_map", f"{SOMEBODY} {group} 1"), ("uid_map", f"{SOMEBODY} {user} 1")):
        Path(f"/proc/self/{name}").write_text(line)
    calls.end_with_parent()


def inside(plan: Plan, sources: list[_Source]) -> None:
    """Build the root and go there: for process 1. Raises `OSError`."""
    calls.alone()
    calls.mount("root", _BASE, "tmpfs", calls.NOSUID | calls.NODEV, _ROOT_SIZE)
    os.chdir(_BASE)
    _furnished(plan, sources)
    calls.mount("proc", "proc", "proc", calls.NOSUID | calls.NODEV | calls.NOEXEC, "")
    calls.root_here()
    socket.sethostname(NAME)
    calls.attributes("/")
    Path("/proc/sys/user/max_user_namespaces").write_text("0")  # none within: each is a way to more of the kernel
    if not plan.network:
        calls.loopback_up()


def _furnished(plan: Plan, sources: list[_Source]) -> None:
    for top in _TOPS:
        with suppress(OSError):
            Path(top).symlink_to(Path(f"/{top}").readlink())
    for source in sources:
        _shown(source)
        os.close(source.file)
    for name, text in _WRITTEN.items():
        Path(name).write_text(text)
    Path("dev/fd").symlink_to("/proc/self/fd")
    room = f"size={plan.limits.scratch},nr_inodes=16k,mode=700"
    for place in (WORK.lstrip("/"), "tmp", "dev/shm"):
        Path(place).mkdir()
        calls.mount("scratch", place, "tmpfs", calls.NOSUID | calls.NODEV, room)
    Path("proc").mkdir()


def _shown(source: _Source) -> None:
    target = Path(source.target)
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.folder:
        target.mkdir(exist_ok=True)
    else:
        target.touch()
    calls.shown(source.file, source.target, device=source.device)
