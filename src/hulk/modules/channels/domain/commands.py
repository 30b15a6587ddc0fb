"""What people can tell Hulk itself in a conversation, in either language. Pure rules.

A command is a message that begins with a stroke: `/link K3M9-77QD`. Mattermost keeps such messages to itself unless a command of that name
is registered there, so it hears them after its own: `/hulk link K3M9-77QD`. Any other text that begins so is a question like all others.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Name: TypeAlias = Literal["help", "link", "language", "person", "hulk", "forget", "pending"]

_NAMES: dict[str, Name] = {
    "help": "help", "ajuda": "help", "start": "help",
    "link": "link", "vincular": "link", "entrar": "link",
    "language": "language", "idioma": "language", "lingua": "language", "língua": "language",
    "person": "person", "human": "person", "pessoa": "person", "humano": "person", "atendente": "person",
    "hulk": "hulk", "voltar": "hulk", "back": "hulk",
    "pending": "pending", "pendencias": "pending", "pendências": "pending", "approvals": "pending",
    "forget": "forget", "esquecer": "forget", "esqueca": "forget", "esqueça": "forget",
}  # fmt: skip

_SPOKEN = frozenset({"pending", "pendências", "pendencias"})
"""Words that alone are a command, without a stroke: they ask for nothing else."""


@dataclass(frozen=True, slots=True)
class Command:
    """What is told, and what stands after it."""

    name: Name
    argument: str = ""


def command(text: str) -> Command | None:
    """The command that a message is, if it is one; what it takes ends with its line, as in a mail a name stands below. `/start CODE`, by
    which a link into Telegram arrives, is `link`."""
    if text.casefold().rstrip("?.!") in _SPOKEN:
        return Command("pending")
    word, *rest = text.split(maxsplit=1) or [""]
    if not word.startswith("/"):
        return None
    name = _NAMES.get(word[1:].partition("@")[0].casefold())
    if name is None:
        return None
    argument = "".join(rest).partition("\n")[0].strip()
    return Command("link", argument) if word.startswith("/start") and argument else Command(name, argument)
