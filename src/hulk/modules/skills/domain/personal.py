"""Values that point at a person: how they are recognised, and how they are kept out of results and answers.

The check digits are those of `kernel.personal`.
"""

import re
from collections.abc import Iterable
from typing import Literal, TypeAlias, get_args

from hulk.kernel.personal import is_card, is_cnpj, is_cpf

Sort: TypeAlias = Literal["cpf", "cnpj", "email", "phone", "card"]
SORTS: tuple[Sort, ...] = get_args(Sort)
MASK = "***"

_EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_CPF = re.compile(r"(?<![\d.,-])(?:\d{3}\.\d{3}\.\d{3}-?\d{2}|\d{9}-?\d{2})(?![\d-])")
_CNPJ = re.compile(r"(?<![\w.,-])(?:[A-Z\d]{2}\.[A-Z\d]{3}\.[A-Z\d]{3}/[A-Z\d]{4}-\d{2}|[A-Z\d]{12}\d{2})(?![\w-])")
_CARD = re.compile(r"(?<![\d.,-])\d(?:[ -]?\d){12,18}(?![\d-])")
_PHONE = re.compile(
    r"(?<![\w.,/-])(?:\+\d{1,3}[ .-]?(?:\(?\d{2,3}\)?[ .-]?)?\d{4,5}[ .-]?\d{4}|\(0?\d{2}\) ?9?\d{4}[ -]?\d{4}|\d{2} 9\d{4}-\d{4})(?![\w-])"
)


def sort(value: str) -> Sort | None:
    """What kind of personal value `value` holds anywhere in it, or None. Numbers count only when their check digits are right."""
    if _EMAIL.search(value):
        return "email"
    if any(is_cpf(_bare(hit[0])) for hit in _CPF.finditer(value)):
        return "cpf"
    if any(is_cnpj(_bare(hit[0])) for hit in _CNPJ.finditer(value)):
        return "cnpj"
    if any(is_card(_bare(hit[0])) for hit in _CARD.finditer(value)):
        return "card"
    return "phone" if _PHONE.search(value) else None


def masked(value: str) -> str:
    """`value`, or `***` when it holds anything personal: nothing of such a value may be guessed from what is left."""
    return MASK if sort(value) else value


def found(values: Iterable[str]) -> Sort | None:
    """The kind of personal value that a column with such values holds, if any.

    E-mail addresses and written-out numbers (`111.444.777-35`) are certain, so a few are enough; bare digits may be
    right by chance (1 in 100 of eleven digits is a valid CPF), so most of the values must be.
    """
    values = list(values)
    sorts = [(kind, kind == "email" or not value.strip().isalnum()) for value in values if (kind := sort(value))]
    for kind in SORTS:
        certain = sum(1 for sort_, written in sorts if sort_ == kind and written)
        hits = sum(1 for sort_, _ in sorts if sort_ == kind)
        if certain >= max(2, 0.002 * len(values)) or (hits and hits >= 0.5 * len(values)):
            return kind
    return None


def _bare(text: str) -> str:
    return "".join(letter for letter in text if letter.isalnum())
