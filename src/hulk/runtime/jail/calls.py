"""System calls that Python has no words for, by the C library: namespaces(7), mount(2), mount_setattr(2), pivot_root(2), prctl(2)."""

import ctypes
import fcntl
import os
import socket
import struct

NEW_NAMESPACES = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000
"""CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID"""
NEW_NETWORK, NEW_MOUNTS = 0x40000000, 0x00020000
NOSUID, NODEV, NOEXEC = 2, 4, 8
_BIND, _RECURSIVE, _PRIVATE = 4096, 16384, 1 << 18
_ATTR_READ_ONLY, _ATTR_NOSUID, _ATTR_NODEV = 1, 2, 4
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_MOUNT_SETATTR = 442
"""The same number on all machines (since Linux 5.12)."""
_DETACH = 2
_PDEATHSIG, _DUMPABLE, _CAPBSET_DROP, _NO_NEW_PRIVS = 1, 4, 24, 38
_CAPABILITIES = 0x20080522
"""Version 3 of capset(2): effective, permitted and inheritable, in two halves."""
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _UP = 0x8913, 0x8914, 1
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}

_libc = ctypes.CDLL(None, use_errno=True)


class _MountAttr(ctypes.Structure):
    _fields_ = [("set", ctypes.c_uint64), ("clear", ctypes.c_uint64), ("propagation", ctypes.c_uint64), ("userns", ctypes.c_uint64)]


def _require(result: int, what: str) -> None:
    if result == -1:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")


def unshare(flags: int) -> None:
    """unshare(2)"""
    _require(_libc.unshare(flags), "unshare")


def mount(source: str, target: str, kind: str, flags: int, data: str) -> None:
    """A file system of its own."""
    _require(_libc.mount(source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), data.encode()), f"mount {kind}")


def alone() -> None:
    """From here on no mount is seen by others, and none of theirs here."""
    _require(_libc.mount(None, b"/", None, ctypes.c_ulong(_RECURSIVE | _PRIVATE), None), "make mounts private")


def shown(file: int, target: str, *, device: bool = False) -> None:
    """Let what is open as `file` be seen at `target`, all below it too, and be changed by nobody there."""
    source = f"/proc/self/fd/{file}".encode()
    _require(_libc.mount(source, target.encode(), None, ctypes.c_ulong(_BIND | _RECURSIVE), None), f"show {target}")
    attributes(target, _ATTR_NOSUID if device else _ATTR_READ_ONLY | _ATTR_NOSUID | _ATTR_NODEV, recursive=True)


def attributes(target: str, wanted: int = _ATTR_READ_ONLY, *, recursive: bool = False) -> None:
    """mount_setattr(2); of the mounts below, too, if `recursive`."""
    given, how = _MountAttr(wanted, 0, 0, 0), _AT_RECURSIVE if recursive else 0
    size = ctypes.c_size_t(ctypes.sizeof(given))
    _require(_libc.syscall(_MOUNT_SETATTR, _AT_FDCWD, target.encode(), how, ctypes.byref(given), size), f"protect {target}")


def root_here() -> None:
    """Have the working directory, which is a mount, for root, and nothing else (pivot_root(2), “pivot_root(".", ".")”)."""
    _require(_libc.syscall(_PIVOT_ROOT[os.uname().machine], b".", b"."), "pivot_root")
    _require(_libc.umount2(b".", _DETACH), "leave the old root")
    os.chdir("/")


def end_with_parent() -> None:
    """The kernel kills this process when its parent ends. It forgets that with each change of user: say it again after one."""
    _require(_libc.prctl(_PDEATHSIG, 9, 0, 0, 0), "prctl")


def dumpable(value: int) -> None:
    """Whether others of the same user may look into this process, and it may write its own maps."""
    _require(_libc.prctl(_DUMPABLE, value, 0, 0, 0), "prctl")


def powerless() -> None:
    """No capability from here on, and none to be had by any program."""
    for capability in range(64):
        if _libc.prctl(_CAPBSET_DROP, capability, 0, 0, 0) == -1:
            break
    _require(_libc.capset(struct.pack("Ii", _CAPABILITIES, 0), bytes(24)), "capset")
    _require(_libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")


def loopback_up() -> None:
    """A program may talk to itself."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        wanted = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(line, _SIOCGIFFLAGS, wanted))[1]
        fcntl.ioctl(line, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | _UP))
