"""What `thor` asks of a tenant's policies, row by row, as an admin of the tenant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from pydantic import BaseModel

from hulk.apps.members import admin
from hulk.kernel.text import Text, Voice
from hulk.modules.router import PolicyActs
from hulk.modules.router.api.policies import CircumstancesBody, PoliciesBody, check_view, in_force_view, numbered, policy_view, version_view
from hulk.runtime.config import document
from hulk.runtime.validation import parsed

Row: TypeAlias = Mapping[str, Any]
Body = TypeVar("Body", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class PolicyRows:
    """The acts on policies, as rows."""

    acts: PolicyActs
    voice: Voice

    async def show(self, tenant: str) -> list[Row]:
        """Those that hold, a row each; then what is wrong with them by now."""
        view = in_force_view(await self.acts.show(admin(tenant)), self.voice)
        problems = [{"name": one["field"], "origin": "problem", "detail": one["detail"]} for one in view["problems"]]
        return [*(_row(one) for one in view["policies"]), *problems]

    async def versions(self, tenant: str, most: int) -> list[Row]:
        """The versions, newest first."""
        return [version_view(one) for one in await self.acts.versions(admin(tenant), None, most)]

    async def version(self, tenant: str, number: str) -> list[Row]:
        """The policies of a version, a row each."""
        found, _ = await self.acts.version(admin(tenant), numbered(number))
        return [_row(policy_view(one, "own")) for one in found.policies]

    async def diff(self, tenant: str, before: str, after: str) -> list[Row]:
        """What is another from one version to the other."""
        _, changes = await self.acts.version(admin(tenant), numbered(after), numbered(before))
        return self._changed(changes)

    async def apply(self, tenant: str, file: Path, reason: str, after: int | None, *, dry_run: bool) -> list[Row]:
        """What is another with the policies of that file, which hold now unless it was a trial. The file is as `PUT` takes it."""
        wanted, by = parsed(PoliciesBody, document.read(file).values), admin(tenant)
        policies = [one.policy() for one in wanted.policies]
        if dry_run or wanted.dry_run:
            return self._changed((await self.acts.put.dry_run(by, policies, expected=after)).changes)
        return self._changed((await self.acts.put(by, policies, reason or wanted.reason, expected=after)).changes)

    async def restore(self, tenant: str, number: str, reason: str) -> list[Row]:
        """What is another now."""
        return self._changed((await self.acts.restore(admin(tenant), numbered(number), reason)).changes)

    async def check(self, tenant: str, given: Mapping[str, Any]) -> list[Row]:
        """Each policy with whether it applies, each model with whether it may answer, and the limits."""
        by, wanted = admin(tenant), parsed(CircumstancesBody, {name: value for name, value in given.items() if value is not None})
        view = check_view(await self.acts.check(by, wanted.around(by, self.acts.clock())), self.voice)
        policies = [{"what": "policy", "name": one["name"], "holds": one["applies"], "detail": one["why"]} for one in view["policies"]]
        models = [{"what": "model", "name": one["model"], "holds": one["may"], "detail": one["why"]} for one in view["models"]]
        limits = [
            {"what": name, "name": limit["policy"], "holds": True, "detail": str(limit.get("value", limit.get("seconds")))}
            for name in ("max_cost", "max_time") if (limit := view[name])
        ]  # fmt: skip
        return [*policies, *models, *limits]

    def _changed(self, changes: Sequence[Text]) -> list[Row]:
        return [{"detail": self.voice.say(text)} for text in changes]


def _row(view: Row) -> Row:
    """A policy with what it says in one line."""
    said = {**{f"when.{name}": value for name, value in view["when"].items()}, **{name: view[name] for name in _SAID if name in view}}
    detail = "; ".join(f"{name}: {_written(value)}" for name, value in said.items() if value)
    return {"name": view["name"], "origin": view["origin"], "detail": detail}


_SAID = ("allow", "deny", "max_cost", "max_time", "mask")


def _written(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(str(part) for part in value.values() if part)
    return ", ".join(map(_written, value)) if isinstance(value, list) else str(value)
