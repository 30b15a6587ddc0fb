"""What is known by a word beside it, or by a form of its own: CNPJ with letters, identity cards, PIX keys, plates, accounts, addresses.

Each kind is looked for only where its word or mark stands in the text, so that most texts cost a few look-ups.
"""

import re
from collections.abc import Callable, Iterator

from hulk.kernel import personal
from hulk.modules.router.domain.sensitivity.context import said
from hulk.modules.router.domain.sensitivity.numbers import Hit
from hulk.modules.router.domain.sensitivity.view import View, has, long_words


def named(view: View) -> Iterator[Hit]:
    """All of these kinds in a view."""
    yield from cnpj_with_letters(view)
    if _IBAN_PROBE.search(view.lower):
        yield from ibans(view)
    for marks, look in _LOOKS:
        if has(view.lower, marks):
            yield from look(view)


_MIXED = re.compile(
    r"(?<![a-z0-9])(?:[a-z0-9]{12}-?\d{2}|[a-z0-9]{8}/[a-z0-9]{4}-?\d{2}"
    r"|[a-z0-9]{2}([. ])[a-z0-9]{3}\1[a-z0-9]{3}([/ -])[a-z0-9]{4}[- ]\d{2})(?![a-z0-9])"
)


def cnpj_with_letters(view: View) -> Iterator[Hit]:
    """A CNPJ in which letters stand, as from July 2026."""
    stretches = [(0, len(view.text))] if "cnpj" in view.lower else long_words(view.text)
    for hit in (hit for start, end in stretches for hit in _MIXED.finditer(view.lower, start, end)):
        bare = "".join(letter for letter in hit[0] if letter.isalnum())
        if bare.isdecimal() or not personal.is_cnpj(bare.upper()):
            continue
        if hit[2] == "/" or "/" in hit[0]:
            yield hit.start(), hit.end(), "cnpj", "format"
        elif (name := said(view, *hit.span())) != "business" and (name == "cnpj" or _code(view.text[hit.start() : hit.end()])):
            yield hit.start(), hit.end(), "cnpj", "named" if name == "cnpj" else "check_digits"


def _code(word: str) -> bool:
    """Whether a word looks like a code: capitals only, or digits among small letters."""
    letters = [letter for letter in word if letter.isalnum()]
    return (word.upper() == word and " " not in word) or sum(letter.isdigit() for letter in letters) >= 4 + 2 * (" " in word)


_RG = re.compile(
    r"(?<![a-z0-9])(?:rg|r\.g\.|identidade|registro geral|identity card|id card)(?![a-z0-9])[^0-9\n]{0,30}?"
    r"((?:[a-z]{2}[- ]?)?\d[\d.\- ]{3,13}\d(?:[- ]?x(?![a-z0-9]))?)(?![a-z])"
)


def identity(view: View) -> Iterator[Hit]:
    """An identity card's number after its name; and with the check digit X."""
    for hit in _RG.finditer(view.lower):
        if 5 <= sum(letter.isdigit() for letter in hit[1]) <= 12 and said(view, hit.start(), hit.end()) != "business":
            yield hit.start(1), hit.end(1), "rg", "named"


_UUID = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}(?![0-9a-f])")
_PAYLOAD = re.compile(
    r"000201[^\n]{0,40}?br\.gov\.bcb\.pix(?:[^\n]{0,400}6304[0-9a-f]{4}|[^\n]{0,400})"
    r"|br\.gov\.bcb\.pix(?:[^\n]{0,400}6304[0-9a-f]{4}|\d{0,4}\S{0,80})"
)
"""From its format (field 00) to its checksum (field 63), names with spaces between them; to the end of the line where there is none."""
_FAR = 80


def pix(view: View) -> Iterator[Hit]:
    """A random PIX key (BCB, Manual Operacional do DICT: a UUID) near the word, and the text behind a QR code (BR Code)."""
    for hit in _PAYLOAD.finditer(view.lower):
        yield hit.start(), hit.end(), "pix", "known_form"
    for hit in _UUID.finditer(view.lower):
        near = view.lower[max(0, hit.start() - _FAR) : hit.end() + _FAR // 2]
        if "pix" in near or "chave aleatoria" in near or "evp" in near:
            yield hit.start(), hit.end(), "pix", "named"


_PLATE = re.compile(r"(?<![a-z0-9])[a-z]{3}[- ]?\d(?:[a-j]\d{2}|\d{3})(?![a-z0-9])")
_VEHICLE = re.compile(r"placas?|veiculos?|carros?|caminha|caminhoes|motos?\b|motocicleta|automove|plate|vehicle|emplaca|renavam|detran")


def plates(view: View) -> Iterator[Hit]:
    """A vehicle's plate, old or Mercosul's (Contran, Resolução 969/2022), near a word about vehicles."""
    for hit in _PLATE.finditer(view.lower):
        if _VEHICLE.search(view.lower, max(0, hit.start() - _FAR), hit.end() + _FAR // 2):
            yield hit.start(), hit.end(), "plate", "named"


_BANK = re.compile(
    r"(?<![a-z])(?:ag(?:encia|\.)?|agency|branch)(?![a-z])\W{0,4}(?:n[o.]{0,2}\W{0,3})?\d{3,5}(?:-[\dx])?(?!\d)[^\n]{0,40}?"
    r"(?<![a-z])(?:conta(?:[ -](?:corrente|poupanca|salario))?|c/?c|cp|c/p|poupanca|account|acc)(?![a-z])\W{0,4}(?:n[o.]{0,2}\W{0,3})?"
    r"(\d[\d.]{2,13}(?:[- ]?[\dx](?![a-z0-9]))?)"
)
_ACCOUNT = re.compile(
    r"(?<![a-z])(?:conta(?:[ -](?:corrente|poupanca|salario|bancaria|digital))|c/c|bank account|account number)(?![a-z])"
    r"[^\d\n]{0,20}?(\d[\d.]{3,13}(?:-[\dx])?)(?![\d])"
)


def accounts(view: View) -> Iterator[Hit]:
    """A bank account: agency and account, or an account so called."""
    for pattern in (_BANK, _ACCOUNT):
        for hit in pattern.finditer(view.lower):
            yield hit.start(), hit.end(), "bank", "named"


_IBAN_PROBE = re.compile(r"\d(?<=[a-z]{2}\d)\d ?[a-z0-9]{4}")
_IBAN = re.compile(r"(?<![a-z0-9])[a-z]{2}\d{2}(?: ?[a-z0-9]{4}){2,7}(?: ?[a-z0-9]{1,4})?(?![a-z0-9])")


def ibans(view: View) -> Iterator[Hit]:
    """An international account number (ISO 13616)."""
    for hit in _IBAN.finditer(view.lower):
        bare = hit[0].replace(" ", "").upper()
        if personal.is_iban(bare) and sum(letter.isdigit() for letter in bare) >= 10 and said(view, *hit.span()) != "business":
            yield hit.start(), hit.end(), "bank", "check_digits"


_Look = Callable[[View], Iterator[Hit]]
_LOOKS: tuple[tuple[tuple[str, ...], _Look], ...] = (
    (("rg", "r.g.", "identi", "registro geral", "id card"), identity),
    (("pix", "chave aleatoria", "evp"), pix),
    (("plac", "veic", "carr", "caminh", "moto", "autom", "plate", "vehicle", "renavam", "detran"), plates),
    (("ag", "conta", "c/c", "account", "branch"), accounts),
)
"""Where one of these stands, that is looked for."""
