"""What went wrong at a vendor's, by what the caller can do."""

import contextlib
import email.utils
import json
import math
import re
import time
from collections.abc import Iterator, Mapping

from hulk.kernel.errors import HulkError, Refused, TooLarge
from hulk.kernel.text import Text
from hulk.modules.router.adapters.vendors.dialect import Broken, Dialect, Interrupted, Unreached
from hulk.modules.router.domain.model import Limits, Model, Uncertain, Unsent

_LATER = frozenset({408, 409, 425, 429})
_PERHAPS_DONE = frozenset({502, 504, 522, 524})
"""A gateway lost what it had handed on: the model may have worked, and have to be paid for."""
_DAY = 86_400.0
_NUMBER = re.compile(r"\d+(\.\d+)?")
_CODE = re.compile(r"[a-zA-Z][a-zA-Z_.]{0,63}")


@contextlib.contextmanager
def reaching(model: Model) -> Iterator[None]:
    """What goes wrong in the block before there is a response, as errors of the port. Raises `Unsent` and `Uncertain`."""
    try:
        yield
    except Unreached as error:
        raise Unsent(
            "{model} cannot be reached at {url}: is it running, and is models.providers.url right?", model=model.name, url=model.url
        ) from error
    except Broken as error:
        raise _nonsense(model) from error


@contextlib.contextmanager
def reading(model: Model) -> Iterator[None]:
    """What goes wrong in the block that reads a response. Raises `Uncertain`."""
    try:
        yield
    except (Broken, Interrupted, ValueError, RecursionError):
        raise _nonsense(model) from None  # what a vendor sent may repeat what was asked, and causes are recorded in spans


def _nonsense(model: Model) -> Uncertain:
    return Uncertain(Text("{model} sent something that is no answer, or only a part of one.", model=model.name))


def slow(model: Model, seconds: float) -> Uncertain:
    """It took too long."""
    return Uncertain(Text("{model} did not answer within {seconds} seconds.", model=model.name, seconds=seconds))


def of_status(model: Model, status: int, headers: Mapping[str, str], body: bytes, dialect: Dialect) -> HulkError:
    """The error that a status other than 200 means."""
    if status in (401, 402, 403, 404, 413) or status < 400:
        return _refused(model, status)
    if status in _PERHAPS_DONE:
        return Uncertain(Text("{model} cannot answer right now ({status}).", model=model.name, status=status))
    if status in _LATER or status >= 500:
        limits = dialect.limits(headers)
        wait = _retry_after(headers, limits, status)
        after = _credible(dialect.retry_after(body) if wait is None else wait)
        return Unsent(Text("{model} cannot answer right now ({status}).", model=model.name, status=status), after, limits=limits)
    return Refused("{model} does not take this request ({status}).", model=model.name, status=_named(status, body))


def _refused(model: Model, status: int) -> Refused:
    if status == 402:
        return Refused("{model} is not answered for: the account with its provider has no credit left (402).", model=model.name)
    if status == 404:
        return Refused(
            "{url} does not know the model “{vendor}” or is no such API (404): check url and model of {model} in models.providers.",
            url=model.url,
            vendor=model.model,
            model=model.name,
        )
    if status == 413:
        return TooLarge("{model} does not take a request of this size (413): send less.", model=model.name)
    if status < 400:
        return Refused(
            "{url} answers with {status}, and is not followed: check url of {model}.", url=model.url, status=status, model=model.name
        )
    return Refused(
        "{model} refuses the key it was given ({status}): check api_key of that name in models.providers.", model=model.name, status=status
    )


def _named(status: int, body: bytes) -> str:
    """The status, with the vendor's own name for what is wrong; never its sentence, which may repeat what was asked."""
    try:
        error = json.loads(body)["error"]
        names = [error.get(key) for key in ("code", "type", "status")]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        names = []
    name = next((name for name in names if isinstance(name, str) and _CODE.fullmatch(name)), None)
    return f"{status}, {name}" if name else str(status)


def _credible(wait: float | None) -> float | None:
    """Seconds, between none and a day; what is no number is not said."""
    return None if wait is None or math.isnan(wait) else min(max(0.0, wait), _DAY)


def _retry_after(headers: Mapping[str, str], limits: Limits, status: int) -> float | None:
    """Seconds: of `retry-after-ms` (OpenAI), `retry-after` (RFC 9110, 10.2.3), else until the limit that is used up is whole again."""
    exact = _seconds(headers.get("retry-after-ms"))
    if exact is not None:
        return exact / 1000
    said = _seconds(headers.get("retry-after"))
    if said is not None:
        return said
    used = [(limits.requests, limits.requests_reset), (limits.tokens, limits.tokens_reset)]
    waits = [reset for left, reset in used if left == 0 and reset is not None]
    return max(waits) if waits and status == 429 else None


def _seconds(said: str | None) -> float | None:
    """A number or a date, as seconds from now; at most a day."""
    if said is None:
        return None
    try:
        wait = float(said) if _NUMBER.fullmatch(said.strip()) else email.utils.parsedate_to_datetime(said).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(0.0, wait), _DAY)
