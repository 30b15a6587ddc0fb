"""Addresses of data files (http and https) in what people write: where they end, what the file is called, what may be told of them.

"Perfil de https://example.com/vendas.csv?ano=2025, por loja"
 address: https://example.com/vendas.csv?ano=2025 · name: vendas.csv · shown: https://example.com/vendas.csv
"""

import re
from collections.abc import Iterator
from urllib.parse import unquote

from hulk.kernel.errors import Refused

LONGEST_NAME = 200


def is_address(written: str) -> bool:
    """Whether it begins as an http or https address does."""
    return _HTTP.match(written) is not None


def addresses(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, address) of each http or https address in the text, without the marks of the sentence around it.

    In quotes one may hold spaces, which are written as %20 then."""
    spaced = [match.span() for match in _SPACED.finditer(text)]
    yield from ((start, end, text[start:end].replace(" ", "%20")) for start, end in spaced)
    for match in _BARE.finditer(text):
        if not any(start <= match.start() < end for start, end in spaced):
            address = _trimmed(match[0])
            yield match.start(), match.start() + len(address), address


def address_name(address: str) -> str:
    """What the file at an address is called: the last part of its path, else its host."""
    parts = [part for part in shown_address(address, len(address)).split("://", 1)[-1].split("/") if part]
    name = unquote(parts[-1]) if parts else address
    plain = "".join(letter if letter.isprintable() and letter not in "/\\" else "_" for letter in name).strip()
    return plain[-LONGEST_NAME:] or "_"


def shown_address(address: str, most: int = 200) -> str:
    """What may be told of an address, in messages and the trail: no user, password, query or fragment, where secrets stand."""
    return re.split(r"[?#]", _USER.sub(r"\1", address, count=1))[0][:most]


def require_no_password(text: str) -> None:
    """Raises `Refused`, without repeating it, when an http or https address in the text holds a user name or password."""
    if _CREDENTIALS.search(text):
        raise Refused(
            "An address with a user name or password in it is not taken, so that it is kept nowhere: leave them out, "
            "or fetch the file yourself and send it with `hulk ask --file`."
        )


def no_repository_at(address: str) -> Refused:
    """What is said when a repository is given by its address."""
    return Refused(
        "“{address}” is an address, and repositories are not fetched: clone it, then name its folder or use `hulk ask --repo FOLDER`.",
        address=shown_address(address),
    )


def _trimmed(address: str) -> str:
    """Without the marks that end a sentence, and without a bracket that was opened before the address."""
    while address[-1] in ".,:;!?…*" or (address[-1] in ")]" and address.count(address[-1]) > address.count(_OPENING[address[-1]])):
        address = address[:-1]
    return address


_OPENING = {")": "(", "]": "["}
_OUTSIDE = r"\s\"“”«»‘’`'<>|\\^{}"
_HTTP = re.compile(r"https?://", re.IGNORECASE)
_BARE = re.compile(rf"(?<![\w+.-])https?://[\w\[](?:(?![,;]https?://)[^{_OUTSIDE}])*", re.IGNORECASE)
_SPACED = re.compile(
    r"(?<=[\"“«`'])https?://(?:(?!://)[^\"“”«»`'<>\n])*\.(?:csv|tsv|txt|parquet|pq|jsonl|ndjson|json)(?:\.(?:gz|zst))?(?=[\"”»`'])",
    re.IGNORECASE,
)
_AT = "@＠﹫"  # what browsers and NFKC take for an @
_USER = re.compile(rf"^([a-z][a-z0-9+.-]*://)[^/?#]*[{_AT}]", re.IGNORECASE)
_CREDENTIALS = re.compile(
    rf"https?://(?:[^\s/?#{_AT}]*[{_AT}]|[^\s/?#]+:(?!\d{{1,5}}(?:[/?#\s]|$))[^\s{_AT}]+[{_AT}])",  # the second: a password with a / in it
    re.IGNORECASE,
)
