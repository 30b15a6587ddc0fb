"""What obstore says went wrong, in words for whoever asked. Its own text shows addresses and answers of the server: it is not told."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from hulk.kernel.errors import Conflict, Forbidden, HulkError, NotFound, Refused, Unavailable
from hulk.modules.tools.ports import Uncertain

_NOT_REACHED = ("connection refused", "dns error", "tcp connect error", "failed to lookup", "no route to host", "client error (connect)")


@contextlib.asynccontextmanager
async def told(what: str, seconds: float, *, writes: bool = False) -> AsyncIterator[None]:
    """Around an act on `what` (bucket and key) that may take so long. `writes`: something may have been done when no answer comes."""
    from obstore.exceptions import BaseError  # see S3

    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as late:
        late_words = "{object}: no answer came within {seconds} seconds."
        raise (Uncertain if writes else Unavailable)(late_words, object=what, seconds=round(seconds, 1)) from late
    except (BaseError, FileNotFoundError, PermissionError, OSError) as error:
        raise _explained(error, what, writes) from None


def _explained(error: Exception, what: str, writes: bool) -> HulkError:
    from obstore import exceptions  # see S3

    if isinstance(error, exceptions.NotFoundError | FileNotFoundError):
        return NotFound("There is no object {object}.", object=what)
    if isinstance(error, exceptions.AlreadyExistsError | exceptions.PreconditionError | FileExistsError):
        return Conflict("{object} is not as it was expected: look at it again.", object=what)
    if isinstance(error, exceptions.PermissionDeniedError | exceptions.UnauthenticatedError | PermissionError):
        return Forbidden("The store does not allow it to Hulk's account: {object}.", object=what)
    if isinstance(error, exceptions.InvalidPathError | exceptions.NotSupportedError):
        return Refused("The store cannot do that with {object}.", object=what)
    if writes and not any(reason in str(error).lower() for reason in _NOT_REACHED):
        return Uncertain(
            "The store gave no clear answer: {object} may have been changed, or not. Look at it before asking again.", object=what
        )
    return Unavailable("The store cannot be asked now: {object}.", object=what)
