"""Whether a model that somebody wants to add would do, and what is to be written where. Nothing is written, and nothing is sent anywhere:
a key that the settings do not name yet goes to no address that was typed into a page (ADR 59)."""

import os
import shlex
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import yaml
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hulk.kernel.errors import HulkError, Invalid, Refused
from hulk.kernel.records import JsonObject
from hulk.kernel.text import Text, Voice
from hulk.modules.router import Model
from hulk.modules.router.settings import LOCAL, ModelsSettings, ProviderSettings
from hulk.modules.router.wiring import models_of
from hulk.runtime.config import Config, parsed
from hulk.runtime.http import Caller, Spoken, allow
from hulk.runtime.secrets import Environment, Files, Source
from hulk.runtime.validation import Explained, dotted, expected

PriceKnown = Callable[[Model], Awaitable[bool]]
"""Whether it is known what a model costs: one whose price is not known is never asked."""
_KEY = Text("say where the key is, as env:NAME or file:/run/secrets/name, never the key itself")


class ModelBody(BaseModel):
    """A model as it would stand in `models.providers`; what is empty is left out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(max_length=1000)
    kind: str = Field(default="compatible", max_length=1000)
    model: str = Field(max_length=1000)
    url: str = Field(default="", max_length=4000)
    api_key: str = Field(default="", max_length=4000, description="Where its key is: `env:NAME`, `file:/path`. Never the key.")
    local: bool = False

    def entry(self) -> dict[str, Any]:
        """As the settings file has it."""
        return {name: value for name, value in self if value or name in ("name", "model")}


def model_check_routes(config: Config, price_known: PriceKnown) -> APIRouter:
    """`/v1/router/models/check`."""
    router = APIRouter(prefix="/v1/router/models", tags=["router"])

    @router.post("/check", summary="Whether a model could be added, and how")
    async def check(body: ModelBody, caller: Caller, voice: Spoken) -> JsonObject:
        """What is wrong, field by field (422); else what to write where. `key` tells admins of the tenant `default` whether the key can be
        read in this process, and is null for others; `price` is whether it is known what the model costs."""
        allow(caller, "read", "router")
        settings, platform = checked(body, config.section(ModelsSettings)), caller.may("read", "platform")
        [model] = models_of(ModelsSettings(providers=(settings,)), None)
        return {
            **_written(body, config, told=platform), "price": await price_known(model),
            "key": await _key(body.api_key, voice) if platform else None,
        }  # fmt: skip

    return router


def checked(body: ModelBody, held: ModelsSettings) -> ProviderSettings:
    """The model of the settings. Raises `Invalid` naming each field that is wrong, of which one may be that a key stands in it."""
    try:
        reference = parsed(body.api_key) if body.api_key else None
    except Explained as error:
        raise Invalid([("api_key", error.text)]) from error
    if body.api_key and reference is None:
        raise Invalid([("api_key", _KEY)])
    if body.name in {LOCAL, *(one.name for one in held.providers)}:
        text = Text("there is a model “{name}” already: take another name, or change it in the settings", name=body.name)
        raise Invalid([("name", text)])
    try:
        return ProviderSettings.model_validate(body.entry())
    except ValidationError as error:
        raise Invalid([(dotted(one["loc"]) or "url", expected(one)) for one in error.errors()]) from error


def _written(body: ModelBody, config: Config, *, told: bool) -> JsonObject:
    """What is written where. Where the file is, is told only to who may read the settings."""
    file = str(config.file) if told and config.file else None
    entry = yaml.safe_dump({"models": {"providers": [body.entry()]}}, sort_keys=False, allow_unicode=True)
    return {"entry": entry, "file": file, "command": _command(body, file), "test": f"thor models test {shlex.quote(body.name)}"}


def _command(body: ModelBody, file: str | None) -> str:
    options: Mapping[str, str | None] = {
        "--model": body.model, "--kind": body.kind, "--url": body.url, "--key": body.api_key, "--config": file,
    }  # fmt: skip
    named = [part for option, value in options.items() if value for part in (option, value)]
    return shlex.join(["thor", "models", "add", body.name, *named, *(["--local"] if body.local else [])])


async def _key(place: str, voice: Voice) -> JsonObject:
    """Whether the key can be had, as this process would have it; `found` is null where that is not known before a start."""
    reference = parsed(place) if place else None
    sources: Mapping[str, Source] = {"env": Environment(os.environ), "file": Files()}
    source = sources.get(reference.kind) if reference else None
    if reference is None or source is None:
        return {"place": place or None, "found": None, "problem": None}
    try:
        if await source.read(reference.name):
            return {"place": place, "found": True, "problem": None}
        raise Refused("It is empty.")
    except HulkError as error:
        return {"place": place, "found": False, "problem": voice.say(error.text)}
