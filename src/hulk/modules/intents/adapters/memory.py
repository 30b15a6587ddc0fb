"""Intents and their plans in memory: for tests and for trying things out."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from hulk.kernel.durable import Change
from hulk.kernel.errors import NotFound
from hulk.kernel.records import JsonObject
from hulk.kernel.time import Clock, utc_now
from hulk.modules.intents.domain import Brief, Intent, Plan, Status


class MemoryIntents:
    """Keeps `Intents`' promises in this process."""

    def __init__(self, clock: Clock = utc_now) -> None:
        self._clock = clock
        self._intents: dict[str, Intent] = {}
        self._plans: dict[str, Plan] = {}

    def add(self, intent: Intent) -> Change[bool]:
        """See `Intents`."""

        def change(_: Any) -> bool:
            taken = intent.id in self._intents or (intent.key is not None and self._under(intent.tenant, intent.key) is not None)
            if not taken:
                self._intents[intent.id] = intent
            return not taken

        return change

    def decided(self, intent: str, decision: str) -> Change[None]:
        """See `Intents`."""

        def change(_: Any) -> None:
            self._update(intent, status="running", decision=decision)

        return change

    def planned(self, intent: str, plan: Plan) -> Change[None]:
        """See `Intents`."""

        def change(_: Any) -> None:
            self._plans.setdefault(plan.id, plan)
            self._update(intent, plan=plan.id)

        return change

    def end(self, intent: str, status: Status, *, answer: str, problem: JsonObject | None = None) -> Change[bool]:
        """See `Intents`."""
        forgotten = {"turns": ()} if status == "completed" else {}
        return lambda _: self._update(intent, status=status, answer=answer, problem=problem, ended=self._clock(), **forgotten)

    def reopen(self, intent: str) -> Change[bool]:
        """See `Intents`."""

        def change(_: Any) -> bool:
            found = self._intents.get(intent)
            if found is None or found.status != "failed":
                return False
            self._intents[intent] = replace(found, status="running", answer=None, problem=None, ended=None)
            return True

        return change

    def _update(self, intent: str, **values: Any) -> bool:
        """Whether there is such an intent that has not ended."""
        found = self._intents.get(intent)
        if found is None or found.ended_already:
            return False
        self._intents[intent] = replace(found, **values)
        return True

    async def get(self, intent: str) -> Intent:
        """See `Intents`."""
        if intent not in self._intents:
            raise NotFound("There is no intent {id}.", id=intent)
        return self._intents[intent]

    async def by_key(self, tenant: str, key: str) -> Intent:
        """See `Intents`."""
        found = self._under(tenant, key)
        if found is None:
            raise NotFound("No intent was accepted under the idempotency key “{key}”.", key=key)
        return found

    async def by_trace(self, trace: str, tenant: str | None) -> Intent:
        """See `Intents`."""
        found = [one for one in self._intents.values() if one.trace_id == trace and tenant in (None, one.tenant)]
        if not found:
            raise NotFound("There is no intent with the trace {trace}.", trace=trace)
        return max(found, key=lambda one: one.id)

    def _under(self, tenant: str, key: str) -> Intent | None:
        return next((intent for intent in self._intents.values() if (intent.tenant, intent.key) == (tenant, key)), None)

    async def recent(
        self, tenant: str, *, status: Status | None, limit: int, within: Collection[str] | None = None, before: str | None = None
    ) -> list[Brief]:
        """See `Intents`."""
        fitting = [one for one in self._intents.values() if one.tenant == tenant and status in (None, one.status)]
        fitting = [one for one in fitting if within is None or one.namespace in within]
        if before is not None:
            last = self._intents.get(before)
            known = last is not None and last.tenant == tenant
            fitting = [one for one in fitting if last and known and (one.created, one.id) < (last.created, last.id)]
        return [one.brief for one in sorted(fitting, key=lambda one: (one.created, one.id), reverse=True)[:limit]]
