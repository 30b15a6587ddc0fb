"""The gateway as programs use it: OpenAI's own client over a served application, the vendors' twins behind."""

import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import aiohttp
import openai
import pytest
from pydantic import BaseModel
from pydantic_ai import Agent, NativeOutput
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from hulk.kernel.time import Clock, utc_now
from hulk.modules.finops import Budget, Finops
from hulk.modules.finops.adapters.memory import MemoryLedger, MemoryRates, PriceTable
from hulk.modules.finops.domain import OwnPrice, Rate, Tariff
from hulk.modules.finops.usecases import acts
from hulk.modules.router import Model
from hulk.modules.router.adapters.memory import MemoryDecisions, MemoryReceipts
from hulk.modules.router.adapters.vendors import Vendors
from hulk.modules.router.api.openai import PATHS, routes, shaped
from hulk.modules.router.domain.asked import last_said
from hulk.modules.router.domain.labels import Labels
from hulk.modules.router.domain.model import ABILITIES, Abilities, Message
from hulk.modules.router.domain.policy import Policy, When
from hulk.modules.router.usecases.executing import Patience
from hulk.modules.router.usecases.sending import PassOut
from support.memory import at_once
from support.patience import until_found
from support.routing import KEY, router
from support.served import application, served
from support.twins import openai_twin, seen

CPF = "529.982.247-25"
ASK: Any = [{"role": "user", "content": "qual a capital da França?"}]
LONG: Any = [{"role": "user", "content": "palavra " * 100}]
SECRET: Any = [{"role": "user", "content": f"de quem é o cpf {CPF}?"}]
WEATHER: Any = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}},
}


def form(schema: Any) -> Any:
    """An answer by that schema."""
    return {"type": "json_schema", "json_schema": {"name": "place", "schema": schema}}


@pytest.fixture(scope="module")
def twin() -> Iterator[str]:
    with openai_twin() as url:
        yield url


@dataclass
class Bench:
    """A served gateway and what is behind it."""

    web: aiohttp.ClientSession
    client: openai.AsyncOpenAI
    finops: Finops
    decisions: MemoryDecisions
    receipts: MemoryReceipts

    async def ask(self, messages: Any = ASK, model: str = "auto", **more: Any) -> Any:
        return await self.client.chat.completions.create(model=model, messages=messages, **more)

    async def raw(self, body: Any, **headers: str) -> tuple[int, Any, Any]:
        """Status, body and headers of a request that need not be one."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"content-type": "application/json", **headers}
        async with self.web.post("/v1/chat/completions", data=data, headers=headers) as response:
            return response.status, json.loads(await response.read()), response.headers

    async def rows(self, decision: str) -> list[Any]:
        found = await self.decisions.get(decision)
        return [row for row in (await self.finops.cost_of_intent(found.tenant, found.intent))[1] if row.kind == "model"]


async def collected(stream: Any) -> list[Any]:
    return [chunk async for chunk in stream]


async def ended(bench: Bench, decision: str) -> bool:
    return all(row.status != "reserved" for row in await bench.rows(decision))


def model(url: str, name: str = "cloud", vendor: str = "echo", **more: Any) -> Model:
    given: dict[str, Any] = {"input_price": Decimal(1), "output_price": Decimal(1), "total_seconds": 5.0, **more}
    return Model(name=name, url=url, model=vendor, **given)


def client_of(web: aiohttp.ClientSession) -> openai.AsyncOpenAI:
    """OpenAI's own, which does not ask again by itself."""
    url = str(web._build_url("/v1"))
    return openai.AsyncOpenAI(base_url=url, api_key="right", max_retries=0, default_headers={"accept-language": "en"})


@asynccontextmanager
async def gateway(
    *models: Model, policies: Sequence[Policy] = (), budget: Budget | None = None, clock: Clock = utc_now, finops: Finops | None = None,
    **more: Any,
) -> AsyncIterator[Bench]:  # fmt: skip
    decisions, receipts = MemoryDecisions(), MemoryReceipts()
    finops = finops or acts(MemoryLedger(), PriceTable({}), budget or Budget(), at_once, clock)
    provider = Vendors(PassOut(models, KEY, receipts, at_once, clock))
    made = router(*models, provider=provider, policies=policies, finops=finops, decisions=decisions, clock=clock, **more)
    app = application([routes(made.gateway)], shapes=dict.fromkeys(PATHS, shaped))
    try:
        async with served(app) as web, client_of(web) as client:
            yield Bench(web, client, finops, decisions, receipts)
    finally:
        await provider.close()


