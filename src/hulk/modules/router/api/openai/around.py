"""What a caller says of its request in headers, whatever it asks for."""

from dataclasses import dataclass
from typing import Annotated, Literal, Protocol, TypeAlias

from fastapi import Depends, Header
from pydantic import AfterValidator, Field

from hulk.kernel.text import Voice, writable
from hulk.modules.router.domain.model import Prompt
from hulk.modules.router.usecases.gateway import Call

_Name: TypeAlias = Annotated[str, AfterValidator(writable), Field(max_length=128, pattern=r"^[ -~]*$")]


class Asking(Protocol):
    """A body that asks a model."""

    @property
    def model(self) -> str:
        """Its name, or `auto`."""

    def prompt(self) -> Prompt:
        """What it is asked."""


_Names: TypeAlias = Annotated[str, AfterValidator(writable), Field(max_length=4096, pattern=r"^[ -~]*$")]


@dataclass(frozen=True, slots=True)
class Around:
    """What a caller says of its request in headers."""

    channel: str
    agent: str
    episode: str
    collections: tuple[str, ...]
    p0: bool

    def call(self, body: Asking, voice: Voice) -> Call:
        """The call as the acts take it."""
        return Call(
            prompt=body.prompt(), language=voice.language, wanted=body.model, channel=self.channel, agent=self.agent,
            episode=self.episode, collections=self.collections, p0=self.p0,
        )  # fmt: skip


async def _around(
    x_hulk_channel: Annotated[_Name, Header(description="The channel that it came through.")] = "",
    x_hulk_agent: Annotated[_Name, Header(description="The agent that asks.")] = "",
    x_hulk_episode: Annotated[_Name, Header(description="The conversation that it belongs to.")] = "",
    x_hulk_collections: Annotated[_Names, Header(description="The collections of documents that it quotes, with commas between.")] = "",
    x_hulk_sensitivity: Annotated[Literal["p0", ""], Header(description="`p0` when it must stay in the company.")] = "",
) -> Around:
    collections = tuple(name for one in x_hulk_collections.split(",") if (name := one.strip()))
    return Around(x_hulk_channel, x_hulk_agent, x_hulk_episode, collections, p0=x_hulk_sensitivity == "p0")


Told: TypeAlias = Annotated[Around, Depends(_around)]
