"""Made-up numbers that point at people, valid and always the same for the same chance: `made(chance)["cpf"]`, and how people write them."""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

Chance: TypeAlias = random.Random
DIGITS = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
STATES = range(1, 29)
AREAS = ("11", "19", "21", "27", "31", "41", "48", "51", "61", "62", "71", "81", "85", "92", "98")


def some(chance: Chance, count: int, letters: str = DIGITS) -> str:
    """So many letters of those."""
    return "".join(chance.choices(letters, k=count))


def rest(text: str, weights: Sequence[int]) -> int:
    """The weighted sum modulo 11; letters count as their code less 48."""
    return sum((ord(letter) - 48) * weight for letter, weight in zip(text, weights, strict=True)) % 11


def _checked(text: str, *weights: Sequence[int]) -> str:
    for each in weights:
        left = rest(text, each)
        text += str(0 if left < 2 else 11 - left)
    return text


def cpf(chance: Chance) -> str:
    """Eleven digits."""
    return _checked(some(chance, 9), range(10, 1, -1), range(11, 1, -1))


_CNPJ = ((5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2), (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2))


def cnpj(chance: Chance) -> str:
    """Fourteen digits, mostly of a head office."""
    return _checked(some(chance, 8) + chance.choice(("0001", "0001", "0001", "0002", some(chance, 4))), *_CNPJ)


def cnpj_with_letters(chance: Chance) -> str:
    """Fourteen characters, letters among them."""
    base = some(chance, 8, DIGITS + LETTERS) + chance.choice(("0001", some(chance, 4, DIGITS + LETTERS)))
    return _checked(base, *_CNPJ) if any(letter.isalpha() for letter in base) else cnpj_with_letters(chance)


def cnh(chance: Chance) -> str:
    """Eleven digits."""
    nine = some(chance, 9)
    first = rest(nine, range(9, 0, -1))
    second = (rest(nine, range(1, 10)) - (2 if first == 10 else 0)) % 11
    return nine + str(first % 10) + str(0 if second == 10 else second)


def pis(chance: Chance) -> str:
    """Eleven digits."""
    return _checked(chance.choice("12") + some(chance, 9), (3, 2, 9, 8, 7, 6, 5, 4, 3, 2))


def voter(chance: Chance) -> str:
    """Twelve digits."""
    base = some(chance, 8) + f"{chance.choice(STATES):02}"
    first = rest(base[:8], range(2, 10)) % 10
    return base + str(first) + str(rest(base[8:] + str(first), range(7, 10)) % 10)


def cns(chance: Chance) -> str:
    """Fifteen digits."""
    if chance.random() < 0.4:
        base = chance.choice("12") + some(chance, 10)
        left = -rest(base, range(15, 4, -1)) % 11
        return base + ("000" + str(left) if left < 10 else "001" + str((left - 2) % 11))
    base = chance.choice("789") + some(chance, 13)
    left = -rest(base, range(15, 1, -1)) % 11
    return base + str(left) if left < 10 else cns(chance)


def rg(chance: Chance) -> str:
    """Eight digits and the check digit of São Paulo."""
    base = some(chance, 8)
    left = rest(base, range(9, 1, -1))
    return base + ("X" if left == 10 else str(left))


def luhn(text: str) -> str:
    """With the digit that makes Luhn's sum right."""
    total = sum(sum(divmod(int(digit) * (2 if place % 2 == 0 else 1), 10)) for place, digit in enumerate(reversed(text)))
    return text + str(-total % 10)


def card(chance: Chance) -> str:
    """A card's digits, of several networks."""
    begin, length = chance.choice(
        (
            ("4", 16),
            ("51", 16),
            ("55", 16),
            ("2221", 16),
            ("34", 15),
            ("37", 15),
            ("36", 14),
            ("6362970", 16),
            ("606282", 16),
            ("5067", 16),
            ("6011", 16),
        )
    )
    if begin == "5067":
        begin = "506720"
    return luhn(begin + some(chance, length - len(begin) - 1))


def mobile(chance: Chance) -> str:
    """Eleven digits of a mobile."""
    return chance.choice(AREAS) + "9" + chance.choice("6789") + some(chance, 7)


def landline(chance: Chance) -> str:
    """Ten digits of a landline."""
    return chance.choice(AREAS) + chance.choice("25") + some(chance, 7)


def uuid(chance: Chance) -> str:
    """A UUID of version 4."""
    hexes = "0123456789abcdef"
    pieces = (some(chance, count, hexes) for count in (8, 4, 3, 3, 12))
    return "{}-{}-4{}-{variant}{}-{}".format(*pieces, variant=chance.choice("89ab"))


