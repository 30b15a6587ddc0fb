"""Speaking to whoever sits at the terminal: in their language, errors to standard error, exit codes that programs can use."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import NoReturn

from rich.console import Console

from hulk.kernel.errors import HulkError
from hulk.kernel.text import Language, Text, Voice
from hulk.kernel.time import iso
from hulk.runtime.language import voice

FAILED = 1
WRONG_USE = 2

out = Console(highlight=False, width=None if sys.stdout.isatty() else 240)
err = Console(stderr=True, highlight=False)


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


def leave(error: HulkError, code: int) -> NoReturn:
    """Say what went wrong and end the program."""
    err.print(f"[bold red]hulk:[/] {_plain(spoken(error.text))}", soft_wrap=True)
    sys.exit(code)


def _plain(text: str) -> str:
    """Without Rich's markup."""
    return text.replace("[", "\\[")


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
