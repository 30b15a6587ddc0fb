"""A TCP port on which nobody listens."""

import socket


def free_port() -> int:
    """One that was free just now on the loopback address."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