async def test_the_official_client_is_answered(twin: str) -> None:
    async with gateway(model(twin)) as bench:
        raw = await bench.client.chat.completions.with_raw_response.create(model="auto", messages=ASK)
        answer = raw.parse()
        assert answer.choices[0].message.content == "You said: qual a capital da França?"
        assert answer.choices[0].finish_reason == "stop"
        assert answer.model == raw.headers["x-hulk-model"] == "cloud"
        assert answer.usage is not None
        assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0
        decision = raw.headers["x-hulk-decision-id"]
        [row] = await bench.rows(decision)
        assert Decimal(raw.headers["x-hulk-cost"]) == row.amount > 0
        assert raw.headers["x-hulk-currency"] == row.currency
        assert [one.model for one in await bench.receipts.of_decision("acme", decision)] == ["cloud"]
        kept = await bench.decisions.get(decision)
        assert (kept.kind, kept.name, kept.tenant) == ("model", "cloud", "acme")


async def test_it_streams_as_the_client_expects(twin: str) -> None:
    async with gateway(model(twin)) as bench:
        stream = await bench.ask(stream=True, stream_options={"include_usage": True})
        chunks = [chunk async for chunk in stream]
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        assert text == "You said: qual a capital da França?"
        assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
        last = chunks[-1]
        assert last.usage is not None
        [row] = await bench.rows(last.hulk["decision_id"])
        assert (row.status, str(row.amount)) == ("settled", last.hulk["cost"])


@pytest.mark.parametrize("streaming", [False, True])
async def test_tools_are_called_and_answered(twin: str, streaming: bool) -> None:
    async with gateway(model(twin, vendor="tools")) as bench:
        if streaming:
            async with bench.client.chat.completions.stream(model="auto", messages=ASK, tools=[WEATHER]) as stream:
                answer: Any = await stream.get_final_completion()
        else:
            answer = await bench.ask(tools=[WEATHER])
        [call] = answer.choices[0].message.tool_calls
        assert answer.choices[0].finish_reason == "tool_calls"
        assert call.function.name == "weather"
        assert isinstance(json.loads(call.function.arguments), dict)
        back = answer.choices[0].message.model_dump(exclude_none=True, exclude={"parsed"})
        result = {"role": "tool", "tool_call_id": call.id, "content": "31 °C"}
        again = await bench.ask([*ASK, back, result], tools=[WEATHER])
        assert "31 °C" in again.choices[0].message.content


async def test_an_answer_by_a_schema_follows_it(twin: str) -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}
    async with gateway(model(twin, vendor="json")) as bench:
        answer = await bench.ask(response_format=form(schema))
        assert isinstance(json.loads(answer.choices[0].message.content)["city"], str)


async def test_an_answer_that_does_not_follow_its_schema_is_asked_for_once_more(twin: str) -> None:
    async with gateway(model(twin, vendor="echo")) as bench:
        with pytest.raises(openai.BadRequestError, match="did not follow the JSON Schema"):
            await bench.ask(response_format=form({"type": "object", "required": ["city"]}))
        asked = [one for one in seen(twin) if "That does not follow the JSON Schema" in json.dumps(one)]
        assert len(asked) == 1
        assert asked[0]["messages"][-2]["role"] == "assistant"


async def test_a_named_model_is_obeyed_and_an_unknown_one_told_of(twin: str) -> None:
    async with gateway(model(twin, "one"), model(twin, "two")) as bench:
        assert (await bench.ask(model="two")).model == "two"
        with pytest.raises(openai.NotFoundError, match="There is no model three; there are: one, two") as caught:
            await bench.ask(model="three")
        assert caught.value.code == "model_not_found"


