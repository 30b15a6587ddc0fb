"""E-mail addresses, also with the sign written out."""

import re
from collections.abc import Iterator

from hulk.modules.router.domain.sensitivity.numbers import Hit
from hulk.modules.router.domain.sensitivity.view import View

_SIGN = re.compile(r"@|[(\[{<] ?(?:at|arroba) ?[)\]}>]|(?<=\w) (?:arroba|at) (?=\w)")
_AT = re.compile("@")
_WRITTEN = ("arroba", "(at", "[at", "{at", "<at", "( at", "[ at", " at ")
"""How the sign begins where it is written out."""
_LOCAL = re.compile(r"[a-z0-9._%+'&~-]{1,64} {0,2}\Z")
_DOT = r"(?: ?[(\[{<]? ?(?:\.|(?<=[ (\[{<])(?:dot|ponto)(?=[ )\]}>])) ?[)\]}>]? ?)"
_HOST = re.compile(
    rf" {{0,2}}[a-z0-9][a-z0-9-]{{0,62}}(?:{_DOT}[a-z0-9-]{{1,63}}){{0,5}}?{_DOT}[a-z]{{2,24}}(?![a-z0-9])(?!{_DOT}[a-z0-9])"
)
_LITERAL = re.compile(r" {0,2}(?:\[?\d{1,3}(?:\.\d{1,3}){3}\]?)")
_NOBODY = ("git", "hg", "svn")
"""Before `@host:` in the address of a repository, these are nobody."""


def mails(view: View) -> Iterator[Hit]:
    """The addresses in a view. Cost: a bounded look to both sides of each sign."""
    signs = _SIGN if any(written in view.lower for written in _WRITTEN) else _AT
    for sign in signs.finditer(view.lower):
        local = _LOCAL.search(view.lower[max(0, sign.start() - 66) : sign.start()])
        host = _HOST.match(view.lower, sign.end()) or _LITERAL.match(view.lower, sign.end())
        if local is None or host is None or not any(letter.isalnum() for letter in local[0]):
            continue
        if sign[0] == "@" and local[0].endswith(" ") != host[0].startswith(" "):  # `x @decorated.by`
            continue
        start = sign.start() - len(local[0])
        if not _of_repository(view.lower, local[0].strip(), host.end()) and _meant(sign[0], host[0]):
            yield start, host.end(), "email", "known_form"


def _of_repository(text: str, local: str, end: int) -> bool:
    return local in _NOBODY and text[end : end + 1] in (":", "/")


def _meant(sign: str, host: str) -> bool:
    """Whether a sign that is a word is one: `arroba` always, ` at ` only before a host with a dot or ` dot `."""
    return sign.strip() != "at" or "." in host.strip().split(" ")[0] or " dot " in host
