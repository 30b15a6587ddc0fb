"""The numbers that Brazilian offices and card networks give, by their check digits. Pure rules; no rule raises, whatever the text.

Each takes bare digits (letters where said) and says whether the check digits are right. A right check digit is no proof: one in 11 or
one in 100 of random numbers has one, so who calls decides by what stands beside it.
"""

from collections.abc import Iterable


def is_cpf(text: str) -> bool:
    """Eleven digits, the last two modulo 11 with weights 10..2 and 11..2; not all the same (Receita Federal)."""
    return _digits(text, 11) and _two_modulo_11(_values(text), range(11, 1, -1))


def is_cnpj(text: str) -> bool:
    """Fourteen letters or digits, the last two digits; not all the same.

    Since July 2026 the first twelve may be A-Z too: a character's value is its ASCII code less 48, the rest as before, modulo 11 with
    weights 5..2, 9..2 (Receita Federal, Instrução Normativa RFB 2.229/2024)."""
    if len(text) != 14 or not text.isascii() or not text.isalnum() or not text[12:].isdecimal() or len(set(text)) == 1:
        return False
    return _two_modulo_11(_values(text), (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2))


def is_cnh(text: str) -> bool:
    """Eleven digits of a driver's licence: sums with weights 9..1 and 1..9, modulo 11, ten counting as nought, and then two less for
    the second (Denatran, as in validate-docbr); not all the same."""
    if not _digits(text, 11):
        return False
    values = _values(text)
    first = _sum(values, range(9, 0, -1)) % 11
    second = (_sum(values, range(1, 10)) % 11 - (2 if first == 10 else 0)) % 11
    return (first % 10, second % 10) == (values[9], values[10])


def is_pis(text: str) -> bool:
    """Eleven digits of PIS, PASEP, NIS or NIT: the last modulo 11 with weights 3, 2, 9..2 (Caixa, leiaute do eSocial); not all the same."""
    return _digits(text, 11) and _modulo_11(_values(text)[:10], (3, 2, 9, 8, 7, 6, 5, 4, 3, 2)) == int(text[10])


def is_renavam(text: str) -> bool:
    """Eleven digits of a vehicle's register, older ones with noughts in front: the same rule as a PIS (Denatran)."""
    return is_pis(text)


def is_voter(text: str) -> bool:
    """Twelve digits of a título de eleitor: eight, the state (01 to 28), two modulo 11 with weights 2..9 and 7..9 (TSE, Resolução
    23.659/2021, article 36). In São Paulo and Minas Gerais (01, 02) older ones have 1 where the sum's rest is nought."""
    if not _digits(text, 12) or not 1 <= int(text[8:10]) <= 28:
        return False
    values = _values(text)
    return any(_voter_ends(values, nought) for nought in ((0, 1) if text[8:10] in ("01", "02") else (0,)))


def _voter_ends(values: list[int], nought: int) -> bool:
    first = {10: 0, 0: nought}.get(_sum(values, range(2, 10)) % 11, _sum(values, range(2, 10)) % 11)
    rest = _sum([*values[8:10], first], range(7, 10)) % 11
    return (first, {10: 0, 0: nought}.get(rest, rest)) == (values[10], values[11])


def is_cns(text: str) -> bool:
    """Fifteen digits of the SUS card: the sum with weights 15..1 is a multiple of 11. Those that begin with 1 or 2 hold a PIS, then 000
    or 001; others begin with 7, 8 or 9 (Datasus, rotina de validação do CNS)."""
    if not _digits(text, 15) or text[0] not in "12789" or _sum(_values(text), range(15, 0, -1)) % 11:
        return False
    return text[0] in "789" or text[11:14] in ("000", "001")


def is_rg(text: str) -> bool:
    """Eight digits and a check digit (X for ten) of an identity card of São Paulo: the sum with weights 9..2, modulo 11 (SSP-SP).
    Other states have other rules, most of them unpublished."""
    if len(text) != 9 or not _digits(text[:8], 8) or text[8] not in "0123456789Xx":
        return False
    return _sum(_values(text[:8]), range(9, 1, -1)) % 11 == (10 if text[8] in "Xx" else int(text[8]))


def is_card(text: str) -> bool:
    """Thirteen to nineteen digits of a payment card: Luhn's sum (ISO/IEC 7812-1), and a beginning and length that a network uses."""
    return 13 <= len(text) <= 19 and _digits(text, len(text)) and brand(text) is not None and is_luhn(text)


def is_luhn(text: str) -> bool:
    """Whether digits have a right last one by Luhn's formula (ISO/IEC 7812-1, annex B)."""
    values = _values(text)
    return (sum(values[-1::-2]) + sum(_DOUBLED[value] for value in values[-2::-2])) % 10 == 0


