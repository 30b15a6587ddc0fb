"""A whole prompt as one: every message, tool call, result, schema and name. What is split over two of its parts is found where they join.

classified_parts(parts_of(body))        # `body` as `POST /v1/chat/completions` takes it
classified_parts([Part("meu CPF é 529.982"), Part(".247-25")])
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from hulk.kernel.records import Json
from hulk.modules.router.domain.sensitivity.findings import Classified, Finding, Label, Sensitivity
from hulk.modules.router.domain.sensitivity.scan import MOST_CHARACTERS, Find, findings

SEAM, LONGEST_SEAM = 200, 1000
"""Characters on either side of a seam that are read as one, at least, and at most where a word is that long."""
_MARKS = 4
"""Signs before a number that tell what it is, as the bracket of `(11) 5436-1903` does."""
_SPACE = re.compile(r"\s")
_DEEPEST = 60


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a prompt. `text` is None for what cannot be read: an image, a recording, a file, something unknown; `who` said it."""

    text: str | None
    who: str = ""


UNREADABLE = Part(None)


def classified_parts(parts: Iterable[Part], given: Iterable[Sensitivity] = (), find: Find = findings) -> Classified:
    """Scan a prompt in all its parts. `given` are the labels of the channel, collections and tools that it came through: each can raise
    what the scan says, none can lower it. Never raises: what cannot be scanned is P0."""
    try:
        found = Classified.of(_labels(list(parts), find))
    except (ValueError, TypeError, RecursionError, MemoryError):
        found = Classified.of(["unreadable"])
    for one in given:
        found = found.raised(one)
    return found


def _labels(parts: Sequence[Part], find: Find) -> Iterator[Label]:
    texts = [part for part in parts if part.text]
    if sum(len(part.text or "") for part in texts) > MOST_CHARACTERS:
        yield "too_long"
        return
    if any(part.text is None for part in parts):
        yield "attachment"
    yield from (finding.kind for finding in find("\n".join(part.text or "" for part in texts)))
    yield from (finding.kind for finding in _at_seams([part.text or "" for part in texts], find))
    for said in _by_speaker(texts).values():
        if len(said) < len(texts):
            yield from (finding.kind for finding in _at_seams(said, find))


def _by_speaker(parts: Iterable[Part]) -> Mapping[str, list[str]]:
    speakers = defaultdict[str, list[str]](list)
    for part in parts:
        speakers[part.who].append(part.text or "")
    return speakers


def _at_seams(texts: Sequence[str], find: Find) -> Iterator[Finding]:
    """What stands over a seam, when the parts are read on without a gap."""
    before = ""
    for text in texts:
        head = text[: _reach(text)]
        if before:
            yield from (finding for finding in find(before + head) if _over(finding, len(before)))
        before = (before + text)[-LONGEST_SEAM:]
        before = before[len(before) - _reach(before[::-1]) :]


def _over(finding: Finding, seam: int) -> bool:
    """Whether it stands over the seam, or the word that names it may."""
    return finding.start - _MARKS < seam < finding.end or finding.why in ("named", "encoded")


def _reach(text: str) -> int:
    """How far a text is read from a seam on: to the end of the word there, since what is encoded is one word however long."""
    space = _SPACE.search(text, SEAM, LONGEST_SEAM)
    return space.start() if space else LONGEST_SEAM


def parts_of(body: Json) -> Iterator[Part]:
    """The parts of a request as it came over HTTP: messages in order, then all else that is sent along, names and keys too.

    In the content of a message, what is not text (by its `type`) cannot be read."""
    if not isinstance(body, Mapping):
        yield from _strings(body, "", 0)
        return
    messages = body.get("messages", body.get("input"))
    for message in messages if isinstance(messages, Sequence) and not isinstance(messages, str) else (messages,):
        yield from _message(message)
    for key, value in body.items():
        if key not in ("messages", "input"):
            yield from _strings(value, key, 0)


def _message(message: Json) -> Iterator[Part]:
    if not isinstance(message, Mapping):
        yield from _strings(message, "", 0)
        return
    who = str(message.get("role", ""))
    for piece in _content(message.get("content")):
        yield Part(piece.text, who)
    for key, value in message.items():
        if key not in ("role", "content"):
            yield from (Part(part.text, who) for part in _strings(value, key, 0))


def _content(content: Json) -> Iterator[Part]:
    if isinstance(content, Sequence) and not isinstance(content, str):
        for piece in content:
            if not isinstance(piece, Mapping):
                yield from _strings(piece, "", 0)
                continue
            if piece.get("type", "text") not in _READABLE:
                yield UNREADABLE
            yield from _strings({key: value for key, value in piece.items() if key != "type"}, "", 0)
    else:
        yield from _strings(content, "", 0)


_READABLE = (
    "text", "input_text", "output_text", "refusal", "tool_use", "tool_result", "tool_call", "function", "function_call",
    "function_call_output", "thinking", "reasoning",
)  # fmt: skip
"""Kinds of content whose fields are all the text that there is."""


def _strings(value: Json, name: str, depth: int) -> Iterator[Part]:
    """All text in a value. A number or word in a field is read with the field's name, which may say what it is."""
    if depth > _DEEPEST:
        yield UNREADABLE
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if isinstance(inner, Mapping | list | tuple):
                yield Part(str(key))
            yield from _strings(inner, str(key), depth + 1)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _strings(inner, name, depth + 1)
    elif value is not None and not isinstance(value, bool):
        yield _leaf(value, name)


def _leaf(value: Json, name: str) -> Part:
    if isinstance(value, str):
        return Part(f"{name}: {value}" if name and name not in _PLAIN else value)
    return Part(f"{name}: {json.dumps(value)}") if isinstance(value, int | float) else UNREADABLE


_PLAIN = frozenset(("text", "content", "input", "arguments", "name", "type", "role", "id"))
"""Fields whose names say nothing of their values."""
