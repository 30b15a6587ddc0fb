"""What went wrong between us and a server, told as `Backend` tells it."""

from typing import Final

from hulk.kernel.errors import Conflict, HulkError, NotFound, Refused, Unavailable
from hulk.kernel.text import Text
from hulk.modules.tools.adapters.backends.mounted.hiding import Hiding
from hulk.modules.tools.ports import Uncertain

PARSE_ERROR: Final = -32700
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
HEADER_MISMATCH: Final = -32020
"""What a server answers instead of a result (JSON-RPC 2.0, section 5.1; MCP 2026-07-28)."""


def answered(code: int, message: str, hide: Hiding) -> HulkError:
    """The server's own answer that it did not do it, or that it failed."""
    said = hide.excerpt(message)
    if code == PARSE_ERROR:  # the SDK says so, and quotes what it could not read
        return Uncertain("it gave an answer that is none of MCP")
    if code == METHOD_NOT_FOUND:
        return NotFound("it does not know that: “{said}”", said=said)
    if code == INVALID_PARAMS:
        return Refused("it does not take this: “{said}”", said=said)
    if code == HEADER_MISMATCH:
        return Conflict("it says something else of the tool by now: “{said}”. Look it up again, then decide", said=said)
    return Uncertain("it failed: “{said}”", said=said)


def told(server: str, error: HulkError, *, reads: bool) -> HulkError:
    """An error below, with the server's name. What may have been done is `Uncertain`, but for what changes nothing: that may be asked
    again."""
    if isinstance(error, Uncertain) and not reads:
        return Uncertain("{server}: {why}. It may have been done or not: look there before you ask again.", server=server, why=error.text)
    if isinstance(error, Unavailable):
        return Unavailable("{server}: {why}.", server=server, why=error.text, retry_after=error.retry_after)
    return type(error)(Text("{server}: {why}.", server=server, why=error.text))
