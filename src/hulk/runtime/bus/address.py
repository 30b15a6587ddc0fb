"""Where a bus is, and how to be let in."""

import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from hulk.kernel.errors import Refused

Fsync: TypeAlias = Literal["lazy", "always", "unknown"]
"""When the server writes to disk: after the acknowledgement (every two minutes), before it, or as somebody else decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changing:
    """Credentials that may change: `now` gives user and password for the next connection, `renew` has them read anew after a refusal."""

    now: Callable[[], tuple[str, str]]
    renew: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An embedded server's address, or a cluster's from the settings. `changing` goes before `user` and `password`."""

    urls: Sequence[str]
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    changing: Changing | None = field(default=None, repr=False)
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    fsync: Fsync = "unknown"

    @property
    def credentials(self) -> tuple[str | None, str | None]:
        """User and password as they are now; None for what there is not."""
        user, password = self.changing.now() if self.changing else (self.user, self.password)
        return user or None, password or None


def encrypted(ca: Path | None, cert: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """How to speak TLS with servers whose certificates `ca` has signed (None: without TLS), showing our own when there is one.

    Raises `Refused` naming the files when they cannot be read or do not fit together."""
    if ca is None:
        return None
    try:
        context = ssl.create_default_context(cafile=str(ca))
        if cert is not None:
            context.load_cert_chain(str(cert), None if key is None else str(key))
    except OSError as error:  # ssl.SSLError is one
        files = ", ".join(str(path) for path in (ca, cert, key) if path is not None)
        reason = error.strerror or str(error)
        raise Refused("TLS to NATS cannot be set up from {files}: {reason} (nats.tls).", files=files, reason=reason) from error
    return context