async def test_what_must_stay_goes_to_local_models_only(twin: str) -> None:
    async with gateway(model(twin, "cloud"), model(twin, "inside", local=True)) as bench:
        assert (await bench.ask(SECRET)).model == "inside"
        for messages in (SECRET, [*ASK, {"role": "assistant", "content": f"É de {CPF}"}, {"role": "user", "content": "e?"}]):
            with pytest.raises(openai.PermissionDeniedError, match="must stay in the company") as caught:
                await bench.ask(messages, model="cloud")
            assert CPF not in str(caught.value.body)
            assert caught.value.response.headers["x-hulk-sensitivity"] == "p0"
    assert all(CPF not in json.dumps(one) for one in seen(twin) if one["model"] == "none")


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"extra_headers": {"x-hulk-sensitivity": "p0"}}, id="its sender says so"),
        pytest.param({"extra_headers": {"x-hulk-channel": "rh-interno"}}, id="the channel"),
        pytest.param({"tools": [WEATHER]}, id="a tool"),
        pytest.param({"extra_headers": {"x-hulk-collections": "produtos, prontuarios-2026"}}, id="a collection that it quotes"),
        pytest.param({"stop": [CPF]}, id="where words are to stop"),
        pytest.param({"tools": [{"type": "function", "function": {"name": "f", "description": f"de {CPF}"}}]}, id="a tool's description"),
    ],
)
async def test_all_that_makes_a_prompt_sensitive_counts(twin: str, more: dict[str, Any]) -> None:
    labels = Labels(channels=("rh-*",), tools=("weather",), collections=("prontuarios-*",))
    async with gateway(model(twin), labels=labels) as bench:
        with pytest.raises(openai.PermissionDeniedError, match="must stay in the company"):
            await bench.ask(**more)


async def test_what_no_label_names_goes_out(twin: str) -> None:
    labels = Labels(channels=("rh-*",), tools=("weather",), collections=("prontuarios-*",))
    around = {"x-hulk-collections": "produtos, ,manuais", "x-hulk-channel": "web"}
    async with gateway(model(twin), labels=labels) as bench:
        assert (await bench.ask(extra_headers=around)).model == "cloud"


async def test_pictures_cannot_be_read_so_they_stay(twin: str) -> None:
    picture: Any = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]}]
    able = replace(ABILITIES["openai"], images=True)
    async with gateway(model(twin, abilities=able)) as bench:
        with pytest.raises(openai.PermissionDeniedError, match="attachment"):
            await bench.ask(picture)
    async with gateway(model(twin, "inside", local=True)) as bench:
        with pytest.raises(openai.BadRequestError, match="takes no part of the kind image"):
            await bench.ask(picture)


@pytest.mark.parametrize("streaming", [False, True])
async def test_where_policy_allows_values_are_taken_out_and_put_back(twin: str, streaming: bool) -> None:
    async with gateway(model(twin), policies=[Policy(name="mask", mask=True)]) as bench:
        if streaming:
            pieces = [chunk async for chunk in await bench.ask(SECRET, stream=True)]
            text = "".join(chunk.choices[0].delta.content or "" for chunk in pieces if chunk.choices)
        else:
            text = (await bench.ask(SECRET)).choices[0].message.content
        assert text == f"You said: de quem é o cpf {CPF}?"
    sent = [one for one in seen(twin) if "de quem é o cpf" in json.dumps(one, ensure_ascii=False)]
    assert "[CPF_1]" in json.dumps(sent[-1])
    assert CPF not in json.dumps(sent[-1])


async def test_when_the_first_model_cannot_the_next_answers_and_only_what_was_done_costs(twin: str) -> None:
    async with gateway(model(twin, "first", "status-503"), model(twin, "second")) as bench:
        raw = await bench.client.chat.completions.with_raw_response.create(model="auto", messages=ASK)
        assert raw.headers["x-hulk-model"] == "second"
        assert int(raw.headers["x-hulk-attempts"]) == 3
        rows = await bench.rows(raw.headers["x-hulk-decision-id"])
        assert sorted((row.provider, row.status) for row in rows) == [("first", "released"), ("first", "released"), ("second", "settled")]


async def test_a_stream_that_never_begins_is_another_models(twin: str) -> None:
    async with gateway(model(twin, "first", "late", first_token_seconds=0.2), model(twin, "second")) as bench:
        stream = await bench.ask(stream=True)
        assert {chunk.model async for chunk in stream} == {"second"}


