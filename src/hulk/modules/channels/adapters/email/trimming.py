"""Taking from a reply what is new in it: not what it quotes, nor what its sender puts under every mail. Pure rules.

What is taken away is only ever an end of the text; where answers stand between quotes, all of it stays. The mail itself stays whole.
"""

import re

_ORIGINAL = re.compile(r"\s*-{2,} ?(original message|mensagem original|original-nachricht|message d'origine) ?-{2,}\s*", re.IGNORECASE)
_WROTE = re.compile(r"\s*(on|em|le|el|am|no dia)\b.{4,300}(wrote|escreveu|a écrit|escribió|schrieb) ?:\s*", re.IGNORECASE | re.DOTALL)
_FROM = re.compile(r"\s*\*?(from|de|von) ?: ?\*? ?\S.*", re.IGNORECASE)
_SENT = re.compile(r"\s*\*?(sent|date|enviad[ao]( em)?|data|gesendet|envoyé) ?: ?\*? ?\S.*", re.IGNORECASE)
_TO = re.compile(r"\s*\*?(to|para|an|à|subject|assunto|betreff) ?: ?\*? ?\S.*", re.IGNORECASE)
_RULE = re.compile(r"\s*_{10,}\s*")
_DEVICE = re.compile(
    r"\s*(sent from my|enviado do meu|enviado de meu|get outlook for|obter o outlook para|sent with)\b.{0,80}", re.IGNORECASE
)
_FORWARDED = re.compile(r"\s*(fwd?|enc|wg|tr)\s*:", re.IGNORECASE)
_LONGEST_SIGNATURE = 15
_MOST_LINES = 5_000


def forwarded(subject: str) -> bool:
    """Whether it hands on a mail: then what it quotes is what it is about."""
    return _FORWARDED.match(subject) is not None


def trimmed(text: str) -> str:
    """What is new in a reply; all of it when nothing else is."""
    lines = text.split("\n", _MOST_LINES)
    lines = _unsigned(_without_quotes(lines))
    return "\n".join(lines).strip() or text.strip()


def _without_quotes(lines: list[str]) -> list[str]:
    end = len(lines)
    while end and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith(">")):
        end -= 1
    for place, line in enumerate(lines[:end]):
        if _ORIGINAL.fullmatch(line) or _outlook(lines, place) or _attributed(lines, place, end):
            return lines[:place]
    return lines[:end]


def _outlook(lines: list[str], place: int) -> bool:
    """Whether what Outlook writes above what it quotes begins there: From, Sent, To, Subject, maybe below a rule."""
    if _RULE.fullmatch(lines[place]) and place + 1 < len(lines):
        return _outlook(lines, place + 1)
    near = lines[place + 1 : place + 5]
    return bool(_FROM.fullmatch(lines[place]) and any(map(_SENT.fullmatch, near)) and any(map(_TO.fullmatch, near)))


def _attributed(lines: list[str], place: int, end: int) -> bool:
    """Whether “On … Ana wrote:” begins there, in up to three lines, and ends where nothing but quotes comes after it."""
    return end < len(lines) and 1 <= end - place <= 3 and _WROTE.fullmatch(" ".join(lines[place:end])) is not None


def _unsigned(lines: list[str]) -> list[str]:
    for place in range(max(0, len(lines) - _LONGEST_SIGNATURE - 1), len(lines)):
        if lines[place].rstrip() == "--":
            return lines[:place]
    while lines and (not lines[-1].strip() or _DEVICE.fullmatch(lines[-1])):
        lines = lines[:-1]
    return lines
