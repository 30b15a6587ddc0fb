"""What about a third party's tool should make somebody look twice before it is approved. Pure rules.

They are warnings: none of them proves anything, and a tool without any may still do harm. What holds is that nothing is used which
nobody approved (`pinning`).
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence

from hulk.kernel.records import Json
from hulk.kernel.text import Text
from hulk.modules.tools.domain.pinning import HIDDEN, Listed, Said, shown

MOST_WARNINGS = 12
_MOST_NAMED = 4
_LONG = 2_000
"""Characters of a description above which it is more than a person reads."""

_PHRASES: tuple[tuple[Text, re.Pattern[str]], ...] = (
    (Text("setting earlier instructions aside"), re.compile(
        r"(?:ignore|disregard|forget|override|desconsidere|esqueca|olvida) .{0,40}(?:instruc|rules|regras|prompt)"
    )),
    (Text("keeping something from people"), re.compile(
        r"(?:do not|don't|never|without|nao|no|sem) (?:\w+ ){0,2}(?:tell|mention|inform|reveal|show|notif|alert|diga|conte|"
        r"mencion|revel|avis)\w*\b.{0,40}(?:user|human|person|anyone|usuario|pessoa|ninguem)"
    )),
    (Text("what must come before or beside it"), re.compile(
        r"(?:before|after|whenever|prior to|antes de|depois de|sempre que|siempre que) .{0,40}"
        r"(?:any|other|another|this|these|every|qualquer|outra|esta|otra) .{0,20}(?:tool|function|ferramenta|funcao|herramienta)"
    )),
    (Text("tags that speak to a model"), re.compile(
        r"</?(?:important|system|assistant|instructions?|secret|admin|user|im_start|im_end)\b|\[inst\]|<\|"
    )),
    (Text("what a model is or must do"), re.compile(
        r"(?:system prompt|you are now|you must (?:always|first|also)|as an ai|voce deve (?:sempre|primeiro)|act as)"
    )),
    (Text("files and secrets of the machine"), re.compile(
        r"(?:~/\.|\.ssh\b|id_rsa|\.env\b|/etc/passwd|mcp\.json|\.aws\b|api[_ -]?keys?\b|"
        r"private key|access token|passwords?\b|senhas?\b|credential)"
    )),
    (Text("sending things elsewhere"), re.compile(
        r"(?:send|post|forward|upload|include|append|bcc|envie|encaminhe|anexe|inclua) .{0,80}(?:https?://|@[\w-]+\.|webhook|base64)"
    )),
)  # fmt: skip
"""In text without accents, in small letters and single spaces (`_plain`)."""

_LOOKS = str.maketrans({"0": "o", "1": "l", "i": "l", "|": "l", "5": "s", "_": "", "-": "", ".": "", "/": ""})


def warnings(listed: Listed, others: Collection[str] = ()) -> tuple[Text, ...]:
    """What to look at twice in a tool. `others` are names of tools beside it, `server.tool`."""
    return tuple(_all(listed, others))[:MOST_WARNINGS]


def _all(listed: Listed, others: Collection[str]) -> Iterator[Text]:
    said = listed.said
    texts = list(_texts(said))
    yield from _hidden(texts)
    yield from _phrases(texts)
    yield from _alike(said.name, [name for name in others if name != listed.tool.name])
    yield from _named(said, [name for name in others if name.partition(".")[0] != listed.tool.backend])
    if len(said.description) > _LONG:
        yield Text("its description has {count} characters, which is more than people read", count=len(said.description))
    if listed.tool.effect == "read" and said.annotations.get("readOnlyHint") is False:
        yield Text("the settings say that it only reads; the server says that it does not")


def _texts(said: Said) -> Iterator[str]:
    """All that a model may read of it."""
    yield from (said.name, said.title, said.description)
    for part in (said.input, said.output, said.annotations):
        yield from _strings(part)


def _strings(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield key
            yield from _strings(one)
    elif isinstance(value, Sequence):
        for one in value:
            yield from _strings(one)


def _hidden(texts: Sequence[str]) -> Iterator[Text]:
    found = sorted({letter for text in texts for letter in HIDDEN.findall(_without_emoji(text))})
    if found:
        named = [f"U+{ord(letter):04X} {unicodedata.name(letter, '')}".strip() for letter in found[:_MOST_NAMED]]
        yield Text("it holds {count} kinds of characters that cannot be seen: {names}", count=len(found), names=", ".join(named))


def _without_emoji(text: str) -> str:
    """Without the selector that makes a symbol an emoji, and what joins emoji: those are seen."""
    return re.sub("(?<=[\u2000-\u2fff\u3000-\u33ff\U0001f000-\U0001faff])[\ufe0f\u200d]+", "", text)


def _phrases(texts: Sequence[str]) -> Iterator[Text]:
    for what, pattern in _PHRASES:
        found = next((match for text in texts if (match := pattern.search(_plain(text)))), None)
        if found:
            yield Text("it speaks of {what}: “{words}”", what=what, words=shown(found[0][:80]))


def _plain(text: str) -> str:
    """As a model reads it: nothing hidden, no accents, small letters, single spaces."""
    letters = unicodedata.normalize("NFKD", HIDDEN.sub("", text)).casefold()
    return " ".join("".join(letter for letter in letters if not unicodedata.combining(letter)).split())


def looks(name: str) -> str:
    """A name as it looks at a glance: `get_Issue`, `get-lssue` and `get1ssue` are one."""
    plain = unicodedata.normalize("NFKC", name).casefold().translate(_LOOKS)
    return plain.replace("rn", "m").replace("vv", "w")


def _alike(name: str, others: Collection[str]) -> Iterator[Text]:
    like = [other for other in others if (own := other.partition(".")[2]) != name and looks(own) == looks(name)]
    if like:
        yield Text("its name looks like {names}", names=", ".join(sorted(like)[:_MOST_NAMED]))


def _named(said: Said, others: Collection[str]) -> Iterator[Text]:
    """Tools of other servers that it speaks of: that is how one server steers what is done with another."""
    words = {word for text in _texts(said) for word in re.findall(r"[a-z][a-z0-9_]{5,}", text.casefold()) if "_" in word}
    spoken = [other for other in others if other.partition(".")[2] in words and other.partition(".")[2] != said.name]
    if spoken:
        yield Text("it speaks of tools of other servers: {names}", names=", ".join(sorted(spoken)[:_MOST_NAMED]))
