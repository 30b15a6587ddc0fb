"""Accepting an intent."""

from dataclasses import dataclass, replace
from typing import Any

from hulk.kernel import ids
from hulk.kernel.durable import Change, Commit, Runs, Started
from hulk.kernel.errors import Conflict, Exhausted, NotFound
from hulk.kernel.events import Trail, changed
from hulk.kernel.tenancy import Principal
from hulk.kernel.text import Language
from hulk.kernel.time import Clock, utc_now
from hulk.modules.intents.domain import Asked, Intent
from hulk.modules.intents.ports import Admit, Agents, CheckSource, Expects, Intents, Quota, RequireNamespace, unready
from hulk.modules.intents.usecases.facts import fact
from hulk.modules.skills import spoken, zone

WORKFLOW = "intent"


@dataclass(frozen=True, slots=True)
class AcceptIntent:
    """Keeps what was asked, durably, before anything is done about it."""

    intents: Intents
    runs: Runs
    trail: Trail
    commit: Commit
    check: CheckSource
    admit: Admit
    quota: Quota
    require_namespace: RequireNamespace
    agents: Agents
    language: Language | None
    zone: str
    expects: Expects = unready
    clock: Clock = utc_now

    async def __call__(self, asked: Asked, principal: Principal, trace: str | None) -> Intent:
        """The accepted intent, or the one accepted before under the same idempotency key.

        Raises `Refused`, `TooLarge`, `NotFound` or `Forbidden` for what was asked, `Conflict` when the key was used for
        something else, `Exhausted` when too much waits, `Unavailable` when it cannot be kept."""
        intent = self._intent(asked.checked(), principal, trace)
        if asked.key and (known := await self._known(intent)):
            return known
        await self._fits(intent)
        self.admit()
        [kept] = await self.commit(self._kept(intent, asked.reason))
        if isinstance(kept, Exhausted):
            raise kept
        return intent if kept else await self._known(intent) or intent

    async def prepared(
        self, asked: Asked, principal: Principal, trace: str | None, *, admitted: bool = False
    ) -> tuple[Intent, Change[bool]]:
        """The intent and the change that accepts it, for whoever commits it together with something of their own; False when one
        under its key was accepted before. `admitted`: there was room for it already. Raises as calling does, but for `Conflict`; the
        change raises `Exhausted`."""
        intent = self._intent(asked.checked(), principal, trace)
        await self._fits(intent)
        if not admitted:
            self.admit()
        keep = self._kept(intent, asked.reason)

        def change(tx: Any) -> bool:
            kept = keep(tx)
            if isinstance(kept, Exhausted):
                raise kept
            return kept

        return intent, change

    async def _fits(self, intent: Intent) -> None:
        await self.require_namespace(intent.tenant, intent.namespace)
        if intent.agent:
            self.agents.require(intent.principal, intent.agent)
        for source in intent.sources:
            await self.check(intent.tenant, source)

    def _intent(self, asked: Asked, principal: Principal, trace: str | None) -> Intent:
        name = ids.new("int")
        return Intent(
            id=name, tenant=principal.tenant, namespace=asked.namespace, actor=principal.actor, text=asked.text.strip(),
            language=asked.language or self.language or spoken(asked.text), zone=str(zone(asked.zone or self.zone)),
            agent=asked.agent, grants=principal.grants, channel=asked.channel, turns=asked.turns, private=asked.private,
            sources=asked.sources, key=asked.key, digest=asked.digest(), run=f"run_{name.removeprefix('int_')}",
            trace=trace, status="accepted", created=self.clock(),
        )  # fmt: skip

    async def _known(self, intent: Intent) -> Intent | None:
        """The intent that was accepted under the same key; raises `Conflict` when it asked for something else."""
        try:
            known = await self.intents.by_key(intent.tenant, intent.key or "")
        except NotFound:
            return None
        if known.digest != intent.digest:
            raise Conflict("The idempotency key “{key}” was used for another request ({id}). Use a new one.", key=intent.key, id=known.id)
        return known

    def _kept(self, intent: Intent, reason: str) -> Change[bool | Exhausted]:
        """The intent, its run and its event, together; False when its key is taken. Why not, and nothing written, when its tenant's
        quota has no room: raising it would have all that commit together begin anew."""
        started = Started(
            workflow=WORKFLOW, data={"intent": intent.id, "language": intent.language}, tenant=intent.tenant, id=intent.run,
            intent=intent.id, trace=intent.trace, attributes={"actor": intent.actor}, namespace=intent.namespace,
        )  # fmt: skip
        facts = {
            "run": intent.run,
            "digest": intent.digest,
            "characters": len(intent.text),
            "language": intent.language,
            "sources": len(intent.sources),
            **changed(reason, None, {"status": intent.status, "namespace": intent.namespace}),
        }
        event = replace(fact("hulk.intent.accepted.v1", intent, facts), actor=intent.actor)
        self.expects(intent.text)
        add, begin, append = self.intents.add(intent), self.runs.begin(started), self.trail.append(event)
        quota = self.quota(intent.tenant)

        def change(tx: Any) -> bool | Exhausted:
            if over := quota(tx):
                return over
            if not add(tx):
                return False
            begin(tx)
            append(tx)
            return True

        return change
