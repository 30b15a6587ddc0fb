"""Nothing that must stay gets out, by whatever exit: generated messages in every place of a prompt, on every way through the router.

    kinds x writings x disguises x sentences (support/messages.py) x places of a prompt (support/places.py) x exits (support/exits.py)

How many pass which: in `make test` 100,000 are decided on (scanned, weighed, the chain chosen); for each way of `EXITS` EACH of its own go
all the way, over SQLite, with real logs, spans and metrics; SERVED go through the program's own wiring over HTTP, to twins of the vendors.
In `make test-long` 1,000,000 are decided on, and ten times EACH go each way. The same seed gives the same messages; a failure tells it.
"""

import json
import os
import random
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import structlog

from hulk.kernel.errors import Refused
from hulk.kernel.events import Event
from hulk.modules.router.domain.asked import Asked
from hulk.modules.router.domain.model import Prompt
from hulk.modules.router.domain.sensitivity import Classified
from hulk.modules.router.usecases.asking import Scan
from hulk.runtime.cache import Made, Plain, Policy, opened
from hulk.runtime.config import CacheSettings
from hulk.runtime.telemetry import span
from support.exits import CLOUD, EXITS, INSIDE, World, a_world, leaked, worst
from support.messages import Message, sensitive
from support.places import PLACES
from support.routing import router
from support.served_exits import Served, a_served_world, body_of

SEEDS, SHARE = 10, 10_000
EACH, SERVED = int(os.environ.get("HULK_TEST_EACH", "100")), 180
MANY = int(os.environ.get("HULK_TEST_TEXTS", "1000000"))
FIRST = int(os.environ.get("HULK_TEST_FIRST_SEED", "0"))

CANARY = Message("cpf 529.982.247-25", "cpf", "plain", "529.982.247-25", "529.982.247-25")


def placed(seed: int, count: int, places: Iterable[str] = PLACES) -> Iterator[tuple[str, Message, Prompt]]:
    """That many messages, each in one place of a prompt, in turn."""
    chance = random.Random(seed)
    for place, message in zip(cycle(places), sensitive(seed, count), strict=False):
        yield place, message, PLACES[place](chance, message)


def public(count: int = 3) -> Iterator[Prompt]:
    """Prompts that may go anywhere."""
    return (Prompt.plain("Responda em português.", f"qual a capital da França? {number}") for number in range(count))


async def let_out(seed: int, count: int) -> list[str]:
    """Of so many messages, those that a model outside might have answered."""
    gateway, scan, found = router(CLOUD, INSIDE).gateway, Scan(), []
    for place, message, prompt in placed(seed, count):
        asked = Asked(prompt=prompt, tenant="acme", intent="i", key="k", scan=await scan(prompt), language="pt")
        chain = (await gateway.select(asked)).chain
        if [(one.model.name, one.reach) for one in chain] != [("inside", "local")]:
            found.append(f"seed {seed}, {place}, {message.kind}, {message.disguise}: {message.text!r}")
    return found


# Decided -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_no_model_outside_may_answer_what_must_stay(seed: int) -> None:
    assert await let_out(seed, SHARE) == []


async def test_what_is_clean_may_go_outside_from_every_place() -> None:
    """Else nothing would be proved by what stays."""
    gateway, chance = router(CLOUD, INSIDE).gateway, random.Random(1)
    for place in PLACES.values():
        prompt = place(chance, Message("qual a capital da França?", "", "", "capital", "capital"))
        asked = Asked(prompt=prompt, tenant="acme", intent="i", key="k", scan=await Scan()(prompt), language="pt")
        assert [one.model.name for one in (await gateway.select(asked)).chain] == ["cloud", "inside"]