def brand(text: str) -> str | None:
    """The card network by first digits and length (the networks' published ranges, 2026); None when no network uses them."""
    for name, lengths, low, high in _BRANDS:
        if len(text) in lengths and low <= text[: len(low)] <= high:
            return name
    return None


_BRANDS: tuple[tuple[str, tuple[int, ...], str, str], ...] = (
    ("visa", (13, 16, 19), "4", "4"),
    ("mastercard", (16,), "51", "55"),
    ("mastercard", (16,), "2221", "2720"),
    ("amex", (15,), "34", "34"),
    ("amex", (15,), "37", "37"),
    ("diners", (14,), "300", "305"),
    ("diners", (14,), "36", "36"),
    ("diners", (14,), "38", "39"),
    ("hipercard", (13, 16, 19), "384100", "384160"),
    ("hipercard", (16,), "606282", "606282"),
    ("hipercard", (16,), "637095", "637612"),
    ("elo", (16,), "636297", "636368"),
    ("elo", (16,), "506699", "506778"),
    ("elo", (16,), "509000", "509999"),
    ("elo", (16,), "627780", "627780"),
    ("elo", (16,), "650031", "650598"),
    ("elo", (16,), "650700", "650727"),
    ("elo", (16,), "650901", "650978"),
    ("elo", (16,), "651652", "651679"),
    ("elo", (16,), "655000", "655058"),
    ("discover", (16, 17, 18, 19), "6011", "6011"),
    ("discover", (16, 17, 18, 19), "644", "659"),
    ("jcb", (16, 17, 18, 19), "3528", "3589"),
    ("unionpay", (16, 17, 18, 19), "62", "62"),
    ("maestro", (16, 17, 18, 19), "5018", "5018"),
    ("maestro", (16, 17, 18, 19), "5020", "5020"),
    ("maestro", (16, 17, 18, 19), "5038", "5038"),
    ("maestro", (16, 17, 18, 19), "6304", "6304"),
    ("aura", (16, 19), "50", "50"),
)


def is_iban(text: str) -> bool:
    """An international account number without spaces, in capitals: 15 to 34 characters, 1 modulo 97 (ISO 13616-1)."""
    if not 15 <= len(text) <= 34 or not text.isascii() or not text.isalnum() or not (text[:2].isalpha() and text[2:4].isdecimal()):
        return False
    if text[:2] == "BR" and len(text) != 29:
        return False
    return int("".join(str(int(letter, 36)) for letter in text[4:] + text[:4])) % 97 == 1


def is_mobile(text: str) -> bool:
    """Eleven digits of a Brazilian mobile: area code, 9, eight digits (Anatel, Resolução 749/2022)."""
    return _digits(text, 11) and text[:2] in AREAS and text[2] == "9"


def is_landline(text: str) -> bool:
    """Ten digits of a Brazilian landline: area code, a first digit from 2 to 5, seven digits (Anatel, Resolução 749/2022)."""
    return _digits(text, 10) and text[:2] in AREAS and text[2] in "2345"


_AREAS = (
    "11 12 13 14 15 16 17 18 19 21 22 24 27 28 31 32 33 34 35 37 38 41 42 43 44 45 46 47 48 49 51 53 54 55 61 62 63 64 65 66 67 68 69"
    " 71 73 74 75 77 79 81 82 83 84 85 86 87 88 89 91 92 93 94 95 96 97 98 99"
)
AREAS = frozenset(_AREAS.split())
"""The area codes of Brazil (Anatel, Plano Geral de Códigos Nacionais)."""


_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
_WEIGHTLESS = 48


def _digits(text: str, length: int) -> bool:
    return len(text) == length and text.isascii() and text.isdecimal() and len(set(text)) > 1


def _values(text: str) -> list[int]:
    return [code - _WEIGHTLESS for code in text.upper().encode("ascii")]


def _sum(values: Iterable[int], weights: Iterable[int]) -> int:
    return sum(value * weight for value, weight in zip(values, weights, strict=False))


def _two_modulo_11(values: list[int], weights: tuple[int, ...] | range) -> bool:
    """Whether the last two values are check digits; `weights` are those of the second, the first goes without the first of them."""
    first = _modulo_11(values[:-2], weights[1:])
    return first == values[-2] and _modulo_11(values[:-1], weights) == values[-1]


def _modulo_11(values: list[int], weights: Iterable[int]) -> int:
    rest = _sum(values, weights) % 11
    return 0 if rest < 2 else 11 - rest