def mail(chance: Chance) -> str:
    """An e-mail address."""
    person = chance.choice(("joao", "maria.silva", "ana_paula", "c.souza", "pedro-henrique", "lu")) + chance.choice(
        ("", some(chance, 2), "+x")
    )
    return f"{person}@{chance.choice(('gmail.com', 'empresa.com.br', 'uol.com.br', 'sub.dominio.org', 'prefeitura.sp.gov.br'))}"


def plate(chance: Chance) -> str:
    """A plate, old or Mercosul's."""
    letters = some(chance, 3, LETTERS)
    if chance.random() < 0.5:
        return letters + chance.choice(("-", "", " ")) + some(chance, 4)
    return letters + some(chance, 1) + some(chance, 1, LETTERS[:10]) + some(chance, 2)


def iban(chance: Chance) -> str:
    """A Brazilian IBAN."""
    inner = some(chance, 23) + some(chance, 1, LETTERS) + some(chance, 1, DIGITS)
    number = int("".join(str(int(letter, 36)) for letter in inner + "BR00"))
    return f"BR{98 - number % 97:02}{inner}"


MIXED = LETTERS + LETTERS.lower() + DIGITS


def secret(chance: Chance) -> str:
    """A key, token or password as it is pasted."""
    password = some(chance, chance.randrange(8, 16), MIXED + "!@#$%&") + "7a"
    return chance.choice(
        (
            f"sk-proj-{some(chance, 40, MIXED)}",
            f"ghp_{some(chance, 36, MIXED)}",
            f"AKIA{some(chance, 16, LETTERS + DIGITS)}",
            f"AIza{some(chance, 35, MIXED)}",
            f"xoxb-{some(chance, 12)}-{some(chance, 24, MIXED)}",
            f"glpat-{some(chance, 20, MIXED)}",
            f"eyJ{some(chance, 20, MIXED)}.eyJ{some(chance, 40, MIXED)}.{some(chance, 43, MIXED)}",
            f"-----BEGIN RSA PRIVATE KEY-----\n{some(chance, 64, MIXED)}\n-----END RSA PRIVATE KEY-----",
            f"postgresql://app:{some(chance, 10, MIXED)}@db.interno/vendas",
            f"senha: {password}",
            f"password={password}",
            f'"api_key": "{some(chance, 32, MIXED)}"',
            f"DB_PASSWORD={password}",
            f"Authorization: Bearer {some(chance, 40, MIXED)}",
            f"AWS_SECRET_ACCESS_KEY={some(chance, 40, MIXED)}",
            f"a senha é {password}",
            f"my password is {password}",
        )
    )


Writing: TypeAlias = Callable[[str], str]


def grouped(*lengths: int, marks: str) -> Writing:
    """Groups of those lengths with the marks between."""

    def write(text: str) -> str:
        pieces, at = list[str](), 0
        for length in lengths:
            pieces.append(text[at : at + length])
            at += length
        return "".join(a + b for a, b in zip(pieces, (*marks, ""), strict=True))

    return write


def bare(text: str) -> str:
    """As it is."""
    return text


WRITINGS: Mapping[str, tuple[Callable[[Chance], str], Sequence[Writing]]] = {
    "cpf": (cpf, (grouped(3, 3, 3, 2, marks="..-"), bare, grouped(9, 2, marks="-"), grouped(3, 3, 3, 2, marks="   "))),
    "cnpj": (cnpj, (grouped(2, 3, 3, 4, 2, marks="../-"), bare, grouped(8, 4, 2, marks="/-"))),
    "cnpj_letters": (cnpj_with_letters, (grouped(2, 3, 3, 4, 2, marks="../-"), bare)),
    "pis": (pis, (grouped(3, 5, 2, 1, marks="..-"), bare)),
    "cnh": (cnh, (bare, grouped(3, 3, 3, 2, marks="   "))),
    "voter": (voter, (bare, grouped(4, 4, 4, marks="  "))),
    "cns": (cns, (bare, grouped(3, 4, 4, 4, marks="   "))),
    "rg": (rg, (grouped(2, 3, 3, 1, marks="..-"),)),
    "card": (card, (bare, lambda text: " ".join(_fours(text)), lambda text: "-".join(_fours(text)))),
    "mobile": (
        mobile,
        (
            bare,
            lambda t: f"({t[:2]}) {t[2:7]}-{t[7:]}",
            lambda t: f"{t[:2]} {t[2:7]}-{t[7:]}",
            lambda t: f"+55 {t[:2]} {t[2:7]}-{t[7:]}",
            lambda t: f"+55{t}",
            lambda t: f"({t[:2]}) {t[2]} {t[3:7]}-{t[7:]}",
        ),
    ),
    "landline": (
        landline,
        (lambda t: f"({t[:2]}) {t[2:6]}-{t[6:]}", lambda t: f"+55 {t[:2]} {t[2:6]}-{t[6:]}", lambda t: f"+55 ({t[:2]}) {t[2:6]} {t[6:]}"),
    ),
    "email": (mail, (bare,)),
    "iban": (iban, (bare, lambda t: " ".join(t[i : i + 4] for i in range(0, len(t), 4)))),
    "secret": (secret, (bare,)),
}
"""Per kind: how one is made, and how it is usually written; each is found without a word beside it."""


