"""Which groups of digits may be which kind, and what must stand beside them. Tables; the check digits are `kernel.personal`'s.

The stronger the check digits and the more telling the marks, the less has to be said: a CPF with its dots and dash needs no word, nine
digits are an identity card's only when something says so.
"""

from collections import defaultdict
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from hulk.kernel import personal
from hulk.modules.router.domain.sensitivity.findings import Label

Need: TypeAlias = Literal["none", "no_business", "street"]
"""What must stand beside a number with right check digits: nothing, no word that names it an order's or the like, or an address."""
Shape: TypeAlias = tuple[int, ...]
"""The lengths of groups of digits."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind in one way of writing. `marks` are those between the groups, without white space, None for any; when the first is `(` or
    `+`, it stands before the number."""

    kind: Label
    valid: Callable[[str], bool]
    need: Need = "no_business"
    marks: tuple[str, ...] | None = None


def _any(digits: str) -> bool:
    return len(digits) > 0


def _mobile(digits: str) -> bool:
    return personal.is_mobile(digits[2:] if len(digits) == 13 and digits[:2] == "55" else digits.removeprefix("0"))


def _line(digits: str) -> bool:
    return personal.is_landline(digits[2:] if len(digits) == 12 and digits[:2] == "55" else digits.removeprefix("0"))


def _nine(digits: str) -> bool:
    return digits[0] == "9" and len(set(digits)) > 2


CPF, CNPJ, CNH = Rule("cpf", personal.is_cpf), Rule("cnpj", personal.is_cnpj), Rule("cnh", personal.is_cnh)
PIS, VOTER, CNS = Rule("pis", personal.is_pis), Rule("voter", personal.is_voter), Rule("cns", personal.is_cns)
CARD, MOBILE, LINE = Rule("card", personal.is_card), Rule("phone", _mobile), Rule("phone", _line)

_BY_SHAPE: Sequence[tuple[Sequence[Shape], Sequence[Rule]]] = (
    ([(3, 3, 3, 2)], [Rule("cpf", personal.is_cpf, "none", (".", ".", "-")), CPF, CNH]),
    ([(9, 2), (3, 3, 5), (3, 6, 2), (6, 3, 2)], [CPF]),
    ([(2, 3, 3, 4, 2)], [Rule("cnpj", personal.is_cnpj, "none", (".", ".", "/", "-")), CNPJ]),
    ([(8, 4, 2), (8, 6), (12, 2), (2, 3, 3, 6)], [CNPJ]),
    ([(3, 5, 2, 1)], [Rule("pis", personal.is_pis, "none", (".", ".", "-")), PIS]),
    ([(4, 4, 4)], [VOTER]),
    ([(3, 4, 4, 4)], [CNS]),
    ([(2, 3, 3, 1)], [Rule("rg", personal.is_rg, "no_business", (".", ".", "-"))]),
    ([(4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (8, 8), (4, 4, 4, 4, 3)], [CARD]),
    ([(2, 5, 4)], [Rule("phone", _mobile, "none", ("(", ")", "-")), MOBILE]),
    ([(2, 9), (2, 1, 4, 4), (2, 1, 8), (3, 5, 4), (3, 9), (3, 1, 4, 4)], [MOBILE]),
    ([(2, 2, 5, 4), (2, 2, 9), (2, 11), (4, 9), (4, 5, 4), (2, 2, 1, 4, 4), (13,)], [MOBILE]),
    ([(2, 4, 4)], [Rule("phone", _line, "none", ("(", ")", marks)) for marks in ("-", "", ".")]),
    ([(2, 4, 4)], [Rule("phone", _line, "no_business", marks) for marks in (("", "-"), ("-", "-"), (".", "."))]),
    ([(2, 8)], [Rule("phone", _line, "none", ("(", ")"))]),
    ([(3, 4, 4)], [Rule("phone", _line, "no_business", marks) for marks in ((")", "-"), (")", ""), ("", "-"))]),
    ([(2, 2, 4, 4), (2, 2, 8)], [Rule("phone", _line, "no_business")]),
    ([(5, 4)], [Rule("phone", _nine, "no_business", ("-",))]),
    ([(5, 3)], [Rule("address", _any, "street", ("-",))]),
    ([(2, 3, 3)], [Rule("address", _any, "street", (".", "-"))]),
    ([(8,)], [Rule("address", _any, "street")]),
    ([(11,)], [CPF, MOBILE, CNH, PIS]),
    ([(12,)], [VOTER]),
    ([(14,)], [CNPJ, CARD]),
    ([(15,)], [CARD, CNS]),
    ([(16,), (17,), (18,), (19,)], [CARD]),
)


def _table() -> Mapping[Shape, Sequence[Rule]]:
    table = defaultdict[Shape, list[Rule]](list)
    for shapes, rules in _BY_SHAPE:
        for shape in shapes:
            table[shape] += rules
    return dict(table)


BY_SHAPE = _table()
LONGEST_SHAPE = max(map(len, BY_SHAPE))
EVEN: Mapping[int, Sequence[Rule]] = {
    11: (CPF, MOBILE, CNH, PIS),
    12: (VOTER,),
    13: (MOBILE,),
    14: (CNPJ, CARD),
    15: (CARD, CNS),
    16: (CARD,),
}
"""Digit by digit, in pairs, or broken by the end of a line: by their number in all."""
WHOLE: Mapping[int, Sequence[Rule]] = {11: (CPF,), 14: (CNPJ,), 16: (CARD,)}
"""In groups of any lengths with the same mark throughout, when nothing else stands beside them."""

FREE = ("0800", "0300", "0500", "4004", "4003", "3003")


"""How numbers begin that are free of charge, or the same all over the country."""


def _reachable(digits: str) -> bool:
    """Not a company's number that is free of charge."""
    return not digits.startswith(FREE)


NAMED: Mapping[Label, tuple[Container[int], Callable[[str], bool]]] = {
    "cpf": ((11,), _any),
    "cnpj": ((8, 14), _any),
    "cnh": ((9, 10, 11), _any),
    "pis": ((11,), _any),
    "voter": ((12, 13), _any),
    "cns": ((15,), _any),
    "renavam": ((9, 10, 11), _any),
    "card": (range(13, 20), _any),
    "phone": (range(8, 14), _reachable),
    "rg": (range(6, 13), _any),
}
"""What a word beside a number makes it, by how many digits it has: also with wrong check digits, for a misprint tells as much."""
MOST_DIGITS = 19
