"""Who may come in, and how often: one gate for all that a process serves, so that who guesses keys is slowed down everywhere."""

import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self, TypeAlias

from hulk.kernel.errors import Exhausted, Unauthenticated
from hulk.kernel.tenancy import Principal
from hulk.runtime.http.buckets import Buckets

Authenticate: TypeAlias = Callable[[str | None, str], Awaitable[Principal]]
"""Whose key this is (None: none was sent), asked from that host; raises `Unauthenticated`."""


@dataclass(frozen=True, slots=True)
class Gate:
    """`failures` counts wrong keys by host, `logins` what is asked by host to log in, `calls` what is asked by caller."""

    authenticate: Authenticate
    failures: Buckets
    logins: Buckets
    calls: Buckets

    @classmethod
    def of(cls, authenticate: Authenticate, rate: float, clock: Callable[[], float] = time.monotonic) -> Self:
        """Which lets each caller make `rate` calls a second, twice as many in a burst. `clock` gives seconds from any point on."""
        return cls(
            authenticate,
            failures=Buckets(rate=0.5, burst=20, clock=clock),
            logins=Buckets(rate=1, burst=30, clock=clock),
            calls=Buckets(rate=rate, burst=2 * rate, clock=clock),
        )

    async def admitted(self, key: str | None, host: str, authenticate: Authenticate | None = None) -> Principal:
        """Whose key it is, as `authenticate` finds out if that is not as always; raises `Unauthenticated`, or `Exhausted` after too many
        wrong keys."""
        with self.guessing(host):
            return await (authenticate or self.authenticate)(key, host)

    @contextmanager
    def guessing(self, host: str) -> Iterator[None]:
        """A try to come in from there: one that ends in `Unauthenticated` counts as a wrong key. Raises `Exhausted` after too many."""
        wait = self.failures.wait(host)
        if wait:
            raise Exhausted(
                "Too many wrong API keys came from {host}; wait {seconds} s.", retry_after=wait, host=host, seconds=round(wait) or 1
            )
        try:
            yield
        except Unauthenticated:
            self.failures.take(host)
            raise

    def logging_in(self, host: str) -> None:
        """One more who logs in from there; raises `Exhausted` telling when to come again."""
        wait = self.logins.take(host)
        if wait:
            raise Exhausted("Too many logins came from {host}; wait {seconds} s.", retry_after=wait, host=host, seconds=round(wait) or 1)

    def counted(self, caller: Principal) -> None:
        """One more of the caller's; raises `Exhausted` telling when to come again."""
        wait = self.calls.take(f"{caller.tenant}\0{caller.actor}")
        if wait:
            raise Exhausted(
                "More than {rate} requests per second (server.rate_limit): wait {seconds} s.",
                retry_after=wait,
                rate=f"{self.calls.rate:g}",
                seconds=f"{wait:.2f}",
            )


NO_KEY = "local"
"""What programs send that must send some key and have none: whoever asks on this machine, where that needs no key."""


def sent_key(authorization: str | None, api_key: str | None) -> str | None:
    """The key in `authorization: Bearer …`, else the one in `x-api-key: …`; None when there is neither, and for `NO_KEY`."""
    scheme, _, credentials = (authorization or "").partition(" ")
    key = credentials.strip() if scheme.lower() == "bearer" and credentials.strip() else api_key
    return None if key == NO_KEY else key