def _fours(text: str) -> list[str]:
    if len(text) == 15:
        return [text[:4], text[4:10], text[10:]]
    if len(text) == 14:
        return [text[:4], text[4:10], text[10:]]
    return [text[i : i + 4] for i in range(0, len(text), 4)]


NAMED: Mapping[str, Sequence[Callable[[Chance], str]]] = {
    "rg": (
        lambda c: f"RG {rg(c)}",
        lambda c: f"meu RG é {some(c, 7)}",
        lambda c: f"RG: MG-{grouped(2, 3, 3, marks='..')(some(c, 8))}",
        lambda c: f"carteira de identidade nº {rg(c)} SSP/SP",
        lambda c: f"registro geral {grouped(2, 3, 3, 1, marks='..-')(some(c, 9))}",
    ),
    "cnh": (lambda c: f"CNH {cnh(c)}", lambda c: f"número da habilitação: {cnh(c)}", lambda c: f"driver's license {cnh(c)}"),
    "pis": (lambda c: f"PIS/PASEP: {pis(c)}", lambda c: f"NIT {grouped(3, 5, 2, 1, marks='..-')(pis(c))}"),
    "voter": (lambda c: f"título de eleitor {voter(c)}", lambda c: f"título: {grouped(8, 2, 2, marks='  ')(voter(c))}"),
    "cns": (lambda c: f"cartão SUS {cns(c)}", lambda c: f"CNS nº {cns(c)}", lambda c: f"cartão nacional de saúde: {cns(c)}"),
    "phone": (
        lambda c: f"telefone {landline(c)}",
        lambda c: f"ligue para {landline(c)[2:]}",
        lambda c: f"meu zap: {mobile(c)[2:]}",
        lambda c: f"tel. {grouped(4, 4, marks='-')(landline(c)[2:])}",
        lambda c: f"phone number {mobile(c)}",
    ),
    "pix": (
        lambda c: f"chave pix {uuid(c)}",
        lambda c: f"pix: {uuid(c)}",
        lambda c: f"{uuid(c)} é a minha chave PIX",
        lambda c: f"minha chave aleatória é {uuid(c)}",
        lambda c: f"00020126580014br.gov.bcb.pix0136{uuid(c)}5204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***6304{some(c, 4)}",
        lambda c: f"chave pix {cpf(c)}",
        lambda c: f"pix {mail(c)}",
        lambda c: f"PIX (celular): {mobile(c)}",
    ),
    "plate": (
        lambda c: f"placa {plate(c)}",
        lambda c: f"o carro de placa {plate(c)} bateu",
        lambda c: f"veículo {plate(c)}",
        lambda c: f"license plate {plate(c)}",
    ),
    "bank": (
        lambda c: f"agência {some(c, 4)} conta {some(c, 5)}-{some(c, 1)}",
        lambda c: f"ag. {some(c, 4)} c/c {some(c, 6)}-{some(c, 1)}",
        lambda c: f"Ag {some(c, 4)}-{some(c, 1)}, conta corrente {some(c, 7)}-{some(c, 1)}",
        lambda c: f"conta poupança: {some(c, 6)}-{some(c, 1)}",
        lambda c: f"Agência: {some(c, 4)}\tConta: {some(c, 8)}",
        lambda c: f"bank account {some(c, 8)}",
    ),
    "address": (
        lambda c: f"moro na rua das Flores, {some(c, 3)}, CEP {some(c, 5)}-{some(c, 3)}",
        lambda c: f"Av. Paulista {some(c, 4)} - São Paulo - {some(c, 5)}-{some(c, 3)}",
        lambda c: f"endereço de entrega: Travessa Sete 10, Belém, cep {some(c, 8)}",
        lambda c: f"CEP {grouped(2, 3, 3, marks='.-')(some(c, 8))}, alameda Santos {some(c, 3)}",
    ),
    "renavam": (lambda c: f"renavam {pis(c)}", lambda c: f"Renavam: {some(c, 9)}"),
}
"""Per kind: sentences in which a word beside the number makes it sensitive."""
