"""Who a mail is from, proven: what the receiving server wrote into it says so. Pure rules.

Anybody can write anything behind From. The server that receives a mail checks SPF, DKIM and DMARC, and writes on top what it found
(Authentication-Results, RFC 8601), under a name of its own (`authserv`). Only the topmost such field counts, only if it has that name, and
only where all of it can be read in one way: senders choose parts of what stands there (the local part of an address), and put into it what
they wish stood there.

    dmarc=pass header.from=D            D is the domain behind From
    without DMARC, or dmarc=none:
    dkim=pass header.d=D                D is that domain, or one above it
    spf=pass smtp.mailfrom=x@D          the same
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from hulk.modules.channels.adapters.email.headers import Header, address_of, domain_of

_RESULT = re.compile(r"([a-z][a-z0-9-]*)(?:/\d+)?=([a-z]+)(?: (.*))?", re.IGNORECASE)
_SAFE = re.compile(r"[A-Za-z0-9+/=._@:-]*")
_MOST_RESULTS = 50
_LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class From:
    """Who it is from. `proven` says whether that is so; where it is not, `why` says why not, and the rest is what it claims."""

    address: str
    name: str = ""
    proven: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What one method found, and about what."""

    method: str
    result: str
    about: dict[str, str] = field(default_factory=dict)


def from_of(header: Header, authserv: str) -> From:
    """Who it is from."""
    values = header.all("from")
    found = address_of(values[0]) if len(values) == 1 else None
    if found is None:
        return From("", why="not exactly one address behind From")
    name, address = found
    why = _doubt(header, authserv, domain_of(address))
    return From(address, name, proven=not why, why=why)


def _doubt(header: Header, authserv: str, domain: str) -> str:
    """Why it is not proven that it is from there; empty when it is."""
    if not header.sound:
        return "its header is not well-formed"
    told = results_of(header.first("authentication-results"))
    if told is None:
        return "nothing that can be read says how it was checked"
    server, results = told
    if not authserv or server.lower() != authserv.lower():
        return "not our server says how it was checked"
    return _judged(results, domain)


def _judged(results: tuple[Result, ...], domain: str) -> str:
    policies = [one for one in results if one.method == "dmarc" and one.result != "none"]
    if policies:
        passed = all(one.result == "pass" and domain_of(one.about.get("header.from", "")) == domain for one in policies)
        return "" if passed else "DMARC did not pass"
    aligned = any(one.result == "pass" and _vouches(_checked(one), domain) for one in results)
    return "" if aligned else "neither DKIM nor SPF passed for its domain"


def _checked(result: Result) -> str:
    """The domain that a method passed for."""
    about = result.about
    if result.method == "dkim":
        return domain_of(about.get("header.d") or about.get("header.i", ""))
    return domain_of(about.get("smtp.mailfrom", "")) if result.method == "spf" else ""


def _vouches(checked: str, domain: str) -> bool:
    """Whether `checked` may speak for `domain`: it is that, or one above it, which could hand it out as it likes."""
    return "." in checked and (domain == checked or domain.endswith(f".{checked}"))


def results_of(value: str) -> tuple[str, tuple[Result, ...]] | None:
    """Which server speaks, and what it found; None for what can be read in more than one way."""
    plain = _without_comments(value) if len(value) <= _LONGEST else None
    if plain is None:
        return None
    server, *parts = (re.sub(r"\s*=\s*", "=", " ".join(part.split())) for part in plain.split(";"))
    name, _, version = server.partition(" ")
    if not name or version not in ("", "1") or len(parts) > _MOST_RESULTS:
        return None
    results = [_result(part) for part in parts if part]  # “none”, which says that nothing was checked, is no result
    return None if None in results else (name, tuple(one for one in results if one is not None))


def _result(part: str) -> Result | None:
    found = _RESULT.fullmatch(part)
    if found is None:
        return None
    about = dict[str, str]()
    for token in (found[3] or "").split():
        name, equals, value = token.partition("=")
        if not equals or about.setdefault(name.lower(), value) != value:
            return None
    return Result(found[1].lower(), found[2].lower(), about)


def _without_comments(value: str) -> str | None:
    """`value` without comments, quoted strings bare. None for quotes that could hide something: within comments, and around more than
    the letters of an address or a signature."""
    kept, depth, rest = list[str](), 0, iter(value)
    for char in rest:
        if char == "\\" or (depth and char == '"') or (char == ")" and not depth):
            return None
        if char == '"':
            quoted = _quoted(rest)
            if quoted is None:
                return None
            kept.append(quoted)
        elif char in "()":
            depth += 1 if char == "(" else -1
            kept.append(" ")
        elif not depth:
            kept.append(char)
    return None if depth else "".join(kept)


def _quoted(rest: Iterator[str]) -> str | None:
    found = list[str]()
    for char in rest:
        if char == '"':
            text = "".join(found)
            return text if _SAFE.fullmatch(text) else None
        found.append(char)
    return None
