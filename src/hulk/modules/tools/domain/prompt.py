"""What people may begin with: a text of the company's own, with places to fill in, and things to look at with it.

Part(text={"en": "How is {project} doing?"}), Part(resource="hulk://tickets/{ticket}")
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hulk.kernel.tenancy import Role
from hulk.kernel.text import Language
from hulk.modules.tools.domain.permission import Who, any_of, holds

_PLACE = re.compile(r"\{([a-z][a-z0-9_]*)\}", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """A place to fill in. `values` are what it is likely to be; others are taken, too."""

    name: str
    about: Mapping[Language, str]
    required: bool = True
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One message of it: a `text`, else what is at the address `resource`, read with the rights of whoever asks."""

    text: Mapping[Language, str] | None = None
    resource: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """It is there for who holds one of the `roles` or is one of the `people` (all when there is neither), and may use a tool of each of the
    patterns in `tools`."""

    name: str
    title: Mapping[Language, str]
    about: Mapping[Language, str]
    parts: tuple[Part, ...]
    arguments: tuple[Argument, ...] = ()
    tools: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()
    people: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()

    def open_to(self, who: Who, usable: Iterable[str]) -> bool:
        """Whether it is there for somebody who may use those tools."""
        names = list(usable)
        there = not self.tenants or any_of(who.principal.tenant, self.tenants)
        return there and holds(who, self.roles, self.people) and all(any(any_of(name, [one]) for name in names) for one in self.tools)

    def missing(self, given: Mapping[str, str]) -> list[Argument]:
        """What must still be filled in."""
        return [one for one in self.arguments if one.required and not given.get(one.name, "").strip()]


def filled(text: str, given: Mapping[str, str]) -> str:
    """With what was given in its places, each once: what was given is not looked into. A place of which nothing is given is left empty."""
    return _PLACE.sub(lambda place: given.get(place[1], ""), text)


def in_language(words: Mapping[Language, str], language: Language) -> str:
    """In that language, else in the first that there is."""
    return words.get(language) or next(iter(words.values()), "")
