"""System calls that nothing between the walls may make, as a program for seccomp(2).

Those with which kernels were broken out of, and those that walls do not hold: sockets of other families than Unix, IPv4, IPv6 and
netlink (AF_VSOCK talks to the machine below, whatever the network namespace), io_uring, which would open them all the same, new
namespaces, keys, tracing, and words put into somebody's terminal.
"""

import ctypes
import errno
import os
from dataclasses import dataclass

_LOAD, _EQUAL, _AT_LEAST, _ANY, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCH, _FIRST, _SECOND = 0, 4, 16, 24
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
_NEW = 0x7E020080
"""All CLONE_NEW… flags of clone(2)."""
_TERMINAL = (0x5412, 0x541C)
"""TIOCSTI, TIOCLINUX"""
_FAMILIES = (1, 2, 10, 16)
_X32 = 0x40000000


@dataclass(frozen=True, slots=True)
class _Machine:
    """Numbers of calls: `denied`, and those of which the arguments are looked at."""

    arch: int
    denied: tuple[int, ...]
    clone: int
    ioctl: int
    socket: int


_EVERYWHERE = (*range(425, 434), 442, 467)
"""io_uring_setup, _enter, _register; open_tree, move_mount, fsopen, fsconfig, fsmount, fspick; mount_setattr, open_tree_attr"""
_CLONE3 = 435
_MACHINES = {
    # add_key request_key keyctl · ptrace process_vm_readv writev kcmp · mount umount2 pivot_root chroot · unshare setns · bpf
    # perf_event_open userfaultfd · name_to_handle_at open_by_handle_at ·
    # kexec_load kexec_file_load init_module finit_module delete_module reboot ·
    # swapon swapoff acct quotactl syslog personality vhangup
    "x86_64": _Machine(
        0xC000003E,
        (*(248, 249, 250, 101, 310, 311, 312, 165, 166, 155, 161, 272, 308, 321, 298, 323, 303, 304, 246, 320, 175, 313, 176, 169),
         *(167, 168, 163, 179, 103, 135, 153, 154, 172, 173)),  # and modify_ldt iopl ioperm
        clone=56, ioctl=16, socket=41,
    ),
    "aarch64": _Machine(
        0xC00000B7,
        (*(217, 218, 219, 117, 270, 271, 272, 40, 39, 41, 51, 97, 268, 280, 241, 282, 264, 265, 104, 294, 105, 273, 106, 142),
         *(224, 225, 89, 60, 116, 92, 58)),
        clone=220, ioctl=29, socket=198,
    ),
}  # fmt: skip
MACHINES = tuple(_MACHINES)
"""What the filter is written for."""


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def filtered() -> None:
    """From here on, for this process and all that come of it. Raises `OSError`; needs no_new_privs."""
    code = _program(_MACHINES[os.uname().machine])
    program = _Program(len(code) // 8, code)
    if ctypes.CDLL(None, use_errno=True).prctl(22, 2, ctypes.byref(program), 0, 0) == -1:  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
        raise OSError(ctypes.get_errno(), "seccomp")


def _program(machine: _Machine) -> bytes:
    refused = _does(_RETURN, _ERROR | errno.EPERM)
    allowed = _does(_RETURN, _ALLOW)
    code = [_does(_LOAD, _ARCH), _does(_EQUAL, machine.arch, 1, 0), _does(_RETURN, _KILL), _does(_LOAD, _NUMBER)]
    code += [_does(_AT_LEAST, _X32, 0, 1), refused] if machine.arch == 0xC000003E else []
    for number in (*machine.denied, *_EVERYWHERE):
        code += [_does(_EQUAL, number, 0, 1), refused]
    # clone3 keeps its flags in memory, where a filter cannot look: the C library takes clone when there is none.
    code += [_does(_EQUAL, _CLONE3, 0, 1), _does(_RETURN, _ERROR | errno.ENOSYS)]
    code += _looked_at(machine.clone, _FIRST, [_does(_ANY, _NEW, 0, 1), refused, allowed])
    ways = [_does(_EQUAL, one, 1 - place, place) for place, one in enumerate(_TERMINAL)]
    code += _looked_at(machine.ioctl, _SECOND, [*ways, refused, allowed])
    families = [_does(_EQUAL, one, len(_FAMILIES) - place, 0) for place, one in enumerate(_FAMILIES)]
    code += _looked_at(machine.socket, _FIRST, [*families, refused, allowed])
    return b"".join([*code, allowed])


def _looked_at(number: int, argument: int, ways: list[bytes]) -> list[bytes]:
    """What becomes of the call of that number: `ways` with its argument (the lower half) at hand, to the end."""
    return [_does(_EQUAL, number, 0, len(ways) + 1), _does(_LOAD, argument), *ways]


def _does(what: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
    """One instruction (struct sock_filter); `then` and `otherwise` say how many to pass over."""
    return what.to_bytes(2, "little") + bytes((then, otherwise)) + value.to_bytes(4, "little")
