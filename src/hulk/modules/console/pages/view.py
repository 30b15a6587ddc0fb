"""How somebody looks at pages: who they are, their language, theme and time zone, each kept in a cookie."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias, get_args
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from starlette.requests import Request
from starlette.types import Scope

from hulk.kernel.tenancy import Principal
from hulk.kernel.text import LANGUAGES, Language, Voice
from hulk.runtime.http import state, voice_of
from hulk.runtime.language import voice

Theme: TypeAlias = Literal["auto", "light", "dark"]
THEMES: tuple[Theme, ...] = get_args(Theme)
LANGUAGE_COOKIE, THEME_COOKIE, ZONE_COOKIE = "hulk-language", "hulk-theme", "hulk-zone"
PREFERENCE_SECONDS = 365 * 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One look at a page. `partial` is whether only what is in the page changes, `caller` None where nobody has been let in."""

    caller: Principal | None
    voice: Voice
    theme: Theme
    zone: ZoneInfo
    chosen: bool
    """Whether the zone is the person's own, not that of the settings."""
    address: str
    back: str
    """Where they are led who want to see it otherwise: what answers a form cannot be asked for, the page that had the form can."""
    partial: bool
    session: bool
    """Whether they have logged in, and can log out."""


def view_of(scope: Scope, zone: ZoneInfo) -> View:
    """How they look at that page; in `zone` until their browser has told theirs."""
    request = Request(scope)
    kept = _zone(request.cookies.get(ZONE_COOKIE, ""))
    caller = state(scope).get("principal")
    address = _path(scope) + (f"?{request.url.query}" if request.url.query else "")
    return View(
        caller=caller if isinstance(caller, Principal) else None,
        voice=_voice(request.cookies.get(LANGUAGE_COOKIE), scope),
        theme=_theme(request.cookies.get(THEME_COOKIE)),
        zone=kept or zone,
        chosen=kept is not None,
        address=address,
        back=address if request.method == "GET" else _sent_from(request),
        partial=request.headers.get("hx-request") == "true",
        session=bool(state(scope).get("session")),
    )


def _path(scope: Scope) -> str:
    """As it was asked for: an id in it may hold what a path is made of, which is written otherwise there (`%2F`)."""
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    return raw.decode("latin-1")


def in_zone(at: datetime, zone: ZoneInfo) -> datetime:
    """That moment there; as it is where the last day of the calendar is another year's there, which nothing can tell."""
    try:
        return at.astimezone(zone)
    except OverflowError:
        return at


def _sent_from(request: Request) -> str:
    """The page of ours that had the form; empty when none is known."""
    host, _, place = request.headers.get("referer", "").partition("://")[2].partition("/")
    return f"/{place}" if host and host == request.headers.get("host") else ""


def _voice(kept: str | None, scope: Scope) -> Voice:
    language: Language | None = next((one for one in LANGUAGES if one == kept), None)
    return voice(language) if language else voice_of(scope)


def _theme(kept: str | None) -> Theme:
    return next((one for one in THEMES if one == kept), "auto")


def _zone(kept: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(kept) if kept and len(kept) < 64 else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
