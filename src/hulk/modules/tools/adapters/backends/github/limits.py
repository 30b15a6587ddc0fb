"""How GitHub asks to be left alone, and how we heed it (“Rate limits for the REST API”, “Best practices for using the REST API”)."""

import time
from dataclasses import dataclass, field

from hulk.kernel.errors import HulkError, Unavailable
from hulk.modules.tools.adapters.backends.rest import Reply, at, seconds_of
from hulk.modules.tools.adapters.backends.rest.failures import retry_after

_SECONDARY = 60.0
"""“If the retry-after header is not present … wait for at least one minute.”"""
_TEXT = "GitHub asks to be left alone for a while: the limit of requests for this token is reached ({limit})."


@dataclass(slots=True)
class Pace:
    """Until when which of the limits is used up. A secondary limit is for all requests."""

    _until: dict[str, float] = field(default_factory=dict)

    def require(self, resource: str) -> None:
        """Raises `Unavailable` while it is used up: asking on may get the token banned."""
        now = time.monotonic()
        for limit in (resource, "secondary"):
            if (wait := self._until.get(limit, now) - now) > 0:
                raise Unavailable(_TEXT, retry_after=wait, limit=limit)

    def failure(self, reply: Reply) -> HulkError | None:
        """What a refusal by a limit means; `None` when it is none. GitHub answers with 403 or 429."""
        if reply.status not in (403, 429):
            return None
        if reply.headers.get("x-ratelimit-remaining") == "0":
            reset = reply.headers.get("x-ratelimit-reset", "")
            wait = seconds_of(float(reset) - time.time()) if reset.isdecimal() and len(reset) < 13 else None
            return self._rest(reply.headers.get("x-ratelimit-resource", "core"), wait or _SECONDARY)
        wait = retry_after(reply)
        if wait is not None or reply.status == 429 or "rate limit" in str(at(reply.data, "message")):
            return self._rest("secondary", wait if wait is not None else _SECONDARY)
        return None

    def _rest(self, limit: str, wait: float) -> HulkError:
        self._until = {limit[:40]: time.monotonic() + wait} | {name: till for name, till in self._until.items() if till > time.monotonic()}
        return Unavailable(_TEXT, retry_after=wait, limit=limit[:40])
