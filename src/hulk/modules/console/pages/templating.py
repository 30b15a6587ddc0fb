"""The templates, and how they write: in the reader's words, zone and theme. All that is filled in is escaped."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from hulk.kernel.text import Text, Voice
from hulk.kernel.time import utc_now
from hulk.modules.console.domain import ROOT, place_of, within
from hulk.modules.console.pages.payload import payload
from hulk.modules.console.pages.prose import prose
from hulk.modules.console.pages.static import address_of
from hulk.modules.console.pages.view import View, in_zone

FOLDER = Path(__file__).parents[1] / "templates"
_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
_SIGNS: Mapping[str, str] = {"BRL": "R$", "USD": "US$", "EUR": "€"}


def templates() -> Environment:
    """The console's templates. Each is given `view`."""
    made = Environment(
        loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, auto_reload=False
    )
    made.globals.update(t=_said, static=address_of, place_of=place_of, next_of=_next)
    made.filters.update(
        amount=_amount, sign=_sign, say=_spoken, moment=_moment, ago=_ago, duration=duration, number=_number, money=_money, size=_size,
        link=_link, word=_word, prose=prose, payload=payload,
    )  # fmt: skip
    return made


def _next(address: str) -> str:
    """Where somebody goes on who was at that address and logs in there."""
    path, _, query = address.partition("?")
    wanted = parse_qs(query).get("next", [""])[0] if path in (f"{ROOT}/login", f"{ROOT}/logout") else address
    return within(wanted)


def _view(context: Context) -> View:
    found = context["view"]
    assert isinstance(found, View)  # noqa: S101  # every template is given one
    return found


@pass_context
def _said(context: Context, msgid: str, /, **values: object) -> str:
    """`t("{count} runs", count=3)`: in the reader's words. The ids are found by `make messages`."""
    return _view(context).voice.say(Text(msgid, **values))


@pass_context
def _spoken(context: Context, text: Text) -> str:
    return _view(context).voice.say(text)


@pass_context
def _word(context: Context, value: object) -> str:
    """A state or a kind as the API has it (`needs_attention`), in the reader's words where they are known."""
    return _view(context).voice.say(WORDS.get(str(value), Text("{word}", word=str(value))))


@pass_context
def _moment(context: Context, value: str | datetime | None) -> str | Markup:
    """A time, in the reader's zone; the whole of it on pointing at it."""
    if not value:
        return Markup('<span class="none">–</span>')
    view, at = _view(context), _parsed(value)
    here = in_zone(at, view.zone)
    written = f"{view.voice.day(here.date())} {here:%H:%M:%S}"
    today = here.date() == utc_now().astimezone(view.zone).date()
    short = f"{here:%H:%M:%S}" if today else f"{view.voice.day(here.date())} {here:%H:%M}"
    return _time(at, f"{written} {here.tzinfo}", short)


@pass_context
def _ago(context: Context, value: str | datetime | None) -> str | Markup:
    """How long ago, or in how long, roughly; the time itself on pointing at it."""
    if not value:
        return Markup('<span class="none">–</span>')
    view, at = _view(context), _parsed(value)
    seconds = (utc_now() - at).total_seconds()
    about = _roughly(round(abs(seconds)))
    said = Text("{time} ago", time=about) if seconds >= 0 else Text("in {time}", time=about)
    here = in_zone(at, view.zone)
    return _time(at, f"{view.voice.day(here.date())} {here:%H:%M:%S} {here.tzinfo}", view.voice.say(said))


def _time(at: datetime, whole: str, short: str) -> Markup:
    """Escaped here: `Markup.format` costs a list of times ten times as much."""
    return Markup(f'<time datetime="{at.isoformat()}" title="{escape(whole)}">{escape(short)}</time>')  # noqa: S704


def _parsed(value: str | datetime) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


