"""Accepting: kept before anything is done, once per key, refused with words."""

import asyncio
from typing import Any

import pytest

from hulk.kernel.errors import Conflict, Exhausted, Forbidden, HulkError, NotFound, Refused, TooLarge
from hulk.kernel.tenancy import Principal, everywhere
from hulk.modules.intents import Asked
from hulk.modules.intents.domain import LONGEST_TEXT, MOST_SOURCES
from hulk.modules.skills import Source
from support.intents import ANA, START, Bench
from support.memory import Told

FILE = Source(kind="file", name="a.csv", path="a.csv")


async def test_an_accepted_intent_is_kept_with_its_run_and_its_event() -> None:
    bench = Bench()
    intent = await bench.accept(Asked(text="  Quais arquivos mudaram? ", sources=(FILE,)), ANA, "00-trace-span-01")
    assert await bench.intents.get(intent.id) == intent
    assert (intent.text, intent.language, intent.zone, intent.status) == ("Quais arquivos mudaram?", "pt", "America/Sao_Paulo", "accepted")
    assert (intent.tenant, intent.actor, intent.created, intent.trace_id) == ("acme", "key:ana", START, "trace")
    begun = bench.desk.runs[intent.run].begun
    assert (begun.workflow, begun.data, begun.intent) == ("intent", {"intent": intent.id, "language": "pt"}, intent.id)
    assert isinstance(bench.trail, Told)
    [event] = bench.trail.events
    assert (event.type, event.subject, event.actor) == ("hulk.intent.accepted.v1", intent.id, "key:ana")
    assert "arquivos" not in str(event.data)


@pytest.mark.parametrize(
    ("text", "given", "language"),
    [
        pytest.param("Quais arquivos mais mudaram?", None, "pt", id="recognised, Portuguese"),
        pytest.param("Which files changed most?", None, "en", id="recognised, English"),
        pytest.param("Which files changed most?", "pt", "pt", id="as asked for"),
    ],
)
async def test_the_language_of_the_answer(text: str, given: Any, language: str) -> None:
    assert (await Bench().asked(text, language=given)).language == language


async def test_a_key_gives_the_intent_it_gave_before_without_looking_at_its_files_again() -> None:
    bench = Bench()
    first = await bench.asked(key="k", sources=(FILE,))
    bench.refused, bench.full = NotFound("gone"), Exhausted("full")
    assert await bench.asked(key="k", sources=(FILE,)) == first
    assert bench.checked == [FILE]
    assert (len(bench.desk.runs), bench.told) == (1, ["hulk.intent.accepted.v1"])


@pytest.mark.parametrize(
    "other", [{"text": "Other"}, {"language": "pt"}, {"zone": "UTC"}, {"sources": (FILE,)}], ids=lambda other: next(iter(other))
)
async def test_a_key_that_was_used_for_something_else_is_a_conflict(other: dict[str, Any]) -> None:
    bench = Bench()
    first = await bench.asked(key="k")
    with pytest.raises(Conflict, match=f"“k” was used for another request \\({first.id}\\)"):
        await bench.asked(**{"key": "k", **other})
    assert len(bench.desk.runs) == 1


async def test_keys_belong_to_their_tenant() -> None:
    bench = Bench()
    first = await bench.asked(key="k")
    other = await bench.accept(Asked(text="Do the job", key="k"), Principal(tenant="other", actor="x", grants=everywhere("operator")), None)
    assert (await bench.intents.by_key("acme", "k"), await bench.intents.by_key("other", "k")) == (first, other)