@pytest.mark.long
@pytest.mark.parametrize("part", range(10))
async def test_of_a_million_messages_none_may_go_outside(part: int) -> None:
    assert await let_out(FIRST + 1000 + part, MANY // 10) == []


# Every exit ----------------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(tmp_path) as made:
        yield made


async def passed(world: World, name: str, seed: int, count: int) -> list[Message]:
    """That many messages, sent on that way."""
    way, messages = EXITS[name], list[Message]()
    acts = world.router(way)
    for _, message, prompt in placed(seed, count, ("user",) if way.as_question else PLACES):
        await world.ask(way, prompt, acts)
        messages.append(message)
    return messages


@pytest.mark.parametrize("name", EXITS)
async def test_nothing_gets_out(world: World, name: str) -> None:
    messages = await passed(world, name, seed := 100 + list(EXITS).index(name), EACH)
    found = leaked(messages, world.said())
    assert not found, f"seed {seed}\n{worst(found)}"
    assert len(world.decisions) == EACH
    assert world.answered == (EACH if EXITS[name].answers == "all" else 0)


@pytest.mark.parametrize("name", EXITS)
async def test_what_is_public_goes_that_way_and_is_seen(world: World, name: str) -> None:
    """Else it would prove nothing that there was nothing to see: the same finder sees what may go, where it went."""
    way, question = EXITS[name], "qual a capital da Fran\u00e7a 4127 98213?"
    await world.ask(way, Prompt.plain("Responda em português.", question))
    assert {one for one, count in world.wire.asked.items() if count} == set(way.reached)
    seen = leaked([Message(question, "", "", question, question)], world.said())
    assert bool(seen) == ("cloud" in way.reached), seen
    assert {name for name, *_ in seen} <= {"models outside"}


@pytest.mark.long
@pytest.mark.parametrize("name", EXITS)
async def test_nothing_gets_out_in_the_long_run(world: World, name: str) -> None:
    messages = await passed(world, name, FIRST + 200, 10 * EACH)
    found = leaked(messages, world.said())
    assert not found, f"seed {FIRST + 200}\n{worst(found)}"


# As it is served -----------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def program(tmp_path: Path) -> AsyncIterator[Served]:
    async with a_served_world(tmp_path) as made:
        yield made


WAYS: Sequence[Mapping[str, Any]] = ({}, {"stream": True}, {"model": "cloud"}, {"model": "cloud", "stream": True}, {"n": 2}, {"top_k": 5})
"""Whole and in pieces, chosen and named, and two that are refused before anything is decided."""


async def test_nothing_gets_out_of_the_served_program(program: Served) -> None:
    messages = []
    for way, (_, message, prompt) in zip(cycle(WAYS), placed(300, SERVED), strict=False):
        await program.post("/v1/chat/completions", {**body_of(prompt), **way})
        messages.append(message)
    found = leaked(messages, program.said())
    assert not found, f"seed 300\n{worst(found)}"
    assert program.statuses.count(200) > SERVED / 2
    assert program.statuses.count(400) >= SERVED / 3


async def test_the_served_program_sends_outside_what_is_public_and_only_that(program: Served) -> None:
    question = Message(
        "qual o capital social da empresa?", "", "", "qual o capital social da empresa?", "qual o capital social da empresa?"
    )
    await program.post("/v1/chat/completions", {"messages": [{"role": "user", "content": question.text}], "model": "cloud"})
    await program.post("/v1/chat/completions", {"messages": [{"role": "user", "content": f"e de {CANARY.text}?"}], "model": "cloud"})
    assert program.statuses == [200, 200]
    assert {name for name, *_ in leaked([question], program.said())} == {"models outside"}
    assert leaked([CANARY], program.said()) == []


async def test_what_people_write_of_an_answer_stays_in_their_words_only(program: Served) -> None:
    """A comment is kept for people to read, in its column; of it, the trail has the digest."""
    await program.post("/v1/chat/completions", {"messages": [{"role": "user", "content": "olá"}]})
    said = await program.post("/v1/feedback", {"decision_id": program.decisions[0], "thumb": "up", "comment": CANARY.text})
    assert program.statuses == [200, 200], said
    assert {name for name, *_ in leaked([CANARY], program.said())} == {"files"}
    with closing(sqlite3.connect(program.folder / "hulk.db")) as database:
        database.execute("UPDATE feedback SET comment = ''")
        rows = b"\n".join(repr(row).encode() for row in database.iterdump())
    assert b"feedback" in rows
    assert not leaked([CANARY], {"rows": rows})


# Would it be seen? ---------------------------------------------------------------------------------------------------------------

Plant = Callable[[World], Awaitable[None]]


class Blind(Scan):
    """A scan that finds nothing."""

    async def __call__(self, *_: Any, **__: Any) -> Classified:
        return Classified.of(())


async def sent(world: World) -> None:
    acts = world.router(EXITS["cloud call"])
    await world.ask(EXITS["cloud call"], Prompt.plain("", CANARY.text), replace(acts, gateway=replace(acts.gateway, scan=Blind())))


async def kept(world: World) -> None:
    event = Event(type="hulk.test.v1", subject="x", tenant="acme", actor="ana", data={"note": CANARY.thing})
    await world.store.commit(world.outbox.append(event))


async def cached(world: World) -> None:
    async with opened(CacheSettings(), world.folder / "cache") as caches:
        await caches.named("x", Plain(), Policy(ttl=60)).of("acme").get_or_make("k", _made)


async def _made(_: Any) -> Any:
    return Made(CANARY.thing)


async def logged(_: World) -> None:
    structlog.get_logger("x").debug("asked", text=CANARY.thing)


async def spanned(_: World) -> None:
    with span("ask", text=CANARY.thing):
        pass


async def raised(_: World) -> None:
    with suppress(ValueError), span("ask"):
        raise ValueError(CANARY.thing)


async def measured(world: World) -> None:
    world.metrics.counter("asked", "Asked.", ["text"]).labels(CANARY.thing).inc()


async def refused(world: World) -> None:
    class Telling(Scan):
        async def __call__(self, *_: Any, **__: Any) -> Classified:
            raise Refused("{text} is not for you.", text=CANARY.thing)

    acts = world.router(EXITS["cloud call"])
    await world.ask(EXITS["cloud call"], Prompt.plain("", "x"), replace(acts, gateway=replace(acts.gateway, scan=Telling())))


async def reasoned(world: World) -> None:
    """In the reasons of a decision, by way of a label."""

    class Labelling(Scan):
        async def __call__(self, *_: Any, **__: Any) -> Classified:
            return Classified.of([CANARY.thing])  # type: ignore[list-item]  # what no label may be

    acts = world.router(EXITS["cloud call"])
    await world.ask(EXITS["cloud call"], Prompt.plain("", "x"), replace(acts, gateway=replace(acts.gateway, scan=Labelling())))


@pytest.mark.parametrize(
    ("plant", "where"),
    [
        (sent, {"models outside"}), (kept, {"files"}), (cached, {"files"}), (logged, {"logs"}), (spanned, {"spans"}), (raised, {"spans"}),
        (measured, {"metrics"}), (refused, {"errors", "spans"}), (reasoned, {"files"}),
    ],
)  # fmt: skip
async def test_a_leak_that_is_planted_is_found_where_it_is(world: World, plant: Plant, where: set[str]) -> None:
    await plant(world)
    assert {name for name, *_ in leaked([CANARY], world.said())} == where


@pytest.mark.parametrize("form", ["529.982.247-25", "52998224725", json.dumps("a\n529.982.247-25"), "x=529.982.247-25&"])
def test_all_forms_of_it_are_found(form: str) -> None:
    assert leaked([CANARY], {"x": form.encode()})
    assert not leaked([CANARY], {"x": b"a52998224725b 529.982.247-26"})
