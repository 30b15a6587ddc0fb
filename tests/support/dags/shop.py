"""Tools whose acts are counted outside the process: a line in a file for each, written before anything can go wrong after it."""

import asyncio
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, Field

from hulk.kernel.errors import Refused, Unavailable
from hulk.kernel.records import JsonObject
from hulk.modules.tools import Calling, Mounted, Output
from hulk.modules.tools.adapters.backends.acts import About, Act, Acts, Arguments, said

Mood = Literal["right", "refused", "away", "hangs", "broken", "other", "secret", "late"]
SECONDS = 0.05
"""How long an act may take, which one that hangs does."""


def kept(file: Path, line: JsonObject) -> None:
    """Write a line that is there whatever becomes of this process."""
    handle = os.open(file, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        os.write(handle, json.dumps(line).encode() + b"\n")
    finally:
        os.close(handle)


def lines(file: Path) -> list[Any]:
    """What was written."""
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


class Thing(Arguments):
    """Something about a thing (algo sobre uma coisa)."""

    model_config = ConfigDict(extra="allow", frozen=True)
    item: str = Field(max_length=80)
    mood: Mood = "right"


class Cancel(Arguments):
    """Cancel an order for good (cancelar)."""

    order: int


class Broken(Exception):
    """A mistake of the tool's own."""


@dataclass(frozen=True, slots=True)
class Shop:
    """The tools. `done` is where acts are counted, those that only read too."""

    done: Path

    def mounted(self) -> list[Mounted]:
        """As Hulk has them."""
        shop = Acts(
            "shop", About(outside=False),
            Act("look", "Look", Thing, self._act("look"), seconds=SECONDS),
            Act("order", "Order", Thing, self._act("order"), effect="write", seconds=SECONDS),
            Act("buy", "Buy", Thing, self._act("buy"), effect="write", seconds=SECONDS),
            Act("keep", "Keep", Thing, self._act("keep"), effect="write", idempotent=True, seconds=SECONDS),
            Act("cancel", "Cancel", Cancel, self._cancel, effect="destroy"),
        )  # fmt: skip
        web = Acts("web", About(outside=True), Act("post", "Post", Thing, self._act("post"), seconds=SECONDS))
        return [Mounted(backend=one, tenants=("acme",)) for one in (shop, web)]

    def _act(self, what: str) -> Any:
        async def act(thing: Thing, calling: Calling) -> Output:
            return await self._done(what, thing, calling)

        return act

    async def _done(self, what: str, thing: Thing, calling: Calling) -> Output:
        """The moods before the act leave nothing done; those after it leave it done and nobody told."""
        match thing.mood:
            case "refused":
                raise Refused("The shop will not.")
            case "away":
                raise Unavailable("The shop is closed.")
            case "hangs":
                await asyncio.Event().wait()
        kept(self.done, {"what": what, "item": thing.item, "id": calling.id, "key": calling.key, "mood": thing.mood})
        match thing.mood:
            case "late":
                await asyncio.Event().wait()
            case "broken":
                raise Broken
            case "other":
                return said({"n": "muitos", "surplus": [None]})
            case "secret":
                return said({"n": 2, "note": "CPF 390.533.447-05"})
        return said({"n": 1, "note": thing.item})

    async def _cancel(self, cancel: Cancel, calling: Calling) -> Output:
        kept(self.done, {"what": "cancel", "item": str(cancel.order), "id": calling.id, "key": calling.key, "mood": "right"})
        return said({"n": 1})
