"""What kinds of channels there are, and what is to be done to add one. Nothing is written and no secret taken: settings are files."""

import shlex
from typing import Annotated, Any

import yaml
from fastapi import APIRouter, Path, Query

from hulk.apps.channel_setup import NewChannel, Plan, guide, kinds, missing, planned, require_no_secrets, steps
from hulk.kernel.errors import Refused
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import is_name
from hulk.runtime.http import Caller, Spoken, allow_somewhere

_Setting = Annotated[str, Query(max_length=300)]


def channel_kind_routes() -> APIRouter:
    """`/v1/channel-kinds`."""
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
        """At the vendor, in the settings file and in the environment; `entry` is null while something is missing."""
        allow_somewhere(caller, "read", "channels")
        given = _pairs(setting)
        require_no_secrets(kind, given)
        needed = [{"name": one, "about": about} for one, about in missing(kind, {})]
        plan = planned(NewChannel(kind=kind, name=name, given=given)) if is_name(name) else None
        shown: JsonObject = {"entry": None, "variables": [], "command": None, "check": None, "problem": None}
        if plan is not None and plan.problem is not None:
            shown["problem"] = voice.say(plan.problem)
        elif plan is not None and plan.entry is not None:
            shown |= _shown(kind, name, plan, given)
        return {"kind": kind, "steps": steps(kind, name, voice), "guide": guide(kind, voice.language), "needed": needed, **shown}

    return router


def _shown(kind: str, name: str, plan: Plan, given: dict[str, str]) -> dict[str, Any]:
    settings = [shlex.quote(f"{one}={value}") for one, value in given.items()]
    return {
        "entry": yaml.safe_dump({"channels": {kind: [dict(plan.entry or {})]}}, sort_keys=False, allow_unicode=True),
        "variables": [{"variable": place, "about": about} for place, about in plan.variables.items()],
        "command": " ".join(["thor channels add", kind, name, *settings]), "check": f"thor channels check {name}",
    }  # fmt: skip


def _pairs(settings: list[str]) -> dict[str, str]:
    found = {}
    for one in settings:
        name, sign, value = one.partition("=")
        if not sign:
            raise Refused("“{text}” is no setting: write name=value.", text=one[:80])
        found[name] = value
    return found