async def test_a_named_model_is_stood_in_for_only_by_whom_the_operator_named(twin: str) -> None:
    down = model(twin, "first", "status-503")
    async with gateway(down, model(twin, "second")) as bench:
        with pytest.raises(openai.InternalServerError, match="first cannot answer right now"):
            await bench.ask(model="first")
    async with gateway(replace(down, fallbacks=("second",)), model(twin, "second")) as bench:
        assert (await bench.ask(model="first")).model == "second"


async def test_a_stream_that_breaks_off_says_so_and_is_paid_for(twin: str) -> None:
    async with gateway(model(twin, vendor="truncated")) as bench:
        stream = await bench.ask(stream=True)
        decision = stream.response.headers["x-hulk-decision-id"]
        with pytest.raises(openai.APIError, match="only a part"):
            await collected(stream)
        await until_found(lambda: ended(bench, decision))
        [row] = await bench.rows(decision)
        assert row.amount == row.reserved > 0


async def test_a_reader_who_leaves_pays_for_all_and_closes_the_connection(twin: str) -> None:
    async with gateway(model(twin, vendor="stall")) as bench:
        stream = await bench.ask(stream=True)
        decision = stream.response.headers["x-hulk-decision-id"]
        await anext(aiter(stream))
        await stream.close()
        await until_found(lambda: ended(bench, decision))
        [row] = await bench.rows(decision)
        assert row.amount == row.reserved > 0


async def test_a_budget_that_is_used_up_is_told_as_a_quota(twin: str) -> None:
    async with gateway(model(twin), budget=Budget(daily=Decimal("0.0000001"))) as bench:
        with pytest.raises(openai.RateLimitError) as caught:
            await bench.ask()
        assert caught.value.code == "insufficient_quota"
        assert caught.value.response.headers["x-hulk-decision-id"].startswith("dec_")


def prices(**more: Any) -> Finops:
    """Budgets in reais, and prices that are told."""
    return acts(MemoryLedger(), more.pop("list", PriceTable({})), Budget(currency="BRL"), at_once, utc_now, **more)


OVER = {"cloud": [OwnPrice(input=Decimal(1), output=Decimal(1), until=utc_now().date() - timedelta(days=1))]}
DOLLARS = Tariff(currency="USD", version="list", input=Decimal(1), output=Decimal(1))
OLD_RATE = Rate(base="USD", quote="BRL", value=Decimal("5.35"), day=utc_now().date() - timedelta(days=30), source="ptax")


@pytest.mark.parametrize(
    ("finops", "says"),
    [
        pytest.param(lambda: prices(own=OVER), "No price of cloud/echo in finops.prices holds on", id="a price that is over"),
        pytest.param(lambda: prices(), "Nobody knows what cloud/echo costs", id="no price"),
        pytest.param(
            lambda: prices(list=PriceTable({("cloud", "echo"): DOLLARS}), rates=MemoryRates({("USD", "BRL", "then"): OLD_RATE})),
            "more than finops.rate_days", id="a rate that is too old",
        ),
    ],
)  # fmt: skip
async def test_what_nobody_can_say_the_cost_of_is_not_asked_and_told_in_openais_words(
    twin: str, finops: Callable[[], Finops], says: str
) -> None:
    asked = len(seen(twin))
    async with gateway(model(twin, input_price=None, output_price=None), finops=finops()) as bench:
        status, body, headers = await bench.raw({"model": "auto", "messages": ASK}, **{"accept-language": "en"})
        assert (status, says in body["error"]["message"]) == (400, True), body
        assert await bench.rows(headers["x-hulk-decision-id"]) == []
    assert len(seen(twin)) == asked


class Jumping:
    """A clock that jumps each time that somebody looks."""

    def __init__(self, step: timedelta) -> None:
        self._now, self._step = utc_now(), step

    def __call__(self) -> datetime:
        self._now += self._step
        return self._now


async def test_a_clock_that_jumps_ahead_lets_nothing_out_and_keeps_nothing_reserved(twin: str) -> None:
    asked = len(seen(twin))
    async with gateway(model(twin), clock=Jumping(timedelta(hours=1))) as bench:
        status, body, headers = await bench.raw({"model": "auto", "messages": ASK})
        assert (status, set(body["error"])) == (403, {"message", "type", "param", "code"}), body
        [row] = await bench.rows(headers["x-hulk-decision-id"])
        assert (row.status, row.amount) == ("released", 0)
        assert await bench.receipts.of_decision("acme", headers["x-hulk-decision-id"]) == []
    assert len(seen(twin)) == asked


