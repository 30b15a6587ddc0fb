"""Tests in a network of their own: nothing but this machine's loopback, and no route to anywhere.

    python -m support.apart tests/modules/router/test_router_guard.py …

Needs leave to make a network namespace (Linux, user namespaces): `permitted()` says whether there is.
"""

import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys

APART = "HULK_TEST_APART"
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 0x1
"""ioctl's of netdevice(7)."""


def permitted() -> bool:
    """Whether a network namespace can be made here."""
    tool = shutil.which("unshare")
    return tool is not None and subprocess.run([tool, "-rn", "true"], capture_output=True, check=False).returncode == 0


def passes(*arguments: str, **environment: str) -> str:
    """What pytest says of those arguments in a network of its own; raises `AssertionError` unless all tests pass."""
    command = ["unshare", "-rn", sys.executable, "-m", "support.apart", *arguments]
    here = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    around = {**here, APART: "1", "PYTHONPATH": os.pathsep.join(sys.path), **environment}
    done = subprocess.run(command, capture_output=True, text=True, env=around, check=False)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    return done.stdout


def loopback_up() -> None:
    """Switch on the only network there is: in a new namespace it is off."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        asked = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(one, _GET_FLAGS, asked))[1]
        fcntl.ioctl(one, _SET_FLAGS, struct.pack("16sh14x", b"lo", flags | _UP))


if __name__ == "__main__":
    import pytest

    loopback_up()
    sys.exit(pytest.main(sys.argv[1:]))
