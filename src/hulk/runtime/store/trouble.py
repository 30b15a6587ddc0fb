"""What the databases' errors mean to whoever asked."""

import contextlib
import sqlite3
from collections.abc import Iterator
from typing import Self

from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, InternalError, OperationalError

from hulk.kernel.errors import Refused, Unavailable
from hulk.kernel.text import Text

BUGS = frozenset({sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISUSE, sqlite3.SQLITE_RANGE})
"""SQLite's primary result codes for a wrong statement, which its driver tells as "operational" (https://www.sqlite.org/rescode.html)."""
LIMIT = "54"
"""PostgreSQL's class of errors for a statement or value that is too large, also told as "operational"."""
COLLISION = frozenset({"40001", "40P01", "25P03"})
"""PostgreSQL's codes for a transaction that it ended in favour of another: serialisation failure, deadlock, silence for too long."""

UNWRITABLE = frozenset({"22021", "22P05"})
"""PostgreSQL's codes for a character that it has no place for; its driver, which looks first, gives none."""


class Trouble(Unavailable):
    """The database cannot do now what was asked."""

    def again(self) -> Self:
        """The same, to be raised at another place."""
        return type(self)(self.text, retry_after=self.retry_after)


class Full(Trouble):
    """There is no room for what was to be written; something smaller may fit."""


class Away(Trouble):
    """The database cannot be worked with at all, whatever the statement."""


class Collided(Away):
    """The database ended the transaction because of another's: the same again is right."""


class Dropped(Collided):
    """The connection was lost, and nothing of the transaction was committed. A pooled one may have been lost long ago: that shows
    when it is used, and asking it each time before would cost a way to the server and back."""


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Database trouble in words, and a text that no database takes; bugs (a wrong statement, a broken constraint) pass through."""
    try:
        yield
    except (DataError, UnicodeEncodeError) as error:
        if not _is_unwritable(error):
            raise
        raise Refused("A text holds a NUL or half of a UTF-16 pair, which nothing here does: send it without.") from error
    except (OperationalError, InterfaceError, InternalError) as error:
        if _is_bug(error):
            raise
        raise _meaning(error) from error


@contextlib.contextmanager
def committing() -> Iterator[None]:
    """A connection that is lost now leaves open whether the transaction is on disk: it is not to be tried again."""
    try:
        with translated():
            yield
    except Dropped as error:
        raise Away(error.text, retry_after=error.retry_after) from error


def _is_unwritable(error: DataError | UnicodeEncodeError) -> bool:
    """What PostgreSQL refuses, and the drivers of both. Those who asked were not kept from sending it."""
    if isinstance(error, UnicodeEncodeError):
        return True
    return getattr(error.orig, "sqlstate", None) in UNWRITABLE or "cannot contain NUL" in str(error.orig)


def _is_bug(error: DBAPIError) -> bool:
    if isinstance(error.orig, sqlite3.Error):
        code = getattr(error.orig, "sqlite_errorcode", None)
        return code is None or code & 0xFF in BUGS  # without a code the driver complains, not the database
    code = str(getattr(error.orig, "sqlstate", None) or "")
    return code.startswith(LIMIT) or (isinstance(error, InternalError) and code not in COLLISION)


def _meaning(error: DBAPIError) -> Trouble:
    reason = str(error.orig).strip().split("\n")[0]
    if getattr(error.orig, "sqlstate", None) in COLLISION:
        return Collided(Text("The database is too busy with others' changes: {reason}. Try again.", reason=reason), retry_after=1)
    if "disk is full" in reason or "No space left" in reason:
        return Full(Text("The disk is full: nothing was written. Free some space; Hulk goes on by itself."), retry_after=5)
    if "readonly" in reason:
        return Away(Text("The database cannot be written: {reason}. Check the rights of the data folder.", reason=reason))
    kind = Dropped if error.connection_invalidated else Away
    return kind(Text("The database is not available right now: {reason}.", reason=reason), retry_after=1)