async def test_a_clock_that_goes_back_changes_no_amount(twin: str) -> None:
    async with gateway(model(twin), clock=Jumping(timedelta(hours=-1))) as bench:
        status, _, headers = await bench.raw({"model": "auto", "messages": ASK})
        [row] = await bench.rows(headers["x-hulk-decision-id"])
        assert (status, row.status) == (200, "settled")
        assert 0 < row.amount <= row.reserved


async def test_policies_hold_for_named_models_too(twin: str) -> None:
    night = Policy(name="só bots", when=When(agents=("bot-*",)), deny=("cloud",))
    async with gateway(model(twin), policies=[night]) as bench:
        assert (await bench.ask(model="cloud")).model == "cloud"
        with pytest.raises(openai.PermissionDeniedError, match="“só bots” denies it"):
            await bench.ask(model="cloud", extra_headers={"x-hulk-agent": "bot-7"})


async def test_a_slow_model_is_hedged_and_the_first_answer_counts(twin: str) -> None:
    patience = Patience(hedge_after=timedelta(milliseconds=50))
    async with gateway(model(twin, "first", "slow"), model(twin, "second"), patience=patience) as bench:
        raw = await bench.client.chat.completions.with_raw_response.create(model="auto", messages=ASK)
        assert raw.headers["x-hulk-model"] == "second"
        rows = await bench.rows(raw.headers["x-hulk-decision-id"])
        assert {(row.provider, row.amount == row.reserved) for row in rows} == {("first", True), ("second", False)}
        assert Decimal(raw.headers["x-hulk-cost"]) == sum(row.amount for row in rows)


async def test_a_limit_that_a_provider_told_of_is_kept_to(twin: str) -> None:
    async with gateway(model(twin, "first", "exhausted"), model(twin, "second")) as bench:
        await bench.ask()
        before = len(seen(twin))
        assert (await bench.ask()).model == "second"
        assert len(seen(twin)) == before + 1
        with pytest.raises(openai.InternalServerError, match="limit is used up") as caught:
            await bench.ask(model="first")
        assert float(caught.value.response.headers["retry-after"]) >= 1


