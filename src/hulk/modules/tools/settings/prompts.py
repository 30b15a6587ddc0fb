"""Prompts, as the settings say them."""

from collections.abc import Mapping
from typing import Annotated, Self, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from hulk.kernel.tenancy import Role
from hulk.kernel.text import LANGUAGES, Language
from hulk.modules.tools.domain import Argument, Part, Prompt
from hulk.modules.tools.settings.rules import Patterns
from hulk.runtime.config import Section

Said: TypeAlias = Annotated[str, Field(min_length=1, max_length=20_000)]


def _in_all(words: object) -> object:
    return dict.fromkeys(LANGUAGES, words) if isinstance(words, str) else words


Worded: TypeAlias = Annotated[Mapping[Language, Said], Field(min_length=1), BeforeValidator(_in_all)]
"""By language; a text alone is the same in all."""


class PromptArgumentSettings(Section):
    """A place to fill in: `{name}` in the texts and addresses."""

    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,62}$", description="Its name.")
    about: Worded = Field(description="What belongs there; by language (`{pt: …, en: …}`), or one text for all.")
    required: bool = Field(default=True, description="Whether it must be filled in.")
    values: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] = Field(
        default=(), max_length=1000, description="What it is likely to be, for programs that complete what is typed; others are taken, too."
    )

    def whole(self) -> Argument:
        """As the domain has it."""
        return Argument(name=self.name, about=self.about, required=self.required, values=self.values)


class PromptPartSettings(Section):
    """One message: a text, or what is to be looked at with it."""

    text: Worded = Field(default_factory=dict, validate_default=False, description="What is said; by language, or one text for all.")
    resource: str = Field(
        default="", max_length=2048, description="In the place of a text: an address (`hulk://tickets/{ticket}`), read as whoever asks."
    )

    @model_validator(mode="after")
    def _one(self) -> Self:
        if bool(self.text) == bool(self.resource):
            raise ValueError("it has either a text or a resource")
        return self

    def whole(self) -> Part:
        """As the domain has it."""
        return Part(text=self.text or None, resource=self.resource)


class PromptSettings(Section):
    """A text of the company's own that people may begin with in their programs."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", description="Its name; each is there once.")
    title: Worded = Field(description="What people call it.")
    about: Worded = Field(description="What it is for.")
    arguments: tuple[PromptArgumentSettings, ...] = Field(default=(), max_length=20, description="Places to fill in.")
    parts: tuple[PromptPartSettings, ...] = Field(min_length=1, max_length=20, description="Its messages, in order.")
    tools: Patterns = Field(default=(), description="It is there for who may use a tool of each of these (`github.*`).")
    roles: tuple[Role, ...] = Field(default=(), description="Who it is for: who has one of these roles.")
    people: Patterns = Field(default=(), description="Who else; everybody when there are no roles either.")
    tenants: Patterns = Field(default=(), description="The tenants that it is for; all when there is none.")

    def whole(self) -> Prompt:
        """As the domain has it."""
        same = {name: getattr(self, name) for name in ("name", "tools", "roles", "people", "tenants")}
        return Prompt(
            title=self.title, about=self.about, arguments=tuple(one.whole() for one in self.arguments),
            parts=tuple(one.whole() for one in self.parts), **same,
        )  # fmt: skip
