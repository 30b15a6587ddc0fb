"""Who Hulk is to a PostgreSQL server: a user and a password that may change while it runs."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection


@dataclass(frozen=True, slots=True)
class Credentials:
    """None is what the driver takes by itself, such as from ~/.pgpass."""

    user: str | None
    password: str | None = field(repr=False)


def credentials(url: str, password: str = "") -> Credentials:
    """Those of a URL, with `password` in place of the one there; none for what is no URL."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        return Credentials(None, password or None)
    return Credentials(parsed.username, password or (None if parsed.password is None else str(parsed.password)))


class Login:
    """The credentials in force. After a `change`, connections are made with the new ones, and those in the pool are replaced when they
    are next used. A server that does not take the new ones may not have heard of them yet: then the previous ones are tried.

    `renew` is called in a thread of the store, after a refusal, and may call `change` before it returns."""

    def __init__(self, first: Credentials, renew: Callable[[], None] = lambda: None) -> None:
        self._known: tuple[Credentials, ...] = (first,)
        self._renew = renew
        self._generation = 0
        self._changing = threading.Lock()

    def change(self, to: Credentials) -> None:
        """From now on these. From any thread."""
        with self._changing:
            if to != self._known[0]:
                self._known = (to, self._known[0])
                self._generation += 1

    def listen(self, engine: Engine) -> None:
        """Have the engine's connections made with these credentials."""
        event.listen(engine, "do_connect", self._connect)
        event.listen(engine, "checkout", self._replace_old)

    def _connect(self, dialect: Dialect, entry: ConnectionPoolEntry, arguments: list[Any], options: dict[str, Any]) -> DBAPIConnection:
        entry.info["login"] = self._generation
        tried = self._known[0]
        try:
            return dialect.connect(*arguments, **{**options, **_given(tried)})
        except dialect.loaded_dbapi.OperationalError as error:
            if not refused(error):
                raise
            self._renew()
            entry.info["login"] = self._generation
            return self._retried(dialect, arguments, options, tried, error)

    def _retried(
        self, dialect: Dialect, arguments: Sequence[Any], options: dict[str, Any], tried: Credentials, refusal: Exception
    ) -> DBAPIConnection:
        """With whatever else is known; raises the first refusal when none of it is taken."""
        for known in self._known:
            if known != tried:
                try:
                    return dialect.connect(*arguments, **{**options, **_given(known)})
                except dialect.loaded_dbapi.OperationalError as error:
                    if not refused(error):
                        raise
        raise refusal

    def _replace_old(self, _: DBAPIConnection, entry: ConnectionPoolEntry, __: PoolProxiedConnection) -> None:
        """The pool makes a new connection in place of one that was made before the last change."""
        if entry.info["login"] != self._generation:
            raise DisconnectionError("the credentials have changed")


def refused(error: Exception) -> bool:
    """Whether a server that wanted a password ended the attempt. The words of it are in the server's language."""
    connection = getattr(error, "pgconn", None)
    return connection is not None and bool(connection.used_password or connection.needs_password)


def _given(known: Credentials) -> dict[str, str]:
    return {name: value for name, value in (("user", known.user), ("password", known.password)) if value is not None}