@pass_context
def duration(context: Context, value: float | timedelta | None) -> str:
    """Seconds as people say them: `850 ms`, `12,4 s`, `3 min 20 s`, `2 h 5 min`, `4 d 3 h`."""
    if value is None:
        return "–"
    voice, seconds = _view(context).voice, value.total_seconds() if isinstance(value, timedelta) else float(value)
    if seconds < 1:
        return f"{voice.number(seconds * 1000)} ms"
    if seconds < _MINUTE:
        return f"{voice.number(seconds, 1)} s"
    return _large(round(seconds))


def _large(seconds: int) -> str:
    if seconds < _HOUR:
        return f"{seconds // 60} min {seconds % 60} s"
    if seconds < _DAY:
        return f"{seconds // 3600} h {seconds % 3600 // 60} min"
    return f"{seconds // 86400} d {seconds % 86400 // 3600} h"


def _roughly(seconds: int) -> str:
    """In whole units, and no smaller one than tells something: `12 s`, `3 min`, `2 h 5 min`, `4 d 3 h`."""
    if seconds < _MINUTE:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < _HOUR else _large(seconds)


@pass_context
def _number(context: Context, value: float | str | None, digits: int = 0) -> str:
    return "–" if value is None else _view(context).voice.number(float(value), digits)


@pass_context
def _money(context: Context, value: Mapping[str, Any] | None) -> str:
    """`{"amount": "1234.5", "currency": "BRL"}` as `R$ 1.234,50`; small amounts with as many digits as tell something."""
    if not value:
        return "–"
    return money(_view(context).voice, Decimal(str(value["amount"])), str(value["currency"]))


@pass_context
def _amount(context: Context, value: str | Decimal | None, currency: str) -> str:
    """The same of an amount and its currency."""
    return "–" if value is None else money(_view(context).voice, Decimal(value), currency)


def _sign(currency: str) -> str:
    """What amounts in it begin with."""
    return _SIGNS.get(currency, currency)


def money(voice: Voice, amount: Decimal, currency: str) -> str:
    """An amount in the reader's format: `R$ 1.234,50` and `R$1,234.50`."""
    digits = 2 if amount == 0 or abs(amount) >= Decimal("0.01") else min(8, 1 - amount.adjusted())
    written = f"{amount:,.{digits}f}"
    sign = _SIGNS.get(currency, currency)
    return f"{sign} {written.translate(_MARKS)}" if voice.language == "pt" else f"{sign}{' ' if sign == currency else ''}{written}"


_MARKS = str.maketrans(",.", ".,")


@pass_context
def _size(context: Context, value: float | None) -> str:
    """Bytes, in units of 1000."""
    if value is None:
        return "–"
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{_view(context).voice.number(value, 0 if unit == 'B' else 1)} {unit}"
        value /= 1000
    raise AssertionError


def _link(value: str | None) -> str | Markup:
    """An id that leads to where it is shown."""
    if not value:
        return Markup('<span class="none">–</span>')
    place = place_of(value)
    if place is None:
        return Markup(f'<code class="id">{escape(value)}</code>')  # noqa: S704
    return Markup('<a class="id" href="{}">{}</a>').format(place, value)


