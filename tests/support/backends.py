"""Asking a backend as the gateway does, without what stands around it."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import stamina

from hulk.kernel.errors import NotFound
from hulk.modules.tools.adapters.backends.acts import About
from hulk.modules.tools.domain import Output, Tool, Words
from hulk.modules.tools.ports import Backend, Calling

ABOUT = About(outside=False)
PATIENT = 20.0
HURRIED = 0.4


def calling(seconds: float = PATIENT, key: str = "key-1") -> Calling:
    """A call that may take so many seconds."""
    until = datetime.now(UTC) + timedelta(seconds=seconds)
    return Calling(id="call-1", key=key, tenant="acme", actor="maria", deadline=until, person="maria@example.com")


async def tool(backend: Backend, act: str) -> Tool:
    """Its tool of that name."""
    return next(one for one in await backend.tools() if one.name == f"{backend.name}.{act}")


async def ask(backend: Backend, act: str, /, *, seconds: float = PATIENT, key: str = "key-1", **arguments: Any) -> Output:
    """What it gives."""
    return await backend.call(await tool(backend, act), arguments, calling(seconds, key))


async def data(backend: Backend, act: str, /, **arguments: Any) -> Any:
    """What it gives, as data."""
    output = await ask(backend, act, **arguments)
    assert output.data is not None
    return output.data


def words(output: Output) -> str:
    """All text of an answer."""
    return "".join(piece.text for piece in output.pieces if isinstance(piece, Words))


async def until(read: Callable[[], Awaitable[Any]], wanted: Callable[[Any], object]) -> Any:
    """What `read` gives once it is as `wanted`, within 150 seconds."""
    async for attempt in stamina.retry_context(on=(AssertionError, NotFound), attempts=None, timeout=150.0, wait_max=2.0):
        with attempt:
            found = await read()
            assert wanted(found), found
            return found
    raise AssertionError("stamina gives at least one attempt")


@contextmanager
def without_waiting(attempts: int) -> Iterator[None]:
    """Whatever is tried again is so at once, and at most so often."""
    with stamina.set_testing(testing=True, attempts=attempts, cap=True):
        yield
