"""What comes back from a tool, made fit to be given on: capped, without secrets, scanned, and masked for who may not see all of it.

Tool output is the main way in which secrets and personal data reach a model outside, so all of it is looked at.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from hulk.kernel.records import Json
from hulk.modules.router import UNREADABLE, Classified, Label, Part, Unmaskable, Vault, classified_parts, masked
from hulk.modules.tools.domain.tool import Bytes, Link, Output, Piece, Question, Tool, Words

Way: TypeAlias = Callable[[str, str], str]
"""Makes another text of one, given the name of the field that it stands in."""
SECRET = "[secret]"  # noqa: S105  # what stands in the place of one
_SHORTEST_SECRET = 6
"""Characters below which a secret is no more than a word, and taking it out would spoil the text."""


def capped(output: Output, most: int) -> Output:
    """At most so many bytes of it, counted in UTF-8: texts are cut, other pieces and data that do not fit are left out, and it says so."""
    left, pieces, cut = most, list[Piece](), output.cut
    for piece in output.pieces:
        size = _size(piece)
        if size <= left:
            pieces.append(piece)
        elif isinstance(piece, Words) and left > 0:
            pieces.append(Words(piece.text.encode()[:left].decode(errors="ignore")))
        left = max(0, left - size)
    whole = sum(map(_size, output.pieces))
    data = output.data if output.data is None or len(_json(output.data)) <= most else None
    if whole > most or (data is None and output.data is not None):
        size = max(whole, 0 if output.data is None else len(_json(output.data)))
        cut = f"{cut} The answer has {size} bytes, of which at most {most} are given: ask for less.".strip()
    asks = output.asks if sum(len(_json(one.schema)) + len(one.message) for one in output.asks) + len(output.state) <= most else ()
    return replace(output, data=data, pieces=tuple(pieces), asks=asks, failed=output.failed or bool(output.asks), cut=cut)


def _size(piece: Piece) -> int:
    match piece:
        case Words(text):
            return len(text.encode())
        case Bytes(data):
            return len(data)
        case Link(uri, name):
            return len(uri.encode()) + len(name.encode())


def scrubbed(output: Output, secrets: Iterable[str]) -> Output:
    """Without the secrets that the tool was given, in case it tells them."""
    known = sorted({one for one in secrets if len(one) >= _SHORTEST_SECRET}, key=len, reverse=True)
    if not known:
        return output

    def plain(text: str) -> str:
        for secret in known:
            text = text.replace(secret, SECRET)
        return text

    return _mapped(output, lambda text, _: plain(text))


def parts_of_output(output: Output) -> Iterator[Part]:
    """All that somebody would read. What is no text cannot be read."""
    for piece in output.pieces:
        match piece:
            case Words(text):
                yield Part(text)
            case Bytes(name=name):
                yield UNREADABLE
                yield Part(name)
            case Link(uri, name):
                yield Part(f"{name}\n{uri}")
    yield from (Part(f"{name}: {value}" if name else str(value)) for name, value in _leaves(output.data, ""))
    yield from (Part(file.name) for file in output.files)
    for asked in output.asks:
        yield Part(asked.message)
        yield from (Part(f"{name}: {value}" if name else str(value)) for name, value in _leaves(asked.schema, ""))


def classified_output(output: Output, tool: Tool) -> Classified:
    """What it holds; what the tool and its sources are labelled with counts too."""
    return classified_parts(parts_of_output(output), [tool.data, output.label])


def classified_arguments(arguments: Mapping[str, Json]) -> Classified:
    """What a tool is about to be given."""
    return classified_parts(Part(f"{name}: {value}" if name else str(value)) for name, value in _leaves(arguments, ""))


@dataclass(frozen=True, slots=True)
class Withheld:
    """It holds what cannot be taken out of it; `labels` say what kinds of things."""

    labels: tuple[Label, ...]


def for_reader(output: Output, scan: Classified, *, sensitive: bool) -> Output | Withheld:
    """As somebody may see it: all of it if it is public or they may see what is sensitive, else with tokens in the places of the values."""
    if sensitive or scan.sensitivity == "public":
        return output
    if "labelled" in scan.labels:
        return Withheld(scan.labels)
    vault = Vault()
    try:
        shown = _mapped(output, lambda text, name: _masked(text, name, vault))
    except Unmaskable as error:
        return Withheld(error.labels)
    left = classified_parts(parts_of_output(shown))
    return shown if left.sensitivity == "public" else Withheld(left.labels)


def _masked(text: str, name: str, vault: Vault) -> str:
    """Masked with its name before it, which may say what it is."""
    before = f"{name}: " if name else ""
    found = masked(before + text, vault)
    if not found.startswith(before):
        raise Unmaskable(["unreadable"])
    return found[len(before) :]


def _mapped(output: Output, way: Way) -> Output:
    data = None if output.data is None else {str(key): _value(value, str(key), way) for key, value in output.data.items()}
    asks = tuple(_question(one, way) for one in output.asks)
    return replace(output, data=data, pieces=tuple(_piece(piece, way) for piece in output.pieces), asks=asks, cut=way(output.cut, ""))


def _question(asked: Question, way: Way) -> Question:
    schema = {name: _value(inner, name, way) for name, inner in asked.schema.items()}
    return replace(asked, message=way(asked.message, ""), schema=schema)


def _piece(piece: Piece, way: Way) -> Piece:
    match piece:
        case Words(text):
            return Words(way(text, ""))
        case Link(uri, name, kind):
            return Link(way(uri, ""), way(name, ""), kind)
        case Bytes():
            return piece


def _value(value: Json, name: str, way: Way) -> Json:
    match value:
        case str():
            return way(value, name)
        case bool() | None:
            return value
        case int() | float():
            plain = json.dumps(value)
            return value if (found := way(plain, name)) == plain else found
        case Mapping():
            return {way(str(key), ""): _value(inner, str(key), way) for key, inner in value.items()}
        case _:
            return [_value(inner, name, way) for inner in value]


def _leaves(value: Json, name: str) -> Iterator[tuple[str, Json]]:
    match value:
        case Mapping():
            for key, inner in value.items():
                if isinstance(inner, Mapping | list | tuple):
                    yield "", str(key)
                yield from _leaves(inner, str(key))
        case list() | tuple():
            for inner in value:
                yield from _leaves(inner, name)
        case bool() | None:
            return
        case _:
            yield name, value


def _json(data: Mapping[str, Json]) -> bytes:
    return json.dumps(data, ensure_ascii=False, default=str).encode()
