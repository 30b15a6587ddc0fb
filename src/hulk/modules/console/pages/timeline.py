"""A run's timeline as a page draws it: each entry with its place and length in the time that is shown. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hulk.kernel.text import Text
from hulk.kernel.time import from_iso

WIDTH = 1000
"""Of the drawing, in its own units."""
_LEAST = 4.0
"""So much of it is seen of what took no time."""

KINDS: Mapping[str, Text] = {
    "begun": Text("Begun"), "let in": Text("Let in"), "step": Text("Step"), "wait": Text("Wait"), "sleep": Text("Sleep"),
    "children": Text("Children"), "failure": Text("Failure"), "undo": Text("Undone"), "try failed": Text("Try failed"),
    "signal": Text("Signal"), "child begun": Text("Child begun"), "child ended": Text("Child ended"), "cancelled": Text("Called off"),
    "replayed": Text("Replayed"), "forked": Text("Copied"), "discarded": Text("Discarded"), "now": Text("As it stands"),
    "ended": Text("Ended"),
}  # fmt: skip
_FIELDS = ("at", "kind", "name", "step", "seconds", "status", "problem", "due", "actor", "consumed")
"""Of an entry: the API leaves out what is not known of its kind."""
_BAD = frozenset({"failure", "try failed", "undo"})
_QUIET = frozenset({"wait", "sleep", "children"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An entry, whole, and where its bar begins and how long it is. `look` is how the bar is shown."""

    entry: Mapping[str, Any]
    kind: Text
    x: float
    width: float
    look: str


def rows_of(run: Mapping[str, Any], now: datetime) -> Sequence[Row]:
    """The entries of a run's timeline, to scale."""
    entries = run["timeline"]
    if not entries:
        return ()
    begin = min(_began(entry) for entry in entries)
    last = max(from_iso(entry["at"]) for entry in entries)
    end = max(last, now) if run["ended"] is None and run["later"] is None else last
    scale = WIDTH / max((end - begin).total_seconds(), 0.001)
    return [_row(_whole(entry, now), begin, scale) for entry in entries]


def _whole(entry: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
    """With all its fields; when it goes on only if that is to come."""
    whole = {name: entry.get(name) for name in _FIELDS}
    return whole if whole["due"] is None or from_iso(whole["due"]) > now else {**whole, "due": None}


def _row(entry: Mapping[str, Any], begin: datetime, scale: float) -> Row:
    x = (_began(entry) - begin).total_seconds() * scale
    width = max(_LEAST, _seconds(entry) * scale)
    return Row(entry=entry, kind=KINDS[entry["kind"]], x=round(min(x, WIDTH - width), 1), width=round(width, 1), look=_look(entry))


def _seconds(entry: Mapping[str, Any]) -> float:
    """How long its bar lasts: the end of a run is told with the seconds of the whole."""
    return 0.0 if entry["kind"] == "ended" else float(entry.get("seconds") or 0)


def _began(entry: Mapping[str, Any]) -> datetime:
    return from_iso(entry["at"]) - timedelta(seconds=_seconds(entry))


def _look(entry: Mapping[str, Any]) -> str:
    if entry["kind"] in _BAD or entry["status"] in ("failed", "needs_attention"):
        return "bad"
    return "quiet" if entry["kind"] in _QUIET else "moment" if entry["seconds"] is None else "done"


def causes(run: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The children that failed, of a run that did: they are why, as far as is known."""
    if run["problem"] is None:
        return ()
    return [one for one in run["timeline"] if one["kind"] == "child ended" and one.get("status") == "failed"][:5]


def pressing(run: Mapping[str, Any], now: datetime) -> Mapping[str, Any] | None:
    """The try that failed last, of a run that waits for the next one."""
    tries = [one for one in run["timeline"] if one["kind"] == "try failed" and "due" in one]
    return tries[-1] if tries and run["ended"] is None and from_iso(tries[-1]["due"]) > now else None
