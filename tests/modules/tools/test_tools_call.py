"""Calling tools: within the rules, once per key, after a person's yes, told honestly however it ends."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hulk.kernel.errors import Conflict, Forbidden, HulkError, Invalid, NotFound, Refused, Unavailable
from hulk.kernel.time import utc_now
from hulk.modules.router import Classified
from hulk.modules.tickets.usecases import Wish
from hulk.modules.tools import Rule, Search, Server, Uncertain
from hulk.modules.tools.adapters.backends.acts import said
from hulk.modules.tools.domain import Output
from hulk.modules.tools.domain.output import Withheld, for_reader
from hulk.modules.tools.domain.tool import Bytes, Words
from hulk.modules.tools.ports import Calling
from hulk.runtime.store import Store
from support.postgres import Postgres
from support.stores import a_store
from support.tools import ANA, BOSS, STRANGER, TOKEN, VIEWER, a_place, a_rule, hanging

ACT = a_rule(autonomy="act")
CPF = "529.982.247-25"


@pytest.fixture
async def store(tmp_path: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Store]:
    async with a_store("sqlite", tmp_path, postgres) as opened:
        yield opened


def answering(give: Callable[[str], Output | HulkError | None]) -> Any:
    async def answer(what: str, _: Calling) -> Output | None:
        given = give(what)
        if isinstance(given, HulkError):
            raise given
        return given

    return answer


async def test_a_read_is_done_at_once_and_kept_without_what_it_gave(store: Store) -> None:
    async with a_place(store) as place:
        called = await place.call("shop.list_orders", VIEWER, customer="Ana")
        assert (called.call.status, called.call.output.data if called.call.output else None) == (
            "done",
            {"done": "list", "about": "Ana", "number": 1},
        )
        kept = await place.acts.calls(VIEWER, called.call.id)
        assert (kept.call.status, kept.call.output) == ("done", None)


async def test_what_no_rule_allows_is_not_done(store: Store) -> None:
    async with a_place(store, [a_rule(tools=["shop.list_*"])]) as place:
        with pytest.raises(Forbidden, match="no rule allows it"):
            await place.call()
        with pytest.raises(NotFound):
            await place.call("shop.nothing")
        with pytest.raises(Forbidden):
            await place.call("shop.list_orders", STRANGER)
        assert place.shop.done == []


async def test_a_viewer_changes_nothing_whatever_the_rules_say(store: Store) -> None:
    async with a_place(store, [ACT]) as place:
        with pytest.raises(Forbidden):
            await place.call(by=VIEWER)
        assert place.shop.done == []


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param({"item": "pão"}, id="one is missing"),
        pytest.param({"item": "pão", "value": None}, id="no number"),
        pytest.param({"item": "", "value": 1}, id="too short"),
        pytest.param({"item": "pão", "value": -1}, id="below its least"),
        pytest.param({"item": "pão", "value": 1, "admin": True}, id="one that is smuggled in"),
        pytest.param({"item": ["pão"], "value": 1}, id="another type"),
    ],
)
async def test_arguments_that_do_not_fit_the_schema_are_told_with_their_place(store: Store, arguments: dict[str, Any]) -> None:
    async with a_place(store, [ACT]) as place:
        with pytest.raises(Invalid, match="arguments"):
            await place.call(**arguments)
        assert place.shop.done == []


async def test_what_only_the_tool_itself_can_tell_is_wrong_is_a_call_that_failed(store: Store) -> None:
    async with a_place(store, [ACT]) as place:
        called = await place.call(item="pão", value="x")
        assert (called.call.status, place.shop.done) == ("failed", [])
        assert called.call.error is not None
        assert called.call.error["code"] == "refused"


async def test_a_write_is_done_once_for_each_key_and_gives_the_same_again(store: Store) -> None:
    async with a_place(store, [ACT]) as place:
        first, again = await place.call(key="k1"), await place.call(key="k1")
        assert (first.replayed, again.replayed) == (False, True)
        assert first.call.output == again.call.output
        assert (await place.call(key="k2")).call.id != first.call.id
        assert place.shop.done == [("order", "pão")] * 2


async def test_many_who_call_with_one_key_at_once_do_it_once(store: Store) -> None:
    async with a_place(store, [ACT]) as place:

        async def outcome() -> str:
            try:
                return (await place.call(key="k1")).call.status
            except Conflict:
                return "under way"

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(outcome()) for _ in range(30)]
        assert {task.result() for task in tasks} <= {"done", "under way"}
        assert place.shop.done == [("order", "pão")]


async def test_a_key_is_one_calls_only(store: Store) -> None:
    async with a_place(store, [ACT]) as place:
        await place.call(key="k1")
        with pytest.raises(Conflict):
            await place.call(key="k1", item="bolo", value="5")
        with pytest.raises(Conflict):
            await place.call(by=BOSS, key="k1")
        assert place.shop.done == [("order", "pão")]


async def test_a_write_waits_for_a_person_and_is_done_after_a_yes(store: Store) -> None:
    async with a_place(store) as place:
        called = await place.call(key="k1")
        assert (called.call.status, place.shop.done) == ("waiting", [])
        assert (await place.call(key="k1")).call.status == "waiting"
        after = await place.decided(called, yes=True)
        assert (after.call.status, place.shop.done) == ("done", [("order", "pão")])
        again = await place.call(key="k1")
        assert (again.replayed, again.call.output) == (True, after.call.output)


async def test_a_no_is_kept_and_nothing_is_done(store: Store) -> None:
    async with a_place(store) as place:
        after = await place.decided(await place.call(), yes=False)
        assert (after.call.status, place.shop.done) == ("rejected", [])
        assert after.call.error is not None
        assert after.call.error["code"] == "forbidden"


async def test_who_may_not_approve_does_not(store: Store) -> None:
    async with a_place(store) as place:
        called = await place.call()
        with pytest.raises(Forbidden):
            await place.decided(called, yes=True, by=ANA)
        assert place.shop.done == []


async def test_amounts_beyond_the_limit_wait_and_others_do_not(store: Store) -> None:
    async with a_place(store, [a_rule(autonomy="act", up_to=100)]) as place:
        small, large = await place.call(item="pão", value="100"), await place.call(item="forno", value="100.01")
        assert (small.call.status, large.call.status) == ("done", "waiting")
        assert place.shop.done == [("order", "pão")]


async def test_what_is_only_suggested_is_never_done(store: Store) -> None:
    async with a_place(store, [a_rule(autonomy="suggest")]) as place:
        called = await place.call(key="k1")
        assert (called.call.status, called.call.error["code"] if called.call.error else None) == ("suggested", "forbidden")
        assert (await place.call(key="k1")).call.status == "suggested"
        assert place.shop.done == []


@pytest.mark.parametrize(
    ("error", "tool", "status"),
    [
        pytest.param(Refused("The shop is closed."), "shop.order", "failed", id="refused"),
        pytest.param(Unavailable("The shop is away."), "shop.order", "failed", id="surely not done"),
        pytest.param(Uncertain("The line broke."), "shop.order", "uncertain", id="perhaps done"),
        pytest.param(Uncertain("The line broke."), "shop.list_orders", "failed", id="a read changes nothing"),
    ],
)
async def test_a_call_that_fails_says_why_and_whether_it_may_have_been_done(store: Store, error: HulkError, tool: str, status: str) -> None:
    async with a_place(store, [ACT]) as place:
        place.shop.answer = answering(lambda _: error)
        called = await place.call(tool, key="k1")
        assert (called.call.status, called.call.error["code"] if called.call.error else None) == (status, error.code)


async def test_what_may_have_been_done_is_not_done_again_by_itself(store: Store) -> None:
    async with a_place(store, [ACT]) as place:
        place.shop.answer = answering(lambda _: Uncertain("The line broke."))
        await place.call(key="k1")
        place.shop.answer = None
        assert (await place.call(key="k1")).call.status == "uncertain"
        assert place.shop.done == []


async def test_a_mistake_of_ours_in_a_write_is_uncertain_and_says_nothing_of_its_inside(store: Store) -> None:
    async def broken(*_: object) -> Output | None:
        raise KeyError("password=hunter2")

    async with a_place(store, [ACT]) as place:
        place.shop.answer = broken
        called = await place.call()
        assert called.call.status == "uncertain"
        assert "hunter2" not in str(called.call.error)


async def test_a_tool_that_hangs_is_given_up_when_its_time_is_over(store: Store) -> None:
    async with a_place(store, [ACT], seconds=0.05) as place:
        place.shop.answer = hanging
        assert (await place.call()).call.status == "uncertain"
        assert (await place.call("shop.list_orders")).call.status == "failed"


async def test_who_gives_up_in_the_middle_of_a_write_leaves_it_uncertain(store: Store) -> None:
    begun = asyncio.Event()

    async def slow(*_: object) -> Output | None:
        begun.set()
        return await hanging()

    async with a_place(store, [ACT]) as place:
        place.shop.answer = slow
        calling = asyncio.ensure_future(place.call(key="k1"))  # noqa: TID251  # it is cancelled, which a group would make its own
        await begun.wait()
        calling.cancel()
        await asyncio.wait([calling])
        place.shop.answer = None
        assert (await place.call(key="k1")).call.status == "uncertain"


async def test_a_process_that_dies_in_the_middle_leaves_a_call_that_is_closed_later(store: Store) -> None:
    async with a_place(store, [ACT]) as place:
        called = await place.call(key="k1")
        dead = replace(called.call, id="tcl_dead", key="dead", status="running", output=None, deadline=utc_now() - timedelta(seconds=1))
        await store.commit(place.acts.calls.calls.begin(dead))
        assert await place.acts.sweep() == 1
        assert (await place.acts.calls(ANA, "tcl_dead")).call.status == "uncertain"
        assert await place.acts.sweep() == 0


async def test_nothing_sensitive_is_given_to_a_tool_outside(store: Store) -> None:
    async with a_place(store, [ACT], outside=True) as place:
        held: list[dict[str, Any]] = [
            {"item": f"cpf {CPF}", "value": 1},
            {"item": "c3BmIDUyOS45ODIuMjQ3LTI1IGNwZiA1MjkuOTgyLjI0Ny0yNQ==", "value": 1},
        ]
        for arguments in held:
            with pytest.raises(Forbidden, match="leaves the company"):
                await place.call(**arguments)
        assert place.shop.done == []
        assert (await place.call()).call.status == "done"


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        pytest.param(said({"client": "Ana", "cpf": CPF}), '{"client": "Ana", "cpf": "[CPF_1]"}', id="values are taken out"),
        pytest.param(said({"cpf": 52998224725}), '{"cpf": "[CPF_1]"}', id="numbers too"),
        pytest.param(Output(pieces=(Bytes(b"x", "image/png"),)), None, id="what cannot be read is withheld"),
    ],
)
async def test_what_is_sensitive_is_not_shown_to_who_may_not_see_it(store: Store, output: Output, shown: str | None) -> None:
    async with a_place(store) as place:
        place.shop.answer = answering(lambda _: output)
        called = await place.call("shop.list_orders")
        assert called.call.labels
        assert called.call.output is not None
        found = for_reader(called.call.output, Classified.of(called.call.labels), sensitive=False)
        if shown is None:
            assert isinstance(found, Withheld)
        else:
            assert isinstance(found, Output)
            assert CPF not in str(found)
            assert "52998224725" not in str(found)


async def test_secrets_that_a_tool_tells_are_taken_out(store: Store) -> None:
    async with a_place(store) as place:
        place.shop.answer = answering(lambda _: said({"headers": f"Bearer {TOKEN}"}))
        called = await place.call("shop.list_orders")
        assert TOKEN not in str(called.call.output)
        place.shop.answer = answering(lambda _: Refused("Bad token {token}", token=TOKEN))
        assert TOKEN not in str((await place.call("shop.list_orders")).call.error)


async def test_a_flood_is_cut_and_said_to_be(store: Store) -> None:
    async with a_place(store, most=2000) as place:
        place.shop.answer = answering(lambda _: Output(data={"rows": ["é" * 50] * 1000}, pieces=(Words("é" * 10**6),)))
        called = await place.call("shop.list_orders")
        output = called.call.output
        assert output is not None
        assert (output.data, len(str(output.pieces[0].text).encode()) <= 2000) == (None, True)  # type: ignore[union-attr]
        assert "ask for less" in output.cut


async def test_tools_are_found_by_words_of_both_languages_and_only_those_one_may_use(store: Store) -> None:
    async with a_place(store, [a_rule(tools=["shop.list_orders", "shop.order"])]) as place:
        assert [tool.name for tool, _ in await place.acts.find(ANA, Search())] == ["shop.list_orders", "shop.order"]
        assert [tool.name for tool, _ in await place.acts.find(ANA, Search(query="cancelar pedido"))] == ["shop.order", "shop.list_orders"]
        assert [tool.name for tool, _ in await place.acts.find(VIEWER, Search(query="PEDIDOS"))] == ["shop.list_orders"]
        assert await place.acts.find(STRANGER, Search()) == []


async def test_a_virtual_server_has_its_tools_for_those_it_is_for(store: Store) -> None:
    async with a_place(store) as place:
        server = Server(name="sales", tools=("shop.list_*",), people=("person:ana@*",))
        assert [tool.name for tool, _ in await place.acts.find(ANA, Search(server=server))] == ["shop.list_orders"]
        with pytest.raises(NotFound, match="no virtual server “sales”"):
            await place.acts.find(VIEWER, Search(server=server))


async def test_rules_of_a_tenant_hold_at_once_and_are_told(store: Store) -> None:
    async with a_place(store, []) as place:
        with pytest.raises(Forbidden):
            await place.call("shop.list_orders")
        with pytest.raises(Forbidden):
            await place.acts.rules.put(ANA, Rule(name="mine", tools=("*",)))
        await place.acts.rules.put(BOSS, Rule(name="reads", tools=("shop.list_*",)), "para a Ana")
        assert (await place.call("shop.list_orders")).call.status == "done"
        await place.acts.rules.remove(BOSS, "reads")
        with pytest.raises(Forbidden):
            await place.call("shop.list_orders")
        for name, tenants in (("Bad Name", ()), ("fine", ("other",))):
            with pytest.raises(Invalid):
                await place.acts.rules.put(BOSS, Rule(name=name, tools=("*",), tenants=tenants))


async def test_a_call_that_was_approved_is_not_made_when_its_tool_is_gone(store: Store) -> None:
    async with a_place(store) as place:
        called = await place.call()
        await place.desk.drain()
        place.gone()
        kept = await place.acts.calls.calls.get("acme", called.call.id)
        assert kept.ticket is not None
        await place.tickets.move(BOSS, Wish(ticket=kept.ticket, status="completed"))
        await place.desk.drain()
        assert (await place.acts.calls.calls.get("acme", called.call.id)).status == "failed"
        assert place.shop.done == []


async def test_a_read_with_anothers_key_is_a_call_of_its_own_and_masked_as_such(store: Store) -> None:
    async with a_place(store, [ACT]) as place:
        await place.call(key="k1")
        place.shop.answer = answering(lambda _: said({"cpf": CPF}))
        read = await place.call("shop.list_orders", key="k1")
        assert (read.call.tool, read.call.labels) == ("shop.list_orders", ("cpf",))
        assert CPF not in str(read.shown)


async def test_a_read_that_is_asked_again_with_its_key_is_masked_by_what_it_gives_now(store: Store) -> None:
    async with a_place(store) as place:
        await place.call("shop.list_orders", key="k1")
        place.shop.answer = answering(lambda _: said({"cpf": CPF}))
        assert CPF not in str((await place.call("shop.list_orders", key="k1")).shown)


@pytest.mark.parametrize("unfit", [float("nan"), "\ud800", [[[[]]]] * 2], ids=["no number", "half of a pair", "fits"])
async def test_what_no_store_keeps_is_refused_before_anything_is_done(store: Store, unfit: Any) -> None:
    async with a_place(store, [ACT]) as place:
        with pytest.raises(Invalid, match="arguments"):
            await place.call(item=unfit, value="5")
        assert place.shop.done == []


async def test_arguments_of_too_many_levels_are_refused(store: Store) -> None:
    deep: list[Any] = []
    for _ in range(500):
        deep = [deep]
    async with a_place(store, [ACT]) as place:
        with pytest.raises(Invalid, match="deep nesting"):
            await place.call(item=deep, value="5")
