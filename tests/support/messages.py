"""Messages that people and systems write: with something sensitive in disguise, and clean ones from business.

The same seed gives the same messages: `sensitive(seed, count)` and `clean(seed, count)`.
"""

import base64
import html
import json
import random
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from support.personal import NAMED, WRITINGS, Chance

Disguise: TypeAlias = Callable[[Chance, str], str]


@dataclass(frozen=True, slots=True)
class Message:
    """One message: of what kind the sensitive thing is, in which disguise, in which sentence. `thing` is how it is usually written, `shown`
    how it stands in the text."""

    text: str
    kind: str
    disguise: str
    thing: str = ""
    shown: str = ""


CARRIERS = (
    "{}", "Segue: {}", "oi, tudo bem? {} obrigado!", "O cliente informou {} ontem à tarde.", "dados do titular: {}.", "cadastro\n{}\nfim",
    "Please check {} for me", "The customer's data: {}; thanks", '{{"valor": "{}"}}', "nome;dado;obs\nJoão;{};ok", "({})", "**{}**",
    "Olá, sou a Maria e preciso de ajuda com meu cadastro: {}. Podem corrigir ainda hoje?", "resumo: {} | fim", "é {}, certo?", "<p>{}</p>",
    "user said: {}", "> {}\nrespondendo acima", "Paciente {} atendido às 10h", "funcionário novo, {}, começa segunda", "-> {} <-", "A {} B",
)  # fmt: skip

_WORDS_PT = ("zero", "um", "dois", "três", "quatro", "cinco", "seis", "sete", "oito", "nove")
_WORDS_MEIA = ("zero", "um", "dois", "três", "quatro", "cinco", "meia", "sete", "oito", "nove")
_WORDS_EN = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_MARK_WORDS = {".": "ponto", "-": "traço", "/": "barra", " ": "", "(": "", ")": "", "+": "mais"}
_FULL = {ord(chr(code)): chr(code + 0xFEE0) for code in range(0x21, 0x7F)}
_CYRILLIC = str.maketrans("AaBcCEeHKMoOpPTXx", "АаВсСЕеНКМоОрРТХх")
_SCRIPTS = (0x660, 0x6F0, 0x966, 0xFF10, 0x1D7CE, 0x1D7D8, 0x1D7F6)


def _digits_of(chance: Chance, text: str) -> str:
    begin = chance.choice(_SCRIPTS)
    return "".join(chr(begin + int(letter)) if letter.isdigit() else letter for letter in text)


def _spelt(words: tuple[str, ...], between: str) -> Disguise:
    def write(_: Chance, text: str) -> str:
        return between.join(
            words[int(letter)] if letter.isdigit() else _MARK_WORDS.get(letter, letter) for letter in text if letter not in " ()"
        )

    return write


def _base64(_: Chance, text: str) -> str:
    return base64.b64encode(text.encode()).decode()


INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e"
ANY: Mapping[str, Disguise] = {
    "plain": lambda _, text: text,
    "zero width": lambda c, text: c.choice(INVISIBLE).join(text),
    "fullwidth": lambda _, text: text.translate(_FULL),
    "base64": _base64,
    "base64 without padding": lambda c, text: _base64(c, text).rstrip("="),
    "base64 for addresses": lambda _, text: base64.urlsafe_b64encode(text.encode()).decode(),
    "base64 twice": lambda c, text: _base64(c, _base64(c, text)),
    "hexadecimal": lambda _, text: text.encode().hex(),
    "hexadecimal pairs": lambda _, text: text.encode().hex(" "),
    "address": lambda _, text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "address twice": lambda _, text: urllib.parse.quote("".join(f"%{byte:02x}" for byte in text.encode())),
    "HTML": lambda _, text: "".join(f"&#{ord(letter)};" for letter in text),
    "HTML hexadecimal": lambda _, text: "".join(f"&#x{ord(letter):x};" for letter in text),
    "JSON": lambda _, text: "".join(f"\\u{ord(letter):04x}" for letter in text),
    "bytes": lambda _, text: "".join(f"\\x{ord(letter):02x}" for letter in text),
    "quoted for HTML": lambda _, text: html.escape(text),
    "in JSON in JSON": lambda _, text: json.dumps(json.dumps({"v": text}, ensure_ascii=True)),
}
"""Of any kind of thing."""
NUMBERS: Mapping[str, Disguise] = {
    "digits of another script": _digits_of,
    "combining marks": lambda c, text: "".join(
        letter + (c.choice("\u0301\u0335\u20e3\ufe0f") if letter.isdigit() else "") for letter in text
    ),
    "circled": lambda _, text: "".join("⓪①②③④⑤⑥⑦⑧⑨"[int(letter)] if letter.isdigit() else letter for letter in text),
    "spaced": lambda _, text: " ".join(letter for letter in text if letter.isdigit()),
    "dashed": lambda _, text: "-".join(letter for letter in text if letter.isdigit()),
    "dotted": lambda _, text: ".".join(letter for letter in text if letter.isdigit()),
    "pairs": lambda _, text: _in_pairs("".join(letter for letter in text if letter.isdigit())),
    "other dashes": lambda c, text: text.replace("-", c.choice("–—‑−")).replace(".", c.choice("·•．")),
    "line ends": lambda _, text: text.replace("-", "-\n").replace(".", ".\n").replace(" ", "\n"),
    "Portuguese words": _spelt(_WORDS_PT, " "),
    "Portuguese words, dashed": _spelt(_WORDS_PT, "-"),
    "Portuguese words with meia": _spelt(_WORDS_MEIA, ", "),
    "English words": _spelt(_WORDS_EN, " "),
    "letters for digits": lambda c, text: _drawn(c, text),
}
"""Of things that are digits and marks."""
LETTERS_TOO: Mapping[str, Disguise] = {"Cyrillic": lambda _, text: text.translate(_CYRILLIC)}
MAIL: Mapping[str, Disguise] = {
    "at in brackets": lambda c, text: text.replace("@", c.choice((" (at) ", "[at]", "(arroba)"))),
    "arroba": lambda _, text: text.replace("@", " arroba "),
    **LETTERS_TOO,
}

DIGITS_ONLY = ("cpf", "cnpj", "pis", "cnh", "voter", "cns", "card", "mobile")
"""Kinds in which every number disguise is read without a word beside it."""


def _in_pairs(text: str) -> str:
    return " ".join(text[i : i + 2] for i in range(0, len(text), 2))


def _drawn(chance: Chance, text: str) -> str:
    letters = {"0": "Oo", "1": "lI"}
    return "".join(chance.choice(letters[letter]) if letter in letters and chance.random() < 0.7 else letter for letter in text)


def disguises(kind: str) -> Mapping[str, Disguise]:
    """Those in which a thing of that kind is still readable."""
    if kind in DIGITS_ONLY:
        return {**ANY, **NUMBERS}
    if kind == "email":
        return {**ANY, **MAIL}
    if kind == "cnpj_letters":
        return {**ANY, **LETTERS_TOO}
    return ANY


def sensitive(seed: int, count: int) -> Iterator[Message]:
    """That many messages with one sensitive thing each; kinds, writings, disguises and sentences by chance."""
    chance = random.Random(seed)
    kinds = [*WRITINGS, *(f"{kind} named" for kind in NAMED)]
    for _ in range(count):
        kind = chance.choice(kinds)
        yield _named(chance, kind) if kind.endswith(" named") else _written(chance, kind)


def _written(chance: Chance, kind: str) -> Message:
    make, writings = WRITINGS[kind]
    disguise = chance.choice(list(disguises(kind)))
    carrier = chance.choice(CARRIERS)
    return _carried(chance, carrier, kind, disguise, chance.choice(writings)(make(chance)))


def _named(chance: Chance, kind: str) -> Message:
    text = chance.choice(NAMED[kind.removesuffix(" named")])(chance)
    disguise = chance.choice(list(ANY))
    return _carried(chance, chance.choice(CARRIERS), kind, disguise, text)


def _carried(chance: Chance, carrier: str, kind: str, disguise: str, thing: str) -> Message:
    shown = disguises(kind)[disguise](chance, thing)
    return Message(carrier.format(shown), kind, disguise, thing, shown)
