"""Values that are taken out of a text before it leaves, and put back into the answer: `meu cpf é [CPF_1]`.

    vault = Vault()
    sent = masked(text, vault)              # raises Unmaskable when something stays that must not leave
    answer = unmasked(reply, vault)

The same value has the same token within a vault. What looks like a token in the text is taken out as a value too, so nothing collides;
tokens that a model makes up stay as they are.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from hulk.modules.router.domain.sensitivity.findings import Finding, Label
from hulk.modules.router.domain.sensitivity.scan import findings as scanned

Span: TypeAlias = tuple[int, int, str]
_TOKEN = re.compile(r"\[(?:[A-Z]{2,10})_\d{1,6}\]")
_BEGUN = re.compile(r"\[(?:[A-Z]{0,10}|[A-Z]{2,10}_\d{0,6})\Z")
LONGEST = 19
"""Characters of a token at most."""
_AGAIN = 8
"""How often a masked text is scanned and masked again: a token may bring what stands around it together."""
_NEVER: frozenset[Label] = frozenset(("too_long", "unreadable", "attachment", "labelled"))


class Values(Protocol):
    """Knows what tokens stand for."""

    def value(self, token: str) -> str | None:
        """The value of a token; None when it has none."""


class Unmaskable(Exception):
    """A text holds what no token can stand for, because it cannot be read or says too much about its place. `labels` say what."""

    def __init__(self, labels: Iterable[Label]) -> None:
        self.labels = tuple(sorted(set(labels)))
        super().__init__(", ".join(self.labels))


@dataclass(slots=True)
class Vault:
    """The values of a conversation and their tokens. It holds what must not leave: it is kept where the conversation is, never printed."""

    _tokens: dict[str, str] = field(default_factory=dict, repr=False)
    _values: dict[str, str] = field(default_factory=dict, repr=False)
    _counts: dict[str, int] = field(default_factory=dict, repr=False)

    def token(self, kind: str, value: str) -> str:
        """The token for a value, made at the first asking."""
        if value not in self._tokens:
            name = kind.upper().replace("_", "")
            self._counts[name] = self._counts.get(name, 0) + 1
            token = f"[{name}_{self._counts[name]}]"
            self._tokens[value], self._values[token] = token, value
        return self._tokens[value]

    def value(self, token: str) -> str | None:
        """What a token stands for; None when this vault did not make it."""
        return self._values.get(token)

    def __len__(self) -> int:
        return len(self._values)


@dataclass(frozen=True, slots=True)
class Escaped:
    """A vault's values as they stand within a string of JSON."""

    vault: Vault

    def value(self, token: str) -> str | None:
        """See `Values`."""
        value = self.vault.value(token)
        return None if value is None else json.dumps(value, ensure_ascii=False)[1:-1]


def masked(text: str, vault: Vault, findings: Iterable[Finding] | None = None) -> str:
    """The text with a token for each thing found (`findings` of this text, when it was scanned already). It is public when scanned again.

    Raises `Unmaskable` for what cannot be read, or cannot be made public by tokens."""
    found = scanned(text) if findings is None else tuple(findings)
    text = _replaced(text, vault, [*_spans(found), *((hit.start(), hit.end(), "text") for hit in _TOKEN.finditer(text))])
    for _ in range(_AGAIN):
        if not _NEVER.isdisjoint(finding.kind for finding in found):
            break
        if not (found := scanned(text)):
            return text
        tokens = [hit.span() for hit in _TOKEN.finditer(text)]
        text = _replaced(text, vault, [_around(span, tokens) for span in _spans(found)])
    raise Unmaskable(finding.kind for finding in found)


def _spans(found: Iterable[Finding]) -> Iterator[Span]:
    return ((finding.start, finding.end, finding.kind) for finding in found if finding.kind not in _NEVER)


def _around(span: Span, tokens: Iterable[tuple[int, int]]) -> Span:
    """The span, wide enough to cut no token in two."""
    start, end, kind = span
    for first, last in tokens:
        if first < end and start < last:
            start, end = min(start, first), max(end, last)
    return start, end, kind


def _replaced(text: str, vault: Vault, spans: Iterable[Span]) -> str:
    pieces, at = list[str](), 0
    for start, end, kind in _merged(spans):
        pieces += (text[at:start], vault.token(kind, unmasked(text[start:end], vault) if kind != "text" else text[start:end]))
        at = end
    return "".join((*pieces, text[at:]))


def _merged(spans: Iterable[Span]) -> Iterator[Span]:
    """Spans in order, those that overlap made one of the first's kind."""
    last: Span | None = None
    for span in sorted(spans, key=lambda one: (one[0], -one[1])):
        if last is not None and span[0] < last[1]:
            last = (last[0], max(last[1], span[1]), last[2])
            continue
        if last is not None:
            yield last
        last = span
    if last is not None:
        yield last


def unmasked(answer: str, vault: Values) -> str:
    """The answer with the values back in the places of their tokens."""
    return _TOKEN.sub(lambda hit: vault.value(hit[0]) or hit[0], answer)


class Unmasking:
    """`unmasked` for an answer that comes in pieces: a token may be cut anywhere."""

    def __init__(self, vault: Values) -> None:
        self._vault = vault
        self._held = ""

    def feed(self, piece: str) -> str:
        """What can be shown now; what may be the beginning of a token is held back."""
        text = self._held + piece
        begun = _BEGUN.search(text, max(0, len(text) - LONGEST))
        at = begun.start() if begun else len(text)
        self._held = text[at:]
        return unmasked(text[:at], self._vault)

    def end(self) -> str:
        """What was held back, when nothing follows."""
        held, self._held = self._held, ""
        return held
