"""P0: whether a text holds what must not leave the company. The whole text is scanned; when in doubt, it does.

What is found: CPF and CNPJ (also alphanumeric), cards, e-mail addresses, Brazilian and international telephone numbers, secrets.
Names, addresses and health are not found by rules. Check digits are those of `skills.personal`; what is looked for is wider here than
in a table's values there: a sentence that is taken for sensitive by mistake costs little, one that is not leaves the company.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from hulk.modules.skills import personal

Sensitivity: TypeAlias = Literal["public", "p0"]
Label: TypeAlias = Literal["cpf", "cnpj", "card", "email", "phone", "secret", "too_long", "unreadable"]
"""What kind of thing was found, never the thing."""

MOST_CHARACTERS = 1_000_000
"""A longer text is not scanned but taken for sensitive."""


@dataclass(frozen=True, slots=True)
class Classified:
    """The outcome of a scan; `labels` are sorted and empty exactly when it is public."""

    sensitivity: Sensitivity
    labels: tuple[Label, ...] = ()


def classified(text: str) -> Classified:
    """Scan a text. Never raises: what cannot be scanned is P0."""
    if len(text) > MOST_CHARACTERS:
        return Classified("p0", ("too_long",))
    try:
        labels = frozenset(_found(normalised(text)))
    except (ValueError, RecursionError, MemoryError):
        labels = frozenset[Label](("unreadable",))
    return Classified("p0" if labels else "public", tuple(sorted(labels)))


def normalised(text: str) -> str:
    """The text as it is scanned: compatibility forms made plain, invisible characters removed, every digit and dash made ASCII.

    Raises `ValueError` for what is no text (lone surrogates)."""
    text.encode("utf-8")
    return _NOT_ASCII.sub(lambda letter: _plain(letter[0]), unicodedata.normalize("NFKC", text))


def _plain(letter: str) -> str:
    category = unicodedata.category(letter)
    if category == "Cf" or letter in _INVISIBLE:
        return ""
    if category == "Nd":
        return str(unicodedata.digit(letter))
    return "-" if category == "Pd" else letter


_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0") | {
    chr(code) for code in (*range(0xFE00, 0xFE10), *range(0x180B, 0x180E))
}

# Written out in the usual groups, with anything usual between them; or digit by digit. Bare runs are found by _DIGITS.
_CPF = re.compile(r"(?<!\d)(?:\d{3}[ .\-/]{0,3}\d{3}[ .\-/]{0,3}\d{3}[ .\-/]{0,3}\d{2}|\d(?:[ .\-/]\d){10})(?!\d)")
_CNPJ = re.compile(
    r"(?<!\d)\d{2}[ .\-/]{0,3}\d{3}[ .\-/]{0,3}\d{3}[ .\-/]{0,3}\d{4}[ .\-/]{0,3}\d{2}(?!\d)"
    r"|(?<!\d)\d(?:[ .\-/]\d){13}(?!\d)"
    r"|(?<![A-Za-z0-9])[A-Za-z0-9]{2}[.\-/]?[A-Za-z0-9]{3}[.\-/]?[A-Za-z0-9]{3}[.\-/]?[A-Za-z0-9]{4}[.\-/]?\d{2}(?![A-Za-z0-9])"
)
_CARD = re.compile(
    r"(?<!\d)(?:\d{4}(?:[ .\-]{0,3}\d{4}){2}[ .\-]{0,3}\d{1,7}|\d{4}[ .\-]{0,3}\d{6}[ .\-]{0,3}\d{5}|\d(?:[ .\-]\d){12,18})(?!\d)"
)
_DIGITS = re.compile(r"\d{11,19}")
_EMAIL = re.compile(r"[\w.+%'-]{1,64}\s{0,2}(?:@|\(at\)|\[at\])\s{0,2}[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}", re.IGNORECASE)
_PHONE = re.compile(
    r"(?<![\w.,/-])(?:\+\d{1,3}[ .()-]{0,3}(?:\d[ .()-]{0,2}){7,12}\d"  # international
    r"|\(0?[1-9]{2}\)[ .-]{0,2}9?[ .]?\d{4}[ .-]{0,2}\d{4}"  # (11) 91234-5678
    r"|0?[1-9]{2}[ .-]{1,2}9[ .]?\d{4}[ .-]{0,2}\d{4}"  # 11 91234-5678
    r"|[1-9]{2}9\d{8}"  # 11912345678
    r"|9\d{4}-\d{4})(?![\w-])"  # 91234-5678
)
_NAMED = (
    r"(?:password|passwd|pwd|passphrase|senha|secret|segredo|token|api[ _-]?key"
    r"|chave[ _-]?(?:de[ _-]?)?(?:api|acesso)|access[ _-]?key)"
)
_SECRETS = tuple(
    re.compile(pattern, flags)
    for pattern, flags in (
        (r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY", 0),
        (r"(?<![A-Za-z0-9])(?:sk|pk|rk)[-_][A-Za-z0-9_-]{16,}", 0),  # OpenAI, Anthropic, Stripe
        (r"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,})", 0),
        (r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])", 0),
        (r"(?<![A-Za-z0-9])AIza[\w-]{30,}", 0),
        (r"(?<![A-Za-z0-9])xox[abeoprs]-[\w-]{10,}", 0),
        (r"(?<![A-Za-z0-9])(?:hf|npm|pypi|dop_v1|shpat)[_-][A-Za-z0-9_-]{20,}", 0),
        (r"(?<![A-Za-z0-9])hulk_[A-Za-z0-9_-]{16,}", 0),
        (r"(?<![A-Za-z0-9_-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*", 0),  # a JWT
        (r"\b(?:bearer|basic)\s+[A-Za-z0-9+/._~-]{16,}=*", re.IGNORECASE),
        (r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{1,100}:[^\s/@]{1,200}@", re.IGNORECASE),  # a password in an address
        (_NAMED + r"[\"']?\s{0,3}[=:]\s{0,3}[\"']?[^\s\"',;]{4,}", re.IGNORECASE),
        (_NAMED + r"\s{1,3}(?:é|is)\s{1,3}[\"']?(?=[^\s\d]*\d)[^\s\"',;]{4,}", re.IGNORECASE),
    )
)


def _found(text: str) -> Iterator[Label]:
    numbers = [hit[0] for hit in _DIGITS.finditer(text)]
    for label, pattern, valid in _CHECKED:
        if any(valid(_bare(hit)) for hit in _overlapping(pattern, text)) or any(valid(number) for number in numbers):
            yield label
    for label, plain in _PLAIN:
        if plain.search(text):
            yield label
    if any(secret.search(text) for secret in _SECRETS):
        yield "secret"


def _overlapping(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    """All hits, also those that begin inside another."""
    hit = pattern.search(text)
    while hit is not None:
        yield hit[0]
        hit = pattern.search(text, hit.start() + 1)


def _bare(text: str) -> str:
    return "".join(letter for letter in text.upper() if letter.isalnum())


_CHECKED: tuple[tuple[Label, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("cpf", _CPF, personal.is_cpf),
    ("cnpj", _CNPJ, personal.is_cnpj),
    ("card", _CARD, personal.is_card),
)
_PLAIN: tuple[tuple[Label, re.Pattern[str]], ...] = (("email", _EMAIL), ("phone", _PHONE))
