"""Agents as durable runs: what a model has answered and a tool has returned is not asked for again, whatever happens in between."""

import asyncio
import json
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import BaseModel
from pydantic_ai import Agent, AgentStreamEvent, ModelRetry
from pydantic_ai import RunContext as AgentContext
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, DeltaToolCall, FunctionModel
from pydantic_ai.models.test import TestModel
from pydantic_ai.toolsets import DynamicToolset, FunctionToolset

from hulk.kernel.durable import Context, Outcome, Retry
from hulk.kernel.errors import Refused, Unavailable
from hulk.kernel.records import JsonObject
from hulk.runtime.bus import connect, embedded
from hulk.runtime.store import Store
from hulk.runtime.workflows.agents import HulkDurability, StepOptions, durable, idempotency_key
from support.runs import Hand, a_machine, a_run, giving, row_of, steps_of
from support.stores import url_of
from support.twins import openai_twin

TESTS = Path(__file__).parents[2]


def asked_for(*calls: tuple[str, dict[str, Any]]) -> ModelResponse:
    return ModelResponse(parts=[ToolCallPart(name, args) for name, args in calls])


def returned(messages: list[ModelMessage]) -> list[Any]:
    """What tools have returned so far."""
    return [part.content for message in messages for part in message.parts if isinstance(part, ToolReturnPart)]


class Scripted:
    """A model that wants the tools of `script`, turn by turn, and then tells what they returned; counts how often it was asked."""

    def __init__(self, *script: list[tuple[str, dict[str, Any]]]) -> None:
        self.asked = 0
        self.script = script

    @property
    def model(self) -> FunctionModel:
        return FunctionModel(self.answer, stream_function=self.stream)

    async def answer(self, messages: list[ModelMessage], _: AgentInfo) -> ModelResponse:
        self.asked += 1
        turn = sum(isinstance(message, ModelResponse) for message in messages)
        if turn < len(self.script):
            return asked_for(*self.script[turn])
        return ModelResponse(parts=[TextPart(f"{sorted(returned(messages), key=str)}")])

    async def stream(self, messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[Any]:
        for part in (await self.answer(messages, info)).parts:
            if isinstance(part, ToolCallPart):
                yield {0: DeltaToolCall(part.tool_name, json.dumps(part.args), tool_call_id=part.tool_call_id)}
            elif isinstance(part, TextPart):
                for letter in part.content:
                    yield letter


def of(agent: Agent[None, Any], *prompts: str) -> Any:
    """A body that asks the agent."""

    async def body(context: Context, _: JsonObject) -> JsonObject:
        with durable(context):
            return {"said": [(await agent.run(prompt)).output for prompt in prompts or ("go",)]}

    return body


async def test_model_requests_and_tool_calls_are_steps(store: Store) -> None:
    script, keys = Scripted([("double", {"n": 4})]), list[str | None]()
    agent = Agent(script.model, name="helper", capabilities=[HulkDurability[None]()])

    @agent.tool_plain
    def double(n: int) -> int:
        keys.append(idempotency_key())
        return 2 * n

    row = await Hand(store).run(of(agent))
    assert (row.status, row.result) == ("completed", {"said": ["[8]"]})
    names = [name for name, _ in await steps_of(store, "run_1")]
    assert [name.partition(":pyd_ai")[0] for name in names] == [
        "@1.helper__model.request#1", "@1.helper__function_toolset__<agent>.call_tool:double",
        "@1.helper__model.request#2",
    ]  # fmt: skip
    assert keys == [f"run_1/{names[1]}"]
    assert script.asked == 2


async def test_nothing_is_asked_or_done_again_after_a_failure(store: Store) -> None:
    script, done = Scripted([("flaky", {})], [("flaky", {})]), list[int]()
    agent = Agent(script.model, name="helper", capabilities=[HulkDurability[None]()])

    @agent.tool_plain
    def flaky() -> int:
        done.append(1)
        if len(done) == 2:
            raise RuntimeError("the world is away")
        return len(done)

    row = await Hand(store).run(of(agent))
    assert row.result == {"said": ["[1, 3]"]}
    assert (script.asked, len(done)) == (3, 3)


async def test_an_agent_goes_on_after_a_wait_of_days(store: Store) -> None:
    script = Scripted([("double", {"n": 1})])
    agent = Agent(script.model, name="helper", capabilities=[HulkDurability[None]()])

    @agent.tool_plain
    def double(n: int) -> int:
        return 2 * n

    async def body(context: Context, _: JsonObject) -> JsonObject:
        with durable(context):
            first = await agent.run("go")
            answer = await context.wait("approved")
        with durable(context):
            second = await agent.run("again", message_history=first.all_messages())
        return {"said": [first.output, answer, second.output]}

    hand = Hand(store)
    assert (await hand.run(body)).status == "waiting"
    for _ in range(2):
        await store.commit(hand.journal.signal("run_1", "approved", True, key="k"))
        await hand.drain()
    assert (await row_of(store, "run_1")).result == {"said": ["[2]", True, "[2]"]}
    assert script.asked == 3


async def test_tools_called_at_once_keep_their_results_apart_in_whatever_order_they_end(store: Store) -> None:
    script, calls = Scripted([("slow", {"n": n}) for n in range(6)]), Counter[int]()
    agent = Agent(script.model, name="helper", capabilities=[HulkDurability[None]()])
    running = most = 0

    @agent.tool_plain
    async def slow(n: int) -> str:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.02 * (6 - n))
        running -= 1
        calls[n] += 1
        if n == 3 and calls[n] == 1:
            raise RuntimeError("away")
        return f"r{n}"

    row = await Hand(store).run(of(agent))
    assert row.result == {"said": [str([f"r{n}" for n in range(6)])]}
    assert most > 1
    assert calls[3] == 2
    kept = {json.dumps(value) for name, value in await steps_of(store, "run_1") if "call_tool" in name}
    assert len(kept) == 6
    assert script.asked == 2


