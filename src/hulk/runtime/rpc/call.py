"""What is known about a call: whose it is, in which voice it is answered, what stands in its metadata."""

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from hulk.kernel import ids
from hulk.kernel.tenancy import Principal
from hulk.kernel.text import Language, Voice
from hulk.runtime.http import sent_key
from hulk.runtime.language import negotiate, voice

_SANE = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_WANTED = frozenset({"authorization", "x-api-key", "accept-language", "x-request-id", "traceparent"})
_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Sent:
    """What came with a call besides its request."""

    key: str | None
    request_id: str
    traceparent: str | None
    voice: Voice


@dataclass(frozen=True, slots=True)
class Call:
    """A call that was let in. `key` is what its sender has proved itself with, None on loopback."""

    principal: Principal
    key: str | None
    request_id: str
    voice: Voice


def sent(metadata: Iterable[tuple[str, str | bytes]] | None, default: Language) -> Sent:
    """The metadata that means something to us. Of a key that is given twice the last counts."""
    found = {name: value for name, value in metadata or () if name in _WANTED and isinstance(value, str)}
    wanted = found.get("x-request-id", "")
    return Sent(
        key=sent_key(found.get("authorization"), found.get("x-api-key")),
        request_id=wanted if wanted and _SANE.fullmatch(wanted) else ids.new("req"),
        traceparent=found.get("traceparent"),
        voice=_voice(found.get("accept-language", "")[:_LONGEST], default),
    )


@functools.lru_cache(maxsize=256)
def _voice(accept_language: str, default: Language) -> Voice:
    return voice(negotiate(accept_language or None, default))


def host_of(peer: str) -> str:
    """`ipv4:127.0.0.1:40312` and `ipv6:%5B::1%5D:40312` as addresses; of another kind all of it."""
    kind, _, rest = peer.partition(":")
    if kind not in ("ipv4", "ipv6"):
        return peer
    host = rest.rpartition(":")[0]
    return host if kind == "ipv4" else unquote(host).strip("[]")