async def test_of_many_at_once_under_one_key_all_get_the_one_that_was_kept() -> None:
    bench = Bench()

    async def pause(_: str, source: Source) -> None:
        await asyncio.sleep(0.001)

    bench.check = pause  # type: ignore[method-assign]  # all are past the look-up of the key before the first is kept
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(bench.asked(key="k", sources=(FILE,))) for _ in range(20)]
    assert {task.result().id for task in tasks} == {(await bench.intents.by_key("acme", "k")).id}
    assert (len(bench.desk.runs), bench.told) == (1, ["hulk.intent.accepted.v1"])


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        pytest.param(Asked(text=" \n"), Refused, "is empty", id="nothing"),
        pytest.param(Asked(text="x" * (LONGEST_TEXT + 1)), TooLarge, "32001 characters; at most 32000", id="too long"),
        pytest.param(Asked(text="a\0b"), Refused, "NUL", id="NUL in the text"),
        pytest.param(Asked(text="a\ud800b"), Refused, "NUL", id="half a character"),
        pytest.param(Asked(text="x", key=""), Refused, "has 0 characters", id="empty key"),
        pytest.param(Asked(text="x", key="k" * 201), Refused, "has 201 characters", id="long key"),
        pytest.param(Asked(text="x", key="a\0"), Refused, "The idempotency key holds a NUL", id="NUL in the key"),
        pytest.param(Asked(text="x", zone="Mars/Phobos"), Refused, "Mars/Phobos", id="no such zone"),
        pytest.param(Asked(text="x", zone="UTC\0"), Refused, "is not a time zone", id="NUL in the zone"),
        pytest.param(Asked(text="x", sources=(FILE,) * (MOST_SOURCES + 1)), Refused, "21 files", id="too many files"),
        pytest.param(Asked(text="x", sources=(Source(kind="file", name="a\0", blob="b"),)), Refused, "NUL", id="NUL in a file's name"),
        pytest.param(Asked(text="x", sources=(Source(kind="file", name="a", path="a\0"),)), Refused, "NUL", id="NUL in a path"),
        pytest.param(Asked(text="x", sources=(Source(kind="file", name="a", blob="a\0"),)), Refused, "NUL", id="NUL in a blob"),
    ],
)
async def test_what_cannot_be_accepted_is_told_and_nothing_is_kept(asked: Asked, error: type[HulkError], words: str) -> None:
    bench = Bench()
    with pytest.raises(error) as refused:
        await bench.accept(asked, ANA, None)
    assert words in str(refused.value)
    assert (bench.desk.runs, bench.told) == ({}, [])
    assert await bench.intents.recent("acme", status=None, limit=5) == []


@pytest.mark.parametrize("error", [Forbidden("not that"), NotFound("not there")])
async def test_a_file_that_cannot_be_read_stops_the_intent_before_it_is_kept(error: HulkError) -> None:
    bench = Bench(refused=error)
    with pytest.raises(type(error), match=str(error)):
        await bench.asked(sources=(FILE,))
    assert bench.desk.runs == {}


async def test_no_more_is_taken_when_the_queue_is_full() -> None:
    bench = Bench(full=Exhausted("full", retry_after=2))
    with pytest.raises(Exhausted):
        await bench.asked()
    assert (bench.desk.runs, bench.told) == ({}, [])


async def test_what_will_be_decided_on_is_told_before_it_is_kept_and_nothing_else_is() -> None:
    bench = Bench()
    await bench.asked(" Do the job ", key="k")
    await bench.asked(" Do the job ", key="k")
    await bench.accept.prepared(Asked(text="Do another"), ANA, None)
    bench.full = Exhausted("full", retry_after=2)
    with pytest.raises(Exhausted):
        await bench.asked("Do more")
    assert bench.expected == ["Do the job", "Do another"]


async def test_what_is_over_a_quota_leaves_nothing_behind() -> None:
    bench = Bench(over=Exhausted("over", retry_after=2))
    with pytest.raises(Exhausted, match="over"):
        await bench.asked()
    intent, change = await bench.accept.prepared(Asked(text="Do the job"), ANA, None)
    with pytest.raises(Exhausted, match="over"):
        await bench.commit(change)
    assert (bench.desk.runs, await bench.intents.recent("acme", status=None, limit=9)) == ({}, [])
    assert intent.tenant == "acme"