async def test_tools_with_steps_of_their_own_before_the_call_are_not_mixed_up(store: Store) -> None:
    """The arguments are validated in a step too: on the second execution those come at once, so the order of steps is another."""
    script, tries = Scripted([("checked", {"n": n}) for n in range(4)]), list[int]()

    async def check(_: AgentContext[None], n: int) -> None:
        await asyncio.sleep(0.01 * (4 - n))
        if n > 100:
            raise ModelRetry("too much")

    agent = Agent(script.model, name="helper", capabilities=[HulkDurability[None]()])

    @agent.tool_plain(args_validator=check)
    async def checked(n: int) -> int:
        tries.append(n)
        if len(tries) == 4:
            raise RuntimeError("away")
        return 10 * n

    row = await Hand(store).run(of(agent))
    assert row.result == {"said": ["[0, 10, 20, 30]"]}
    assert script.asked == 2
    assert max(Counter(tries).values()) <= 2


async def test_a_tool_that_wants_the_model_to_try_again_is_heard_once(store: Store) -> None:
    script, tries = Scripted([("picky", {"n": 1})], [("picky", {"n": 2})]), list[int]()
    agent = Agent(script.model, name="helper", capabilities=[HulkDurability[None]()])

    @agent.tool_plain
    def picky(n: int) -> int:
        tries.append(n)
        if n == 1:
            raise ModelRetry("give 2")
        return n

    body = of(agent)

    async def twice(context: Context, data: JsonObject) -> JsonObject:
        result: JsonObject = await body(context, data)
        await context.sleep("nap", timedelta(0))
        if context.run_id and len(tries) == 2 and not tries.append(0):  # type: ignore[func-returns-value]  # once
            raise Unavailable("executed again")
        return result

    assert "2" in (await Hand(store).run(twice)).result["said"][0]
    assert tries == [1, 2, 0]
    assert script.asked == 3


class City(BaseModel):
    name: str
    people: int


async def test_typed_outputs_and_several_agents_in_one_run(store: Store) -> None:
    capital = TestModel(custom_output_args={"name": "Recife", "people": 3})
    guess = Agent(capital, name="guess", output_type=City, capabilities=[HulkDurability[None]()])
    tell = Agent(TestModel(custom_output_text="told"), name="tell", capabilities=[HulkDurability[None]()])

    async def body(context: Context, _: JsonObject) -> JsonObject:
        with durable(context):
            async with asyncio.TaskGroup() as group:
                cities = [group.create_task(guess.run(f"{n}")) for n in range(3)]
            told = await tell.run("it")
        await context.step("after", _one)
        return {"cities": [city.result().output.name for city in cities], "told": told.output}

    row = await Hand(store).run(body)
    assert row.result == {"cities": ["Recife"] * 3, "told": "told"}


