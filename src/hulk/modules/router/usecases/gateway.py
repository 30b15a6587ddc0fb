"""Programs that ask models through Hulk: decided on, executed and paid for like anything else that is asked."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from hulk.kernel import ids
from hulk.kernel.durable import Commit
from hulk.kernel.errors import Forbidden, HulkError, NotFound, Refused
from hulk.kernel.tenancy import Principal
from hulk.kernel.text import Language, Text
from hulk.kernel.time import Clock
from hulk.modules.router.domain.asked import AUTO, Asked, last_said
from hulk.modules.router.domain.decision import Decision
from hulk.modules.router.domain.matching import Match
from hulk.modules.router.domain.model import Delta, Ended, Model, Prompt
from hulk.modules.router.ports import Schemas
from hulk.modules.router.usecases.answer import Measure
from hulk.modules.router.usecases.asking import Scan
from hulk.modules.router.usecases.choosing import Select
from hulk.modules.router.usecases.decide import Keep, of_models
from hulk.modules.router.usecases.executing import Answered, Execute, Stream, Streaming
from hulk.modules.router.usecases.weighing import Able, none_of

NO_SKILL = Match(skill=None, reason=Text("It is a prompt for models: no skill is looked for."))


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A prompt and what its sender says of it: `wanted` is a model's name or `auto`, `p0` that it must stay in the company, `intent` what
    it belongs to, if that is more than itself."""

    prompt: Prompt
    language: Language
    wanted: str = AUTO
    channel: str = ""
    agent: str = ""
    episode: str = ""
    collections: tuple[str, ...] = ()
    p0: bool = False
    intent: str = ""
    key: str = field(default_factory=lambda: ids.new("req"))


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided on a call: who answers, first of the chain; or why nobody does."""

    asked: Asked
    decision: Decision
    chain: Sequence[Able]
    objections: Sequence[HulkError]

    @property
    def refusal(self) -> HulkError:
        """Why nobody answers."""
        return none_of(self.objections)


def require(by: Principal) -> None:
    """Raises `Forbidden` unless `by` may ask models."""
    if not by.may("write", "router"):
        raise Forbidden("Asking models needs the role operator in all of the tenant; your roles are {roles}.", roles=by.roles or "—")


@dataclass(frozen=True, slots=True)
class Gateway:
    """The acts of the gateway."""

    models: Sequence[Model]
    scan: Scan
    select: Select
    keep: Keep
    execute: Execute
    streams: Stream
    measure: Measure
    schemas: Schemas
    commit: Commit
    clock: Clock
    others: Sequence[Model] = ()
    """Models for something else, so that who names one of them is told."""

    async def decide(self, by: Principal, call: Call) -> Decided:
        """Decide, and keep the decision. Raises `Forbidden`, `NotFound` for a model that is not there, `Refused` for one that is for
        something else and for a schema that is none."""
        require(by)
        self._require_known(call)
        asked = await self._asked(by, call)
        selected = await self.select(asked)
        names = tuple(model.name for model in self.models)
        tried = selected.weighed.asked
        decision, changes = self.keep(tried, of_models(selected), names, NO_SKILL)
        await self.commit(*changes)
        return Decided(tried, decision, selected.chain, [error for _, error in selected.weighed.objections])

    async def complete(self, decided: Decided) -> Answered:
        """The answer, whole. Raises as `Execute`, and why nobody answers."""
        if not decided.chain:
            raise decided.refusal
        begun = self.clock()
        answered = await self.execute(decided.asked, decided.chain)
        await self._measured(decided, answered, begun)
        return answered

    @contextlib.asynccontextmanager
    async def stream(self, decided: Decided) -> AsyncIterator[Streaming]:
        """The answer while it comes. Raises as `Stream`, and why nobody answers."""
        if not decided.chain:
            raise decided.refusal
        begun = self.clock()
        async with self.streams(decided.asked, decided.chain) as streaming:
            streaming.deltas = self._noted(decided, streaming, streaming.deltas, begun)
            yield streaming

    def _require_known(self, call: Call) -> None:
        known = [model.name for model in self.models]
        if (other := next((model for model in self.others if model.name == call.wanted), None)) is not None:
            raise of_another_purpose(other)
        if call.wanted != AUTO and call.wanted not in known:
            raise NotFound("There is no model {model}; there are: {known}, and auto.", model=call.wanted, known=", ".join(known) or "—")
        if call.prompt.schema is not None:
            self.schemas.require_schema(dict(call.prompt.schema.schema))

    async def _asked(self, by: Principal, call: Call) -> Asked:
        return Asked(
            prompt=call.prompt, tenant=by.tenant, intent=call.intent or call.key, key=call.key, language=call.language, wanted=call.wanted,
            scan=await self.scan(call.prompt, call.channel, call.collections, p0=call.p0), text=last_said(call.prompt.messages),
            channel=call.channel,
            agent=call.agent, person=by.actor, episode=call.episode,
        )  # fmt: skip

    async def _measured(self, decided: Decided, answered: Answered, begun: datetime) -> None:
        seconds = (self.clock() - begun).total_seconds()
        await self.measure(decided.asked, answered, decided.chain[0].model.name, seconds)

    async def _noted(self, decided: Decided, streaming: Streaming, deltas: AsyncIterator[Delta], begun: datetime) -> AsyncIterator[Delta]:
        async for delta in deltas:
            if isinstance(delta, Ended):
                await self._measured(decided, Answered(streaming.able, delta.completion, streaming.bill), begun)
            yield delta


def of_another_purpose(model: Model) -> Refused:
    """Why a model is not asked for what it is not for."""
    if model.purpose == "embeddings":
        return Refused("{model} makes vectors and gives no answers: ask it at /v1/embeddings.", model=model.name)
    return Refused("{model} gives answers and makes no vectors: ask it at /v1/chat/completions.", model=model.name)
