"""`/v1/router/policies`: which models may answer what, as the settings and the tenant say it."""

from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias

from fastapi import APIRouter, Header, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from hulk.kernel.errors import Invalid
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import Principal
from hulk.kernel.text import Text, Voice
from hulk.kernel.time import iso
from hulk.modules.router.domain.policy import MOST_POLICIES, Circumstances, Policy, PolicySet, Version
from hulk.modules.router.domain.sensitivity import Sensitivity
from hulk.modules.router.settings import Amount, HoursSettings, OwnPolicySettings, OwnWhenSettings
from hulk.modules.router.usecases.policies import Checked, InForce, PolicyActs, Put
from hulk.runtime.http import Caller, Reasoned, Spoken
from hulk.runtime.validation import Moment

Name = Annotated[str, Field(max_length=128, pattern=r"^[A-Za-z0-9_.@:-]*$")]
Number: TypeAlias = Annotated[str, Path(max_length=64, description="The number of the version.")]
_FOLLOWS = "The ETag of the version that it is to follow; without one the last word counts."
Follows: TypeAlias = Annotated[str | None, Header(alias="If-Match", max_length=64, description=_FOLLOWS)]


class PoliciesBody(Reasoned):
    """All own policies of the tenant."""

    policies: Annotated[list[OwnPolicySettings], Field(max_length=MOST_POLICIES)] = Field(
        description="What holds from now on, besides the policies of the settings."
    )
    dry_run: bool = Field(default=False, description="Only tell what would come of it.")


class CircumstancesBody(BaseModel):
    """What a question might come with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channel: Name = Field(default="", description="The channel; empty is none.")
    agent: Name = Field(default="", description="The agent; empty is none.")
    sensitivity: Sensitivity = Field(default="public", description="`p0`: it holds what must stay in the company.")
    at: Moment | None = Field(default=None, description="When; now, unless it says otherwise.")
    spent: Annotated[Amount, Field(le=1000)] | None = Field(default=None, description="The share of the month's budget that is used.")
    policies: Annotated[list[OwnPolicySettings], Field(max_length=MOST_POLICIES)] | None = Field(
        default=None, description="What the tenant's own policies are taken to be; those that hold, unless it says otherwise."
    )

    def around(self, by: Principal, now: datetime) -> Circumstances:
        """As the domain has it."""
        return Circumstances(
            tenant=by.tenant, channel=self.channel, agent=self.agent, sensitivity=self.sensitivity, at=self.at or now, spent=self.spent
        )  # fmt: skip


def routes(acts: PolicyActs) -> APIRouter:
    """All of them."""
    router = APIRouter(prefix="/v1/router/policies", tags=["router"])
    _of_the_set(router, acts)
    _of_versions(router, acts)
    return router


def _of_the_set(router: APIRouter, acts: PolicyActs) -> None:
    @router.get("", summary="The policies that hold")
    async def show(caller: Caller, voice: Spoken, response: Response) -> JsonObject:
        """Those of the settings (`origin: settings`, read only), then the tenant's own. The ETag is the version of these."""
        found = await acts.show(caller)
        response.headers["etag"] = _tag(found.own.version if found.own else None)
        return in_force_view(found, voice)

    @router.put("", summary="Replace the tenant's own policies")
    async def put(body: PoliciesBody, caller: Caller, voice: Spoken, response: Response, if_match: Follows = None) -> JsonObject:
        """A new version, in force at once here and in other processes within 2 s. They can only take away from what the settings allow."""
        wanted, expected = [one.policy() for one in body.policies], _expected(if_match)
        if body.dry_run:
            done = await acts.put.dry_run(caller, wanted, expected=expected)
        else:
            done = await acts.put(caller, wanted, body.reason, expected=expected)
        response.headers["etag"] = _tag(done.now)
        return put_view(done, voice, dry_run=body.dry_run)

    @router.post("/check", summary="What would hold, and which models could answer")
    async def check(body: CircumstancesBody, caller: Caller, voice: Spoken) -> JsonObject:
        """Of each policy whether it applies, of each model whether it may answer, and why. Nothing is asked, and nothing changed."""
        instead = None if body.policies is None else [one.policy() for one in body.policies]
        return check_view(await acts.check(caller, body.around(caller, acts.clock()), instead), voice)