@pytest.mark.parametrize(
    ("change", "param", "words"),
    [
        pytest.param({"messages": []}, "messages", "at least 1", id="no message"),
        pytest.param({"messages": [{"role": "boss", "content": "x"}]}, "messages[0].role", "allowed", id="unknown role"),
        pytest.param({"messages": [{"role": "user"}]}, "messages[0]", "needs content", id="no content"),
        pytest.param({"messages": [{"role": "tool", "content": "x"}]}, "messages[0]", "tool_call_id", id="a result of nothing"),
        pytest.param({"n": 2}, "n", "allowed: 1", id="several answers"),
        pytest.param({"tools": [{"type": "function", "function": {"name": "no spaces"}}]}, "tools[0].function.name", "pattern", id="tool"),
        pytest.param({"tools": [WEATHER, WEATHER]}, "", "one name", id="twice the same tool"),
        pytest.param({"tool_choice": "required"}, "", "no tools", id="a choice of nothing"),
        pytest.param({"temperature": 3}, "temperature", "at most 2", id="too hot"),
        pytest.param({"max_tokens": 0}, "max_tokens", "at least 1", id="no tokens"),
        pytest.param({"made_up": 1}, "made_up", "no such field", id="unknown field"),
        pytest.param({"messages": [{"role": "user", "content": [{"type": "video"}]}]}, "messages[0].content", "", id="a video"),
        pytest.param(
            {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": 7}}}}, None, "", id="schema"
        ),
    ],
)
async def test_what_is_no_request_is_said_in_openais_words(twin: str, change: dict[str, Any], param: str | None, words: str) -> None:
    async with gateway(model(twin)) as bench:
        status, body, _ = await bench.raw({"model": "auto", "messages": ASK, **change}, authorization="Bearer right")
        error = body["error"]
        assert (status, error["type"]) == (400, "invalid_request_error")
        assert words in error["message"]
        if param is not None:
            assert (error["param"] or "").startswith(param)


async def test_who_may_not_is_told_in_openais_words(twin: str) -> None:
    async with gateway(model(twin)) as bench:
        status, body, _ = await bench.raw({"messages": ASK}, authorization="Bearer wrong")
        assert (status, body["error"]["type"]) == (401, "authentication_error")
        status, body, _ = await bench.raw({"messages": ASK}, authorization="Bearer other")
        assert (status, body["error"]["type"]) == (403, "permission_error")
        status, body, _ = await bench.raw(b"{", authorization="Bearer right")
        assert (status, body["error"]["type"]) == (400, "invalid_request_error")


async def test_ten_megabytes_are_no_prompt_for_a_model_outside(twin: str) -> None:
    async with gateway(model(twin)) as bench:
        with pytest.raises(openai.PermissionDeniedError, match="too_long"):
            await bench.ask([{"role": "user", "content": "palavra " * 1_250_000}])
        with pytest.raises(openai.APIStatusError, match=r"server\.max_prompt") as caught:
            await bench.ask([{"role": "user", "content": "palavra " * 3_000_000}])
        assert caught.value.status_code == 413


async def test_a_model_that_reads_less_is_not_asked(twin: str) -> None:
    small = model(twin, "small", abilities=Abilities(context=10))
    long: Any = [{"role": "user", "content": "palavra " * 50}]
    async with gateway(small, model(twin, "large")) as bench:
        assert (await bench.ask(long)).model == "large"
        with pytest.raises(openai.BadRequestError, match="at most 10 tokens"):
            await bench.ask(long, model="small")


class City(BaseModel):
    """What an agent is to find out."""

    city: str


async def test_pydantic_ai_works_unchanged(twin: str) -> None:
    async with gateway(model(twin, "tools", "tools"), model(twin, "json", "json")) as bench:
        provider = OpenAIProvider(openai_client=bench.client)
        agent = Agent(OpenAIChatModel("tools", provider=provider), instructions="Be brief.")

        @agent.tool_plain
        def weather(city: str, days: int) -> str:
            return f"31 °C in {city} for {days} days"

        assert "31 °C" in (await agent.run("Is it warm?")).output
        async with agent.run_stream("Is it warm?") as stream:
            assert "31 °C" in await stream.get_output()
        typed = Agent(OpenAIChatModel("json", provider=provider), output_type=NativeOutput(City))
        assert isinstance((await typed.run("Where?")).output, City)


async def test_a_policy_by_the_share_of_the_budget_holds_from_there_on(twin: str) -> None:
    dear = Policy(name="poupar", when=When(spent=Decimal("0.5")), deny=("cloud",))
    cloud = replace(model(twin), input_price=Decimal(1000), output_price=Decimal(1000))
    budget = Budget(monthly=Decimal(2))
    async with gateway(cloud, model(twin, "inside", local=True), policies=[dear], budget=budget) as bench:
        answered = [(await bench.ask(LONG, max_tokens=50)).model for _ in range(15)]
    assert answered[0] == "cloud"
    assert answered[-1] == "inside"
    assert answered == sorted(answered)


async def test_a_policy_by_time_looks_at_how_long_answers_took(twin: str) -> None:
    fast = Policy(name="rápido", most_time=timedelta(microseconds=1))
    async with gateway(model(twin), policies=[fast]) as bench:
        assert (await bench.ask()).model == "cloud"
        with pytest.raises(openai.PermissionDeniedError, match="“rápido” allows"):
            await bench.ask()


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        pytest.param([], "", id="nothing"),
        pytest.param([Message.of("user", "a"), Message.of("assistant", "b")], "a", id="the person's"),
        pytest.param([Message.of("user", "a"), Message.of("user", "")], "a", id="the last that says something"),
        pytest.param([Message.of("user", "x" * 1000 + "y" * 500 + "z" * 1000)], "x" * 1000 + "\n" + "z" * 1000, id="a long one"),
    ],
)
def test_what_is_looked_at_is_what_the_person_said_last(messages: list[Message], said: str) -> None:
    assert last_said(messages) == said
