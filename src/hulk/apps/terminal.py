"""Speaking to whoever sits at the terminal: in their language, errors to standard error, exit codes that programs can use."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Literal, NoReturn, TypeAlias

from hulk.kernel.errors import HulkError
from hulk.kernel.text import Language, Text, Voice
from hulk.kernel.time import iso
from hulk.runtime.language import voice

FAILED = 1
WRONG_USE = 2

Style: TypeAlias = Literal["plain", "bold", "dim", "good", "bad"]
_STYLES: Mapping[Style, str] = {"plain": "", "bold": "1", "dim": "2", "good": "1;32", "bad": "1;31"}
"""Select Graphic Rendition (ECMA-48, 8.3.117)."""


def language(environ: Mapping[str, str]) -> Language:
    """The language of the user's locale (POSIX: LC_ALL, LC_MESSAGES, LANG); Portuguese when it is neither that nor English."""
    name = next((environ[key] for key in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(key)), "")
    return "en" if name.lower().startswith("en") else "pt"


def speaker() -> Voice:
    """The voice for whoever sits here."""
    return voice(language(os.environ))


def spoken(text: Text) -> str:
    """A text in the words of whoever sits here."""
    return speaker().say(text)


def brief(moment: datetime | None) -> str | None:
    """A moment in a table: to the second, in UTC."""
    return None if moment is None else iso(moment)[:19] + "Z"


def announce(line: str, style: Style = "plain") -> None:
    """Say a line to whoever looks on, on standard error."""
    print(_painted(line, style), file=sys.stderr, flush=True)


def _painted(text: str, style: Style) -> str:
    """As it is said on standard error: where that is a terminal that can and NO_COLOR (https://no-color.org) does not say otherwise."""
    paints = _STYLES[style] and sys.stderr.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return f"\033[{_STYLES[style]}m{text}\033[0m" if paints else text


def leave(error: HulkError, code: int) -> NoReturn:
    """Say what went wrong and end the program."""
    announce(f"{_painted('hulk:', 'bad')} {spoken(error.text)}")
    sys.exit(code)


def _single(error: BaseException) -> Iterator[HulkError]:
    """The errors in groups of groups, one by one."""
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _single(one)
    elif isinstance(error, HulkError):
        yield error


def told(act: Callable[[], int], wrong_use: tuple[type[HulkError], ...]) -> NoReturn:
    """End the program with what `act` gives; an error is said, and ends it with 2 when the caller could have known better."""
    try:
        code = act()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = FAILED
    except KeyboardInterrupt:
        code = 130
    except (HulkError, ExceptionGroup) as error:
        known = next(_single(error), None)
        if known is None:
            raise
        leave(known, WRONG_USE if isinstance(known, wrong_use) else FAILED)
    sys.exit(code)
