"""Which statements an act sends to the store: its own alone, whatever else goes on in the process.

with watched():                       # before the stores are opened
    with noted() as statements:
        await act()
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any

import pytest
from sqlalchemy import Engine, event

from hulk.runtime.store import Store

_ASKED: ContextVar[list[str] | None] = ContextVar("asked", default=None)
"""Where the statements of what goes on here are noted, if they are."""
_THREAD = threading.local()
"""The same, for the store's threads, which know no context."""


@contextmanager
def noted() -> Iterator[list[str]]:
    """What is asked of the store in here, in its order; rows that are looked up for several at once are named by who looks them up."""
    found: list[str] = []
    token = _ASKED.set(found)
    try:
        yield found
    finally:
        _ASKED.reset(token)


@contextmanager
def watched() -> Iterator[None]:
    """Stores that are opened in here can be watched."""
    event.listen(Engine, "before_cursor_execute", _note)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Store, "read", _reading(Store.read))
            patch.setattr(Store, "look_up", _looking(Store.look_up))
            patch.setattr(Store, "commit", _committing(Store.commit))
            yield
    finally:
        event.remove(Engine, "before_cursor_execute", _note)


def _note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
    if (found := getattr(_THREAD, "asked", None)) is not None:
        found.append(statement)


def _noting(act: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same, its statements noted for whoever asks now."""
    asked = _ASKED.get()

    @wraps(act)
    def done(on: Any) -> Any:
        _THREAD.asked = asked
        try:
            return act(on)
        finally:
            _THREAD.asked = None

    return act if asked is None else done


def _reading(read: Callable[..., Any]) -> Callable[..., Any]:
    async def noting(store: Store, query: Any) -> Any:
        return await read(store, _noting(query))

    return noting


def _looking(look_up: Callable[..., Any]) -> Callable[..., Any]:
    async def noting(store: Store, query: Any, key: Any) -> Any:
        if (asked := _ASKED.get()) is not None:
            asked.append(f"look up {query.__module__}.{query.__qualname__}")
        return await look_up(store, query, key)

    return noting


def _committing(commit: Callable[..., Any]) -> Callable[..., Any]:
    async def noting(store: Store, *changes: Any) -> Any:
        return await commit(store, *(_noting(change) for change in changes))

    return noting