async def _one() -> Outcome[int]:
    return Outcome(1)


async def test_a_stream_is_recorded_whole_and_given_again(store: Store) -> None:
    script, heard, failed = Scripted([("double", {"n": 2})]), list[str](), list[int]()

    async def hear(_: AgentContext[None], events: AsyncIterable[AgentStreamEvent]) -> None:
        async for event in events:
            heard.append(event.event_kind)

    agent = Agent(script.model, name="helper", capabilities=[HulkDurability[None](event_stream_handler=hear)])

    @agent.tool_plain
    def double(n: int) -> int:
        return 2 * n

    async def body(context: Context, _: JsonObject) -> JsonObject:
        with durable(context):
            result = await agent.run("go")
        if not failed:
            failed.append(len(heard))
            raise Unavailable("executed again")
        return {"said": result.output}

    row = await Hand(store).run(body)
    assert row.result == {"said": "[4]"}
    assert script.asked == 2
    assert {"part_start", "part_delta", "function_tool_call", "function_tool_result"} <= set(heard)
    assert failed == [len(heard)], "an event was told again"


async def test_a_model_that_is_away_is_asked_again_and_one_that_refuses_is_not(store: Store) -> None:
    asked = Counter[str]()

    def model(name: str, status: int, times: int) -> FunctionModel:
        def answer(_: list[ModelMessage], __: AgentInfo) -> ModelResponse:
            asked[name] += 1
            if asked[name] <= times:
                raise ModelHTTPError(status, name)
            return ModelResponse(parts=[TextPart("here")])

        return FunctionModel(answer)

    def agent(name: str, status: int, times: int) -> Agent[None, str]:
        options = StepOptions(retry=Retry(attempts=3, first=timedelta(0)))
        return Agent(model(name, status, times), name=name, capabilities=[HulkDurability[None](model=options)])

    hand = Hand(store)
    assert (await hand.run(of(agent("away", 503, 2)))).result == {"said": ["here"]}
    refused = await hand.run(of(agent("refusing", 401, 99)), a_run("run_2"))
    assert (refused.status, refused.error["code"]) == ("failed", "refused")
    assert "401" in refused.error["text"]["values"]["reason"]
    down = await hand.run(of(agent("down", 500, 99)), a_run("run_3", attempts=1))
    assert (down.status, down.error["code"]) == ("failed", "unavailable")
    assert asked == {"away": 3, "refusing": 1, "down": 3}


async def test_an_agent_of_a_tool_is_part_of_the_tools_step(store: Store) -> None:
    script = Scripted([("ask", {})])
    inner = Agent(TestModel(custom_output_text="inner"), name="inner", capabilities=[HulkDurability[None]()])
    agent = Agent(script.model, name="outer", capabilities=[HulkDurability[None]()])

    @agent.tool_plain
    async def ask() -> str:
        return (await inner.run("?")).output

    assert (await Hand(store).run(of(agent))).result == {"said": ["['inner']"]}
    assert not any("inner__" in name for name, _ in await steps_of(store, "run_1"))


async def test_tools_that_are_found_out_while_running_are_recorded_with_how_they_were_found(store: Store) -> None:
    script, made, failed = Scripted([("now", {})]), list[int](), list[int]()

    def make(_: AgentContext[None]) -> FunctionToolset[None]:
        made.append(1)
        tools = FunctionToolset[None](id="inner")
        tools.add_function(lambda: "now", name="now")
        return tools

    agent = Agent(script.model, name="helper", toolsets=[DynamicToolset[None](make, id="found")], capabilities=[HulkDurability[None]()])

    async def body(context: Context, _: JsonObject) -> JsonObject:
        with durable(context):
            result = await agent.run("go")
        if not failed:
            failed.append(len(made))
            raise Unavailable("executed again")
        return {"said": result.output}

    assert (await Hand(store).run(body)).result == {"said": "['now']"}
    assert failed == [len(made)]
    assert script.asked == 2
    names = [name for name, _ in await steps_of(store, "run_1")]
    assert {"@1.helper__dynamic_toolset__found.get_tools#1", "@1.helper__dynamic_toolset__found.get_tools#2"} <= set(names)