WORDS: Mapping[str, Text] = {
    "accepted": Text("Accepted"), "held": Text("Held"), "pending": Text("Waiting for a worker"), "running": Text("Running"),
    "waiting": Text("Waiting"), "needs_attention": Text("Needs attention"), "completed": Text("Completed"), "failed": Text("Failed"),
    "cancelled": Text("Cancelled"), "open": Text("Open"), "blocked": Text("Blocked"), "skipped": Text("Skipped"), "leased": Text("Leased"),
    "ok": Text("Well"), "failing": Text("Failing"), "unattended": Text("Nobody looks after it"), "untried": Text("Not tried yet"),
    "closed": Text("Closed"), "half_open": Text("Half open"), "isolated": Text("Isolated"), "disabled": Text("Disabled"),
    "unknown": Text("Unknown"), "sent": Text("Sent"), "low": Text("Low"), "normal": Text("Normal"), "high": Text("High"),
    "dead": Text("Dead letter"), "paused": Text("Paused"), "cut_off": Text("Cut off"),
    "urgent": Text("Urgent"), "person": Text("Person"), "worker": Text("Worker"), "run": Text("Run"),
    "skill": Text("Skill"), "agent": Text("Agent"), "model": Text("Model"), "none": Text("Nobody"), "public": Text("Public"),
    "p0": Text("Must stay in the company"),
    "stopped": Text("Stopped"), "killed": Text("Ended at once"),
    "chat": Text("Answers"), "embeddings": Text("Vectors"),
    "models": Text("Models"), "prompts": Text("Prompts"), "policies": Text("Policies"),
    "ready": Text("Ready"), "done": Text("Done"), "rejected": Text("Rejected"), "repository": Text("Repository"),
    "sending": Text("On its way out"), "shown": Text("Says that it is worked on"),
    "withdrawn": Text("Withdrawn"), "hulk": Text("Hulk"), "message": Text("Message"),
    "read": Text("Only looks"), "write": Text("Changes something"), "destroy": Text("Removes something"),
    "uncertain": Text("Nobody knows"), "suggested": Text("Only suggested"),
    "suggest": Text("It only says what it would do"), "approve": Text("A person decides first"), "act": Text("It is done"),
    "set": Text("It is set"), "unset": Text("Not set yet"), "new": Text("New"), "unheard": Text("Not heard"),
    "known": Text("Not approved"), "changed": Text("Changed since it was approved"), "gone": Text("Not offered any more"),
    "approved": Text("Approved"), "settings": Text("The settings"), "own": Text("Made here"), "default": Text("As delivered"),
    "file": Text("File"), "env": Text("The environment"), "option": Text("The command line"),
    "viewer": Text("Viewer"), "operator": Text("Operator"), "approver": Text("Approver"), "admin": Text("Admin"),
    "created": Text("Created"), "started": Text("Started"), "reopened": Text("Opened again"),
    "inference": Text("Inference"), "evidence": Text("Evidence"), "decision": Text("Decision"), "tool_call": Text("Call of a tool"),
    "uri": Text("Address"), "ticket": Text("Ticket"), "memory": Text("Memory"), "contested": Text("Contested"),
    "in_doubt": Text("In doubt"), "fallen": Text("Fallen"), "supported": Text("Supported"),
    "refuted": Text("Refuted"), "undecided": Text("Undecided"),
    "commented": Text("Something was said"), "released": Text("What it waited for is done"), "overdue": Text("Overdue"),
    "asked": Text("It was asked"), "commanded": Text("It was obeyed"), "deleted": Text("It was taken back"),
    "edited": Text("It was changed"), "feedback": Text("It was judged"), "ignored": Text("Left alone"),
    "moved": Text("They have another number"), "opened": Text("They came in"), "overheard": Text("Heard, not meant for Hulk"),
    "pressed": Text("They decided"), "refused": Text("Refused"), "stale": Text("It came too late"),
    "fact": Text("Fact"), "preference": Text("Preference"), "episode": Text("Episode"), "procedure": Text("Procedure"),
    "opening": Text("Somebody came in"), "edit": Text("A message changed"), "deletion": Text("A message taken back"),
    "reaction": Text("Reaction"), "press": Text("A button pressed"), "receipt": Text("Receipt"), "move": Text("Another number"),
    "other": Text("Something else"),
    "bounded": Text("It has a deadline"), "heard": Text("Heard"),
    "expired": Text("Nobody decided in time"), "passed": Text("Passed"), "left out": Text("Left out"),
    "given_back": Text("Given back"), "lease_lost": Text("Its lease ran out"), "woken": Text("Its time has come"),
}  # fmt: skip
"""States and kinds of the API in people's words."""
