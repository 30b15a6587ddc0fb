"""Keeps the catalogues of what people read: `python tools/messages.py [--check] [--merge FILE.po …]`.

Finds every message id in src (the literal first argument of `Text` and of the errors, and of `t` in templates), updates the
Portuguese catalogue keeping its translations, and compiles it. `--merge` takes translations from other .po files first. `--check`
writes nothing and fails when a sentence is missing, fuzzy, stale or not compiled, or when its placeholders differ from the original's.
"""

import argparse
import ast
import io
import string
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment, nodes

ROOT = Path(__file__).parent.parent
SOURCES = ROOT / "src"
CATALOGUE = ROOT / "src/hulk/runtime/language/locales/pt_BR/LC_MESSAGES/hulk.po"
SPEAKERS = frozenset(
    {
        "Text",
        "KeyRefused",
        "Nobody",
        "Unfit",
        "Refused",
        "NotFound",
        "Unavailable",
        "Conflict",
        "Cancelled",
        "Forbidden",
        "Unauthenticated",
        "TooLarge",
        "Exhausted",
        "Expired",
        "LeaseLost",
        "TimedOut",
        "Tripped",
        "Uncertain",
        "Unreadable",
        "Unsent",
        "HulkError",
        "NeedsAttention",
        "_Poison",
        "_Unknown",
    }
)


@dataclass(frozen=True, slots=True)
class Message:
    """A message id as it stands in the source, and the names it is given values for (None: by `**values`)."""

    msgid: str
    file: str
    line: int
    given: frozenset[str] | None

    @property
    def unfilled(self) -> frozenset[str]:
        """Placeholders that no value is given for: they would fail when the sentence is said."""
        return frozenset() if self.given is None else placeholders(self.msgid) - self.given


def placeholders(sentence: str) -> frozenset[str]:
    """`{"count"}` of `{count} files`."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None)


def messages(sources: Path) -> Iterator[Message]:
    """All messages in the Python files and the templates under `sources`."""
    for file in sorted(sources.rglob("templates/*.html")):
        yield from _of_template(file.read_text("utf-8"), str(file.relative_to(sources.parent)))
    for file in sorted(sources.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and (found := _message(node, str(file.relative_to(sources.parent)))):
                yield found


def _message(call: ast.Call, file: str) -> Message | None:
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    first = call.args[0] if call.args else None
    if name not in SPEAKERS or not isinstance(first, ast.Constant) or not isinstance(first.value, str) or not first.value:
        return None
    names = [keyword.arg for keyword in call.keywords]
    template = name == "Text" and not names  # kept in a table and given its values later
    given = None if None in names or template else frozenset(name for name in names if name is not None)
    return Message(first.value, file, call.lineno, given)


def _of_template(source: str, file: str) -> Iterator[Message]:
    """What `t("…")` says in a Jinja template."""
    for call in Environment(autoescape=True).parse(source).find_all(nodes.Call):
        first = call.args[0] if call.args else None
        if isinstance(call.node, nodes.Name) and call.node.name == "t" and isinstance(first, nodes.Const):
            given = None if call.dyn_kwargs is not None else frozenset(keyword.key for keyword in call.kwargs)
            yield Message(first.value, file, call.lineno, given)


def updated(old: Catalog, found: Iterable[Message], others: Iterable[Catalog]) -> Catalog:
    """A catalogue of exactly the messages `found`, translated as in `old` or else in one of `others`."""
    catalogue = Catalog(
        locale="pt_BR", project="Hulk", version="1", fuzzy=False, creation_date=old.creation_date, revision_date=old.revision_date
    )
    for message in sorted(found, key=lambda it: (it.msgid, it.file, it.line)):
        known = next((it for source in (old, *others) if (it := source.get(message.msgid)) is not None and it.string), None)
        catalogue.add(message.msgid, known.string if known else "", flags=known.flags if known else ())
    return catalogue


def read(file: Path) -> Catalog:
    """The catalogue in `file`; an empty one when there is none. An entry without a header is taken too."""
    if not file.exists():
        return Catalog(locale="pt_BR")
    with file.open("rb") as stream:
        return read_po(stream, locale="pt_BR", charset="utf-8")


def complaints(catalogue: Catalog, found: Iterable[Message]) -> Iterator[str]:
    """What keeps the catalogue from being whole."""
    seen = {message.msgid for message in found}
    for message in found:
        if message.unfilled:
            yield f"{message.file}:{message.line}: no value for {{{', '.join(sorted(message.unfilled))}}} in: {message.msgid}"
    for msgid in sorted(seen):
        yield from _untranslated(catalogue, msgid)
    yield from (f"stale, nobody says it any more: {it.id}" for it in catalogue if it.id and it.id not in seen)


def _untranslated(catalogue: Catalog, msgid: str) -> Iterator[str]:
    entry = catalogue.get(msgid)
    if entry is None or not entry.string:
        yield f"missing translation: {msgid}"
    elif entry.fuzzy:
        yield f"fuzzy: {msgid}"
    elif placeholders(str(entry.string)) != placeholders(msgid):
        yield f"placeholders differ: {msgid} -> {entry.string}"


def compiled(catalogue: Catalog) -> bytes:
    """The catalogue as gettext reads it."""
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def check(catalogue: Catalog, found: list[Message]) -> list[str]:
    """All that is wrong with the catalogue as it lies on disk."""
    binary = CATALOGUE.with_suffix(".mo")
    wrong = list(complaints(catalogue, found))
    if not binary.exists() or binary.read_bytes() != compiled(catalogue):
        wrong.append("hulk.mo is not what hulk.po compiles to: run python tools/messages.py")
    return wrong


def write(catalogue: Catalog) -> None:
    """Write hulk.po and hulk.mo."""
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    with CATALOGUE.open("wb") as stream:
        write_po(stream, catalogue, width=0, omit_header=False, sort_output=True)
    CATALOGUE.with_suffix(".mo").write_bytes(compiled(catalogue))


def main(arguments: list[str] | None = None) -> int:
    """The command; gives its exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing, fail when something is not right")
    parser.add_argument("--merge", nargs="+", type=Path, default=[], metavar="FILE", help="take translations from these .po files")
    options = parser.parse_args(arguments)
    found = list(messages(SOURCES))
    if not options.check:
        write(updated(read(CATALOGUE), found, [read(file) for file in options.merge]))
    wrong = check(read(CATALOGUE), found)
    sys.stdout.write("".join(f"{line}\n" for line in wrong) or f"{len({it.msgid for it in found})} messages, all translated\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
