"""What kinds of channels there are, and what is to be done to add one. Nothing is written and no secret taken (ADR 59)."""

import os
import shlex
from collections.abc import Collection
from typing import Annotated

import yaml
from fastapi import APIRouter, Path, Query

from hulk.apps.channel_setup import NewChannel, Plan, guide, kinds, missing, planned, require_no_secrets, steps
from hulk.kernel.errors import Refused
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import is_name
from hulk.kernel.text import Text, Voice
from hulk.modules.channels.settings import ChannelsSettings
from hulk.runtime.config import Config
from hulk.runtime.http import Caller, Spoken, allow_somewhere

_Setting = Annotated[str, Query(max_length=300)]


def channel_kind_routes(config: Config) -> APIRouter:
    """`/v1/channel-kinds`."""
    taken = {one.name for _, _, one in config.section(ChannelsSettings).all()}
    router = APIRouter(prefix="/v1", tags=["channels"])

    @router.get("/channel-kinds", summary="The kinds of channels")
    async def listed(caller: Caller, voice: Spoken) -> dict[str, list[JsonObject]]:
        """By name."""
        allow_somewhere(caller, "read", "channels")
        return {"kinds": [{"kind": kind, "guide": guide(kind, voice.language)} for kind in sorted(kinds())]}

    @router.get("/channel-kinds/{kind}", summary="What is to be done to add a channel of a kind")
    async def one(
        kind: Annotated[str, Path(max_length=64)], caller: Caller, voice: Spoken,
        name: Annotated[str, Query(max_length=63, description="What it will be called.")] = "",
        setting: Annotated[list[_Setting], Query(max_length=50, description="`name=value`, again for more; no secrets.")] = [],  # noqa: B006  # FastAPI copies it
    ) -> JsonObject:  # fmt: skip
        """At the vendor, in the settings file and in the environment; `entry` is null while something is missing or wrong, and `errors` say
        of each setting what is expected. Admins of the tenant `default` are told where the file is, and which variables are set."""
        allow_somewhere(caller, "read", "channels")
        given = _pairs(setting)
        require_no_secrets(kind, given)
        needed = [{"name": one, "about": voice.say(Text(about))} for one, about in missing(kind, {})]
        plan = _planned(kind, name, given, taken) if name else Plan(entry=None, variables={})
        host = _Host(config) if caller.may("read", "platform") else None
        return {
            "kind": kind, "steps": steps(kind, name, voice), "guide": guide(kind, voice.language), "needed": needed,
            "problem": plan.problem and voice.say(plan.problem),
            "errors": [{"field": field, "detail": voice.say(text)} for field, text in plan.wrong],
            **(_NOTHING if plan.entry is None else _shown(kind, name, plan, given, host, voice)),
        }  # fmt: skip

    return router


_NOTHING: JsonObject = {"entry": None, "variables": [], "command": None, "check": None, "file": None}


class _Host:
    """Where this process has its settings from: for those only who may read them."""

    def __init__(self, config: Config) -> None:
        self.file = None if config.file is None else str(config.file)

    def has(self, variable: str) -> bool:
        """Whether that variable holds something."""
        return bool(os.environ.get(variable))


def _planned(kind: str, name: str, given: dict[str, str], taken: Collection[str]) -> Plan:
    """The plan; without an entry where the name is none, or taken."""
    if name in taken:
        text = Text("there is a channel “{name}” already: take another name, or change it in the settings", name=name)
        return Plan(entry=None, variables={}, problem=text, wrong=[("name", text)])
    if not is_name(name):
        text = Text("1 to 63 small letters, digits and hyphens are expected, no hyphen at the ends")
        return Plan(entry=None, variables={}, problem=text, wrong=[("name", text)])
    return planned(NewChannel(kind=kind, name=name, given=given))


def _shown(kind: str, name: str, plan: Plan, given: dict[str, str], host: _Host | None, voice: Voice) -> JsonObject:
    settings = [f"{one}={value}" for one, value in given.items()]
    file = ["--config", host.file] if host and host.file else []
    return {
        "entry": yaml.safe_dump({"channels": {kind: [dict(plan.entry or {})]}}, sort_keys=False, allow_unicode=True),
        "variables": [
            {"variable": place, "about": voice.say(Text(about)), "set": host and host.has(place)} for place, about in plan.variables.items()
        ],
        "command": shlex.join(["thor", "channels", "add", kind, name, *settings, *file]), "check": f"thor channels check {name}",
        "file": host and host.file,
    }  # fmt: skip


def _pairs(settings: list[str]) -> dict[str, str]:
    found = {}
    for one in settings:
        name, sign, value = one.partition("=")
        if not sign:
            raise Refused("“{text}” is no setting: write name=value.", text=one[:80])
        found[name] = value
    return found