async def test_a_streamed_answer_comes_whole_after_its_step(store: Store) -> None:
    script, failed = Scripted(), list[int]()
    agent = Agent(script.model, name="helper", capabilities=[HulkDurability[None]()])

    async def body(context: Context, _: JsonObject) -> JsonObject:
        with durable(context):
            async with agent.run_stream("go") as stream:
                heard = [text async for text in stream.stream_text(debounce_by=None)]
        if not failed:
            failed.append(1)
            raise Unavailable("executed again")
        return {"heard": heard[-1]}

    assert (await Hand(store).run(body)).result == {"heard": "[]"}
    assert script.asked == 1


async def test_a_tool_may_be_done_without_a_step(store: Store) -> None:
    script = Scripted([("now", {})])
    tools = FunctionToolset[None](id="clock")
    tools.add_function(lambda: "now", name="now", metadata={"hulk": False})
    agent = Agent(script.model, name="helper", toolsets=[tools], capabilities=[HulkDurability[None]()])
    assert (await Hand(store).run(of(agent))).result == {"said": ["['now']"]}
    assert not any("clock" in name for name, _ in await steps_of(store, "run_1"))


async def test_outside_a_workflow_an_agent_is_as_any_other() -> None:
    agent = Agent(TestModel(custom_output_text="plain"), name="helper", capabilities=[HulkDurability[None]()])
    assert (await agent.run("go")).output == "plain"
    assert idempotency_key() is None
    with pytest.raises(Refused, match="Agents are durable in the body of an async workflow only"), durable(object()):  # type: ignore[arg-type]  # not a context
        pass


@contextmanager
def a_worker(*words: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([sys.executable, "-m", "support.agents", *words], cwd=TESTS, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


async def test_an_agent_survives_kill_9_and_its_model_is_asked_nothing_twice(store: Store, tmp_path: Path) -> None:
    with openai_twin() as model:
        async with embedded(tmp_path / "nats") as server, connect(server.address) as bus:
            await bus.ensure_streams(max_tasks=1000)
            words = (url_of(store), str(tmp_path), server.address.urls[0], server.address.user or "", server.address.password or "", model)
            async with a_machine(store, bus, {}, queues=()) as machine:
                await machine.begin(a_run(workflow="agent"))
                with a_worker(*words, "die") as mortal:
                    assert await asyncio.to_thread(mortal.wait, 60) == -9
                assert seen(model) == ["one", "then You said: one"]
                with a_worker(*words, "live"):
                    await machine.is_("run_1", "completed", within=60)
        assert seen(model) == ["one", "then You said: one", "then You said: then You said: one"]
    assert (await row_of(store, "run_1")).result == {"said": "You said: then You said: then You said: one"}


def seen(model: str) -> list[str]:
    """What the model was asked."""
    with urllib.request.urlopen(f"{model.removesuffix('/v1')}/seen", timeout=5) as answer:  # noqa: S310  # our own twin
        return [asked["messages"][-1]["content"] for asked in json.load(answer)]


async def test_an_agents_run_began_when_it_was_first_run(store: Store) -> None:
    seen, capability = list[object](), HulkDurability[None](name="helper")

    async def body(context: Context, _: JsonObject) -> JsonObject:
        with durable(context):
            seen.append(await capability.get_run_start_time("one"))
        if len(seen) == 1:
            raise Unavailable("away")
        return {}

    assert await capability.get_run_start_time("one") is None
    await Hand(store).run(body)
    assert seen[0] == seen[1] is not None


async def test_what_an_agent_does_outside_of_a_run_is_just_done(store: Store) -> None:
    agent = Agent(Scripted([("double", {"n": 4})]).model, name="helper", capabilities=[HulkDurability[None]()])

    @agent.tool_plain
    async def double(n: int) -> int:
        assert idempotency_key() is None
        backend = HulkDurability[None](name="other").get_durable_operation_backend()
        done = await cast("Any", backend).execute(operation_id=None, name="x", body=lambda: giving(2 * n)(), cache_key=(), config={})
        return int(done.value)

    assert (await agent.run("go")).output == "[8]"
    assert await steps_of(store, "run_1") == []
