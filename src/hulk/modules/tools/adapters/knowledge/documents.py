"""Files as texts: a title, and parts with the place where each stands."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hulk.kernel.errors import Refused
from hulk.modules.tools.adapters.knowledge import pdf
from hulk.modules.tools.adapters.knowledge.html import html_parts

LARGEST = 20_000_000
"""Bytes of a file that is read."""
PDF_SECONDS = 60.0
_HEADING = "#"


@dataclass(frozen=True, slots=True)
class Part:
    """Text that stands together."""

    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """A file that was read."""

    title: str
    parts: tuple[Part, ...]


def read(path: Path) -> Text:
    """Raises `Refused` with the reason when it cannot be."""
    try:
        if (size := path.stat().st_size) > LARGEST:
            raise Refused("it has {size} bytes; at most {most} are read", size=size, most=LARGEST)
        return KINDS[path.suffix.lower()](path)
    except OSError as error:
        raise Refused("it cannot be opened: {reason}", reason=error.strerror or type(error).__name__) from error


def _text(path: Path) -> str:
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    if "\0" in text:
        raise Refused("it is no text")
    return text


def _plain(path: Path) -> Text:
    return Text(path.stem, (Part("", _text(path)),))


def _markdown(path: Path) -> Text:
    parts = tuple(_sections(_text(path)))
    first = next((part.place.partition(" > ")[0] for part in parts if part.place), "")
    return Text(first or path.stem, tuple(Part(part.place.removeprefix(first).removeprefix(" > "), part.text) for part in parts))


def _sections(text: str) -> Iterator[Part]:
    """By its headings (“ATX headings”, https://spec.commonmark.org/0.31.2/#atx-headings); those in fenced code are none."""
    above, lines, fenced = dict[int, str](), list[str](), False
    for line in text.splitlines():
        fenced ^= line.lstrip().startswith(("```", "~~~"))
        level = len(line) - len(line.lstrip(_HEADING)) if line.startswith(_HEADING) and not fenced else 0
        if 1 <= level <= 6 and line[level : level + 1] in (" ", "\t"):
            yield Part(" > ".join(above.values()), "\n".join(lines))
            above = {**{deep: name for deep, name in above.items() if deep < level}, level: line[level:].strip(" #\t")}
            lines = []
        else:
            lines.append(line)
    yield Part(" > ".join(above.values()), "\n".join(lines))


def _html(path: Path) -> Text:
    title, parts = html_parts(_text(path))
    return Text(title or path.stem, tuple(Part(place, text) for place, text in parts))


def _pdf(path: Path) -> Text:
    """In a process of its own, with limits: a file made to be never read to its end keeps nobody else."""
    command = [sys.executable, "-I", pdf.__file__, str(path)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=PDF_SECONDS, check=False, stdin=subprocess.DEVNULL)
        found = json.loads(done.stdout) if done.returncode == 0 else {}
    except subprocess.TimeoutExpired as late:
        raise Refused("reading it took more than {seconds} seconds", seconds=round(PDF_SECONDS)) from late
    except ValueError as error:
        raise Refused("it cannot be read") from error
    if done.returncode == pdf.MISSING:
        raise Refused("PDF files are read where pypdf is installed (hulk-ops[tools])")
    if done.returncode:
        raise Refused("it is no PDF that can be read: {reason}", reason=done.stderr.decode(errors="replace").strip()[-200:])
    pages = [Part(f"p. {number}", text) for number, text in enumerate(found["pages"], 1)]
    if not any(page.text.strip() for page in pages):
        raise Refused("there is no text in it: is it a picture of one?")
    return Text(found["title"] or path.stem, tuple(pages))


KINDS: Mapping[str, Callable[[Path], Text]] = {
    ".md": _markdown, ".markdown": _markdown, ".txt": _plain, ".rst": _plain, ".html": _html, ".htm": _html, ".pdf": _pdf,
}  # fmt: skip
"""By the end of a file's name; others are no documents."""
