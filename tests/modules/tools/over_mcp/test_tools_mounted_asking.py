"""What a third party's server asks of people, by the official SDK on either side: passed on where somebody can be asked, within bounds."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mcp_types as types
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp import Client

from hulk.kernel.errors import Refused
from hulk.modules.tools.adapters.backends.acts import About
from hulk.modules.tools.adapters.backends.mounted import Remote, Rules
from hulk.modules.tools.domain.form import secret_in
from hulk.runtime.store import Store
from support.foreign.mounting import call, good, running, serve, words
from support.mcp import Place, a_place
from support.mcp_clients import client, text
from support.persons import Person

CPF = "529.982.247-25"
RULES = Rules(about=About(owner="ops", outside=True), reads=("*",), seconds=20)
ALLOWED = ({"name": "far", "tools": ["far.*"], "autonomy": "act", "sensitive": True, "tenants": ["default"]},)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with running("curious", "0") as url:
        yield url


@dataclass
class Desk:
    """Somebody's client, at a Hulk that has the server mounted as `far`."""

    place: Place
    person: Person | None
    connected: Client

    async def call(self, name: str, **arguments: Any) -> types.CallToolResult:
        return await self.connected.call_tool(f"far.{name}", arguments)


@asynccontextmanager
async def a_desk(store: Store, address: str, mode: str, *says: Any, nobody: bool = False) -> AsyncIterator[Desk]:
    person = None if nobody else Person(*says)
    more: dict[str, Any] = {} if person is None else {"elicitation_callback": person}
    async with (
        serve(Remote(url=address), rules=RULES) as server,
        a_place(store, rules=ALLOWED, others=[server]) as place,
        client(place.url, mode, **more) as connected,
    ):
        yield Desk(place, person, connected)


async def test_a_question_is_told_as_that_servers_and_the_answer_is_given_to_it(store: Store, address: str, mode: str) -> None:
    async with a_desk(store, address, mode, {"name": "Ana"}) as desk:
        result = await desk.call("hello")
    assert desk.person is not None
    [asked] = desk.person.asked
    assert text(result) == 'state s1: {"q0": ["accept", {"name": "Ana"}]}'
    assert asked.message == "The server far, which is not Hulk's and gets what you say, asks for far.hello: What is your name?"
    assert asked.requested_schema == {
        "type": "object", "properties": {"name": {"type": "string", "title": "Name"}}, "required": ["name"],
    }  # fmt: skip


async def test_a_server_may_ask_again_and_gets_its_own_state_back(store: Store, address: str, mode: str) -> None:
    async with a_desk(store, address, mode, {"name": "Ana"}, {"colour": "blue"}) as desk:
        result = await desk.call("twice")
    assert '"blue"' in text(result)
    assert "Ana" in text(result)


async def test_who_would_not_say_has_declined(store: Store, address: str, mode: str) -> None:
    async with a_desk(store, address, mode, None) as desk:
        assert text(await desk.call("hello")) == 'state s1: {"q0": ["decline", null]}'


async def test_what_must_not_leave_is_not_given_to_it(store: Store, address: str, mode: str) -> None:
    async with a_desk(store, address, mode, {"name": f"Ana, CPF {CPF}"}) as desk:
        result = await desk.call("hello")
    assert (result.is_error, "leaves the company" in text(result)) == (True, True), text(result)


async def test_it_asks_so_often_and_no_more(store: Store, address: str, mode: str) -> None:
    async with a_desk(store, address, mode, *[{"name": "Ana"}] * 20) as desk:
        result = await desk.call("forever")
    assert result.is_error
    assert desk.person is not None
    assert len(desk.person.asked) == 8


@pytest.mark.parametrize(
    ("what", "why"),
    [
        pytest.param("key", "“api key”", id="a key, by the name of a field"),
        pytest.param("senha", "“senha”", id="a password, in words"),
        pytest.param("pin", "“pin”", id="a PIN, by what is said of a field"),
        pytest.param("nested", "its form is none that can be shown", id="what is no plain value"),
        pytest.param("large", "its form is none that can be shown", id="a large form"),
        pytest.param("many", "at most 4 forms", id="many forms"),
        pytest.param("hidden", "what is not shown to anybody", id="what nobody sees"),
        pytest.param("url", "elicitation/create (url)", id="a page of its own"),
    ],
)
async def test_what_is_not_passed_on_is_refused_and_nobody_is_asked(store: Store, address: str, what: str, why: str) -> None:
    async with a_desk(store, address, "2026-07-28") as desk:
        result = await desk.call("wants", what=what)
    assert (result.is_error, why in text(result)) == (True, True), text(result)
    assert desk.person is not None
    assert desk.person.asked == []


async def test_a_long_question_is_cut(store: Store, address: str) -> None:
    async with a_desk(store, address, "2026-07-28", {"name": "Ana"}) as desk:
        assert "Ana" in text(await desk.call("wants", what="long"))
    assert desk.person is not None
    assert len(desk.person.asked[0].message) < 1_200


@pytest.mark.parametrize("nobody", [True, False])
async def test_it_is_told_whether_somebody_can_be_asked(store: Store, address: str, mode: str, nobody: bool) -> None:
    async with a_desk(store, address, mode, nobody=nobody) as desk:
        assert text(await desk.call("declared")) == str(not nobody)


async def test_where_nobody_can_be_asked_it_is_said_that_it_asked(address: str) -> None:
    async with serve(Remote(url=address)) as server:
        with pytest.raises(Refused, match=r"far: it asks something of a person .*, and nobody who can be asked .*: “What is your name"):
            await call(server, "hello")


async def test_a_server_of_an_earlier_revision_is_called_as_before(tmp_path: Path) -> None:
    async with serve(good(tmp_path)) as server:
        assert words(await call(server, "listissues", state="closed")) == "3 closed"


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ("Your password, please", "password"), ("API-Key", "api key"), ("accessKey", "access key"), ("userPIN", "pin"), ("Senha:", "senha"),
        ("Código de segurança", "codigo de seguranca"), ("CVV", "cvv"), ("card_number", "card number"),
        ("Número do cartão", "numero do cartao"),
        ("spinning", None), ("What is your name?", None), ("Qual filial?", None), ("tokenizer", None),
    ],
)  # fmt: skip
def test_what_asks_for_a_secret_is_known_however_it_is_written(asked: str, word: str | None) -> None:
    assert secret_in([asked]) == word


@given(st.sampled_from(["password", "api key", "senha"]), st.sampled_from(["_", "-", " ", ".", "\n"]), st.text(max_size=20))
def test_words_around_it_do_not_hide_it(word: str, between: str, around: str) -> None:
    assert secret_in([f"{around} {word.replace(' ', between).upper()} {around}"]) is not None
