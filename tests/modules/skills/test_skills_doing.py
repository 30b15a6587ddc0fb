"""A skill's plan done in process: what depends on what, what may fail, and how it ends."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hulk.kernel.errors import HulkError, NotFound, Refused, Unavailable
from hulk.kernel.text import Text
from hulk.modules.skills import Answer, Did, Doing, DoSkill, Report, Skill
from hulk.modules.tickets import Done, Draft, Handler, NewArtefact, Work
from hulk.runtime.language import voice


def draft(key: str, *after: str, required: bool = True) -> Draft:
    return Draft(key=key, kind=f"do.{key}", title=Text(key), after=after, required=required)


def said(report: Report) -> Answer:
    return Answer(markdown=f"{sorted(report.results)} {sorted(report.artefacts)}")


def skill(*drafts: Draft) -> Skill:
    return Skill(name="a", title=Text("a"), about=Text("a"), examples={}, plan=lambda _: drafts, answer=said)


async def fine(work: Work) -> Done:
    """Says what it was given, and makes a file."""
    path = work.scratch / "made.txt"
    path.write_text(work.key)
    made = NewArtefact(name=f"{work.kind}.txt", media_type="text/plain", path=path)
    return Done(result={"before": sorted(work.before), "key": work.key}, artefacts=(made,))


def failing(error: HulkError) -> Handler:
    async def fail(_: Work) -> Done:
        raise error

    return fail


async def done(scratch: Path, handlers: Mapping[str, Handler], *drafts: Draft, **more: Any) -> Did:
    wanted = Doing(skill=skill(*drafts), arguments={}, tenant="acme", key="k1", voice=voice("en"), scratch=scratch)
    return await DoSkill({**{one.kind: fine for one in drafts}, **handlers}, **more)(wanted)


async def test_results_are_handed_on_as_the_plan_says(tmp_path: Path) -> None:
    did = await done(tmp_path, {}, draft("c", "a", "b"), draft("a"), draft("b", "a"), draft("d"))
    before = {key: result["before"] for key, result in did.results.items()}
    assert before == {"a": [], "b": ["a"], "c": ["a", "b"], "d": []}
    assert {result["key"] for result in did.results.values()} == {"k1/a", "k1/b", "k1/c", "k1/d"}
    assert {made.path.read_text() for made in did.artefacts} == {"k1/a", "k1/b", "k1/c", "k1/d"}, "each has a folder of its own"


async def test_an_optional_piece_that_fails_takes_only_what_needs_it_with_it(tmp_path: Path) -> None:
    handlers = {"do.b": failing(Unavailable("no disk"))}
    did = await done(tmp_path, handlers, draft("a"), draft("b", required=False), draft("c", "b", required=False), draft("d", "a"))
    assert did.answer.markdown == "['a', 'd'] ['do.a.txt', 'do.d.txt']"


@pytest.mark.parametrize("error", [Refused("no column"), NotFound("no file"), Unavailable("not now")], ids=lambda one: one.code)
async def test_a_required_piece_that_fails_ends_it_with_its_own_words(tmp_path: Path, error: HulkError) -> None:
    with pytest.raises(type(error), match=str(error)):
        await done(tmp_path, {"do.b": failing(error)}, draft("a"), draft("b"), draft("c", "b"))


async def test_what_was_needed_and_did_not_come_ends_it(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="“b” needs what “a” would have given"):
        await done(tmp_path, {"do.a": failing(Refused("x"))}, draft("a", required=False), draft("b", "a"))


async def test_a_kind_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    wanted = Doing(skill=skill(draft("a")), arguments={}, tenant="t", key="k", voice=voice("en"), scratch=tmp_path)
    with pytest.raises(Refused, match="does not know how to do “do"):
        await DoSkill({})(wanted)


async def test_no_more_pieces_are_at_work_than_there_are_turns(tmp_path: Path) -> None:
    now, most, full = 0, 0, asyncio.Event()

    async def busy(work: Work) -> Done:
        nonlocal now, most
        now += 1
        most = max(most, now)
        if now == 3:
            full.set()
        await full.wait()
        now -= 1
        return await fine(work)

    drafts = [draft(f"p{number}") for number in range(9)]
    await done(tmp_path, {one.kind: busy for one in drafts}, *drafts, turns=asyncio.Semaphore(3))
    assert most == 3


async def test_the_others_stop_when_a_required_piece_fails(tmp_path: Path) -> None:
    stopped: list[str] = []
    begun = asyncio.Event()

    async def long(work: Work) -> Done:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.append(work.kind)
        return await fine(work)

    async def fail(_: Work) -> Done:
        await begun.wait()
        raise Refused("no")

    with pytest.raises(Refused, match="no"):
        await done(tmp_path, {"do.a": long, "do.b": fail}, draft("a"), draft("b"))
    assert stopped == ["do.a"]