def _of_versions(router: APIRouter, acts: PolicyActs) -> None:
    @router.get("/versions", summary="The versions of the tenant's own policies")
    async def versions(
        caller: Caller,
        before: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Only those before that number.")] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> dict[str, list[JsonObject]]:
        """The newest first; `size` is how many policies it has."""
        return {"versions": [version_view(one) for one in await acts.versions(caller, before, limit)]}

    @router.get("/versions/{version}", summary="A version, and what is another in it")
    async def version(
        version: Number,
        caller: Caller,
        voice: Spoken,
        against: Annotated[int | None, Query(ge=0, le=2**31 - 1, description="The version to compare with; the one before.")] = None,
    ) -> JsonObject:
        """Its policies can be put as they are."""
        found, changes = await acts.version(caller, numbered(version), against)
        return set_view(found) | {"changes": [voice.say(text) for text in changes]}

    @router.post("/versions/{version}/restore", summary="Put the policies of an old version in force again")
    async def restore(
        version: Number, caller: Caller, voice: Spoken, response: Response, body: Reasoned | None = None, if_match: Follows = None
    ) -> JsonObject:
        """As a new version. They must not contradict the settings of today."""
        reason = body.reason if body else ""
        done = await acts.restore(caller, numbered(version), reason, expected=_expected(if_match))
        response.headers["etag"] = _tag(done.now)
        return put_view(done, voice)


def numbered(version: str) -> int:
    """The number in an address; what is none is the number of no version."""
    return int(version) if version.isascii() and version.isdecimal() and len(version) < 10 else 0


def _expected(if_match: str | None) -> int | None:
    """The version that is to be in force; None for any."""
    if if_match is None or if_match.strip() == "*":
        return None
    number = if_match.strip().strip('"')
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        raise Invalid([("header.If-Match", Text('the ETag of a version is expected, as in "3"'))])
    return int(number)


def _tag(version: Version | None) -> str:
    return f'"{version.number if version else 0}"'


# How they are shown ---------------------------------------------------------------------------------------------------------------


def in_force_view(found: InForce, voice: Voice) -> JsonObject:
    """The policies that hold, with what is wrong with the own ones by now."""
    settings = [policy_view(one, "settings") for one in found.settings]
    own = [policy_view(one, "own") for one in (found.own.policies if found.own else ())]
    problems = [{"field": f"policies{place}", "detail": voice.say(text)} for place, text in found.wrong]
    return {**_about(found.own.version if found.own else None), "policies": [*settings, *own], "problems": problems}


def put_view(done: Put, voice: Voice, *, dry_run: bool = False) -> JsonObject:
    """What a change came to."""
    policies, changes = [policy_view(one) for one in done.policies], [voice.say(text) for text in done.changes]
    return {**_about(done.now), "dry_run": dry_run, "changes": changes, "policies": policies}


def set_view(found: PolicySet) -> JsonObject:
    """A version with its policies."""
    return {**version_view(found.version), "policies": [policy_view(one) for one in found.policies]}


def version_view(one: Version) -> JsonObject:
    """Who made it when and why."""
    return {"version": one.number, "at": iso(one.at), "by": one.by, "reason": one.reason, "restored": one.restored, "size": one.size}


def _about(version: Version | None) -> JsonObject:
    nothing = {"version": 0, "at": None, "by": None, "reason": "", "restored": None, "size": 0}
    return version_view(version) if version else nothing


def policy_view(policy: Policy, origin: Literal["settings", "own"] | None = None) -> JsonObject:
    """A policy as the settings and the API take it; of which tenants one of the settings is, only these are told."""
    when = policy.when
    hours = tuple(HoursSettings(begin=one.begin, end=one.end, zone=one.zone, days=one.days) for one in when.hours)
    kept = OwnPolicySettings.model_construct(
        name=policy.name, allow=policy.allow, deny=policy.deny, max_cost=policy.most_cost, max_time=policy.most_time,
        when=OwnWhenSettings.model_construct(
            channels=when.channels, agents=when.agents, sensitivity=when.sensitivity, hours=hours, spent=when.spent
        ),
    )  # fmt: skip
    view: dict[str, Any] = kept.model_dump(mode="json")
    masked = {"mask": policy.mask} if origin == "settings" else {}
    return view | masked | ({"origin": origin} if origin else {})


def check_view(found: Checked, voice: Voice) -> JsonObject:
    """What holds in some circumstances."""
    around, rules = found.around, found.ruling
    policies = [
        {
            "name": one.policy.name, "origin": "settings" if given else "own", "applies": one.applies, "why": voice.say(one.why),
        }
        for one, given in found.standings
    ]  # fmt: skip
    return {
        "circumstances": {
            "channel": around.channel, "agent": around.agent, "sensitivity": around.sensitivity, "at": iso(around.at),
            "spent": None if around.spent is None else f"{around.spent:f}",
        },
        "policies": policies,
        "models": [
            {"model": name, "may": why is None, "why": voice.say(why or Text("No policy objects."))} for name, why in found.models
        ],
        "max_cost": rules.most_cost and {"value": f"{rules.most_cost[0]:f}", "policy": rules.most_cost[1]},
        "max_time": rules.most_time and {"seconds": rules.most_time[0].total_seconds(), "policy": rules.most_time[1]},
        "mask": rules.masks,
    }  # fmt: skip
