"""What came of a skill, as a tool gives it: Markdown for people, results and follow-ups for programs, files as they were wanted."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from hulk.kernel.records import JsonObject
from hulk.kernel.text import Text, Voice, writable
from hulk.modules.skills import Did
from hulk.modules.tickets import NewArtefact
from hulk.modules.tools.domain import Bytes, File, Output, Words

Keep: TypeAlias = Callable[[Path], Awaitable[str]]
"""Keeps a file among those of whoever calls; gives the id of the blob, or nothing when it was not kept."""

MOST_RESULTS = 150_000
"""Bytes of the pieces' results, as JSON: the largest are left out of what is more."""
MOST_INLINE = 750_000
"""Bytes of a file that is given with the answer. What all of an answer may have is said by `tools.max_output`."""

_TEXT: JsonObject = {"type": "string"}
OUTPUT: JsonObject = {
    "type": "object",
    "additionalProperties": False,
    "required": ["markdown", "results", "artefacts", "follow_ups"],
    "properties": {
        "markdown": {"type": "string", "description": "The answer, for people."},
        "results": {
            "type": "object", "additionalProperties": {"type": "object"}, "description": "What each piece of the work found, by its key.",
        },
        "artefacts": {
            "type": "array",
            "description": "The files that were made. `blob`, where it was kept, can be given to other tools.",
            "items": {
                "type": "object", "additionalProperties": False, "required": ["name", "media_type", "size", "sha256"],
                "properties": {
                    "name": _TEXT, "media_type": _TEXT, "size": {"type": "integer", "minimum": 0}, "sha256": _TEXT, "blob": _TEXT,
                },
            },
        },
        "follow_ups": {
            "type": "array",
            "description": "Tickets that people should look at. They are not opened: that is for whoever calls to decide.",
            "items": {
                "type": "object", "additionalProperties": False, "required": ["kind", "title", "priority", "data"],
                "properties": {"kind": _TEXT, "title": _TEXT, "priority": _TEXT, "data": {"type": "object"}},
            },
        },
    },
}  # fmt: skip
"""JSON Schema of `Output.data`."""


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    media_type: str
    path: Path
    size: int
    sha256: str


async def given(did: Did, voice: Voice, *, inline: bool, keep: Keep | None) -> Output:
    """All of it. Files are looked at now, while they are there; `inline` gives their bytes, `keep` keeps them."""
    files = await asyncio.to_thread(lambda: [_seen(made) for made in did.artefacts])
    results, left_out = _fitting(did.results)
    large = [one for one in files if inline and one.size > MOST_INLINE]
    markdown = writable(did.answer.markdown)
    data = {
        "markdown": markdown,
        "results": results,
        "artefacts": [await _told(one, keep) for one in files],
        "follow_ups": [
            {"kind": one.kind, "title": voice.say(one.title), "priority": one.priority, "data": one.data} for one in did.answer.follow_ups
        ],
    }
    with_it = [Bytes(one.path.read_bytes(), one.media_type, one.name) for one in files if inline and one not in large]
    return Output(
        data=_clean(data), pieces=(Words(markdown), *with_it), cut=" ".join(_cuts(left_out, large, voice)), files=tuple(_kept(data))
    )


def _kept(data: Mapping[str, Any]) -> Iterator[File]:
    """Those that were kept."""
    for one in data["artefacts"]:
        if "blob" in one:
            yield File(name=one["name"], media_type=one["media_type"], blob=one["blob"], size=one["size"])


def _seen(made: NewArtefact) -> _File:
    with made.path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return _File(writable(made.name), made.media_type, made.path, made.path.stat().st_size, digest)


async def _told(one: _File, keep: Keep | None) -> JsonObject:
    told: JsonObject = {"name": one.name, "media_type": one.media_type, "size": one.size, "sha256": one.sha256}
    blob = "" if keep is None else await keep(one.path)
    return told | {"blob": blob} if blob else told


def _fitting(results: Mapping[str, JsonObject]) -> tuple[JsonObject, Sequence[str]]:
    """The results that fit, smallest first, and the keys of the others."""
    sizes = {key: len(json.dumps(result, default=str)) for key, result in results.items()}
    kept, left = set[str](), MOST_RESULTS
    for key in sorted(sizes, key=lambda one: sizes[one]):
        left -= sizes[key]
        kept |= {key} if left >= 0 else set()
    return {key: result for key, result in results.items() if key in kept}, [key for key in results if key not in kept]


def _cuts(left_out: Sequence[str], large: Iterable[_File], voice: Voice) -> Iterator[str]:
    if left_out:
        yield voice.say(Text("Too large to be given, and told in the Markdown only: {results}.", results=", ".join(left_out)))
    for one in large:
        yield voice.say(Text("{file} has {size} bytes, more than are given with an answer.", file=one.name, size=voice.number(one.size)))


def _clean(data: Mapping[str, Any]) -> JsonObject:
    """As JSON that can be sent: halves of UTF-16 pairs, which file names may have, become `�`."""
    cleaned: JsonObject = json.loads(writable(json.dumps(data, ensure_ascii=False, default=str)))
    return cleaned
