"""The harness that scores how a model uses tools: its figures, its answers that it goes on from, its command over scripted models."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from benchmarks.tool_use.__main__ import main
from benchmarks.tool_use.asking import Call, Failed, Said, Taken, server
from benchmarks.tool_use.cases import Case, Outcome, sampled
from benchmarks.tool_use.figures import Row, rows, wilson
from benchmarks.tool_use.kept import Answers, OfAnother
from hypothesis import given
from hypothesis import strategies as st

from support.own_set import perfect
from support.scripted_model import Calls, Scripted, scripted

CASES = [Case("own", category, "", f"{category}-{number}") for category, count in (("few", 2), ("many", 9)) for number in range(count)]


def an_outcome(number: int, verdict: Any = "right", category: str = "many", **more: Any) -> Outcome:
    """Of a case of that number."""
    return Outcome(case=f"{category}-{number}", set="own", category=category, verdict=verdict, **more)


async def ran(model: Scripted, out: Path, *words: str) -> int:
    """The command over the set of ours, with what it gave back."""
    return await asyncio.to_thread(main, ["--url", model.url, "--model", "m", "--set", "own", "--out", str(out), *words])


def report(out: Path) -> dict[str, Any]:
    """What it wrote."""
    found: dict[str, Any] = json.loads((out / "report.json").read_text())
    return found


# Figures -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("right", "of", "low", "high"),
    [
        pytest.param(0, 0, 0.0, 1.0, id="nothing is known of nothing"),
        pytest.param(0, 10, 0.0, 0.27753, id="none of ten"),
        pytest.param(10, 10, 0.72247, 1.0, id="ten of ten"),
        pytest.param(50, 100, 0.40383, 0.59617, id="half of a hundred"),
        pytest.param(81, 263, 0.25534, 0.36621, id="Newcombe 1998, table I, method 3"),
        pytest.param(15, 148, 0.06235, 0.16051, id="the same, second column"),
    ],
)
def test_the_interval_is_that_of_wilson(right: int, of: int, low: float, high: float) -> None:
    assert wilson(right, of) == pytest.approx((low, high), abs=5e-4)


@given(st.integers(1, 500).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_the_interval_holds_the_share_and_is_mirrored(counts: tuple[int, int]) -> None:
    right, of = counts
    low, high = wilson(right, of)
    assert 0 <= low <= right / of + 1e-9
    assert right / of - 1e-9 <= high <= 1
    assert wilson(of - right, of) == pytest.approx((1 - high, 1 - low))


def test_an_error_is_no_wrong_answer_and_too_many_are_no_score() -> None:
    outcomes = [an_outcome(number, "right" if number % 2 else "wrong", seconds=float(number)) for number in range(95)]
    errors = [an_outcome(number, "error", seconds=1e6) for number in range(95, 100)]
    row = Row.of("all", [*outcomes, *errors])
    assert (row.right, row.answered, row.errors, row.score, row.seconds) == (47, 95, 5, 47 / 95, 47.0)
    assert Row.of("all", [*outcomes, *errors, an_outcome(100, "error")]).score is None
    assert Row.of("all", []).score is None


def test_each_category_has_a_row_and_the_last_is_of_all() -> None:
    found = rows([an_outcome(1, category="one"), an_outcome(2, "wrong", "two"), an_outcome(3, category="two")])
    assert [(row.name, row.right, row.answered) for row in found] == [("one", 1, 1), ("two", 1, 2), ("all", 2, 3)]


def test_a_sample_takes_as_many_of_each_category_as_there_are() -> None:
    assert [sum(case.category == "few" for case in sampled(CASES, size, 1)) for size in (2, 4, 8, 100)] == [1, 2, 2, 2]
    assert len(sampled(CASES, 8, 1)) == 8
    assert sorted(sampled(CASES, None, 1)) == sorted(CASES)


@given(st.integers(0, 11), st.integers(0, 11), st.integers(0, 5))
def test_a_larger_sample_holds_the_smaller_one_of_the_same_seed(one: int, other: int, seed: int) -> None:
    small, large = sorted((one, other))
    assert set(sampled(CASES, small, seed)) <= set(sampled(list(reversed(CASES)), large, seed))


# The file of answers -------------------------------------------------------------------------------------------------------------


def test_answers_are_read_back_the_last_of_each_case_and_none_that_was_broken_off(tmp_path: Path) -> None:
    answers = Answers.opened(tmp_path, {"model": "m"})
    first, again = an_outcome(1, "error", why="503"), an_outcome(1, models=("m",), said={"text": "sim"})
    for one in (first, an_outcome(2, "wrong"), again):
        answers.add(one)
    with answers.file.open("a") as file:
        file.write('{"case": "many-3", "se')
    assert {name: one.verdict for name, one in answers.all().items()} == {"many-1": "right", "many-2": "wrong"}
    answers.add(an_outcome(4))
    assert set(Answers.opened(tmp_path, {"model": "m"}).all()) == {"many-1", "many-2", "many-4"}


def test_answers_of_another_model_or_of_other_cases_are_not_gone_on_with(tmp_path: Path) -> None:
    Answers.opened(tmp_path, {"model": "one", "url": "x"})
    with pytest.raises(OfAnother, match="model: 'one', now 'two'"):
        Answers.opened(tmp_path, {"model": "two", "url": "x"})
    Answers.opened(tmp_path, {"model": "one", "own": "v1"})
    with pytest.raises(OfAnother, match="own: 'v1', now 'v2'"):
        Answers.opened(tmp_path, {"model": "one", "url": "x", "own": "v2"})


# Asking --------------------------------------------------------------------------------------------------------------------------


async def test_what_cannot_be_now_is_asked_again_and_what_was_refused_is_an_error() -> None:
    said: Iterator[str | int] = iter([503, 429, "Sim.", 400])

    def script(_: Mapping[str, Any]) -> str | int:
        return next(said)

    async with scripted(script) as model, server(model.url, "m", "", 10) as asked:
        taken = Taken()
        assert Said.of(await asked.complete({"messages": []}, taken)) == Said("Sim.")
        assert (taken.asked, taken.input_tokens, taken.output_tokens, taken.models) == (1, 100, 10, {"scripted-1"})
        with pytest.raises(Failed, match=r"^400: "):
            await asked.complete({"messages": []}, taken)


@pytest.mark.parametrize("arguments", ['{"a": 1', "[1]", "1", ""])
def test_arguments_that_are_no_object_are_kept_as_none(arguments: str) -> None:
    message = {"content": None, "tool_calls": [{"function": {"name": "x", "arguments": arguments}}]}
    assert Said.of({"choices": [{"message": message}]}) == Said("", (Call("x", None),))


# The command ---------------------------------------------------------------------------------------------------------------------


async def test_who_answers_as_expected_is_right_in_all(tmp_path: Path) -> None:
    async with scripted(await perfect()) as model:
        assert await ran(model, tmp_path) == 0
    told = report(tmp_path)
    assert told["sets"]["own"][-1]["score"] == 1
    assert told["sets"]["own"][-1]["answered"] == told["wanted"]["own"] >= 60
    assert told["sets"]["own"][-1]["cpu_seconds"] is not None, "the server is on this machine"
    page = (tmp_path / "report.md").read_text()
    assert "Asked: all cases." in page
    assert "answered by scripted-1" in page


def rubbish(_: Mapping[str, Any]) -> Calls:
    """Calls something that is not there."""
    return [("rm", {"everything": True})]


async def test_who_answers_rubbish_is_right_in_none(tmp_path: Path) -> None:
    async with scripted(rubbish) as model:
        assert await ran(model, tmp_path) == 0
    assert report(tmp_path)["sets"]["own"][-1]["right"] == 0


async def test_a_server_that_fails_has_no_score_and_its_cases_are_asked_again(tmp_path: Path) -> None:
    async with scripted(lambda _: 500) as model:
        assert await ran(model, tmp_path, "--sample", "9") == 1
        failed = len(model.asked)
        page = (tmp_path / "report.md").read_text()
    assert (failed, report(tmp_path)["sets"]["own"][-1]["errors"]) == (9, 9)
    assert "**No score**: 9 of 9 cases are errors of the server" in page
    assert "by the seed 1" in page


async def test_a_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    async with scripted(await perfect()) as model:
        assert await ran(model, tmp_path, "--sample", "9") == 0
        assert await ran(model, tmp_path, "--sample", "18", "--at-once", "3") == 0
        assert len(model.asked) == 18
        texts = [json.dumps(body["messages"]) for body in model.asked]
    assert len(set(texts)) == len(texts), "nothing is asked twice"
    assert report(tmp_path)["sets"]["own"][-1]["answered"] == 18


async def test_a_category_that_is_not_there_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with scripted(rubbish) as model:
        assert await ran(model, tmp_path, "--categories", "choice,chess") == 2
        assert model.asked == []
    assert "there is no category chess; there are answering, arguments, asking" in capsys.readouterr().err


async def test_what_was_said_is_judged_by_the_rules_as_they_are_now(tmp_path: Path) -> None:
    async with scripted(await perfect()) as model:
        assert await ran(model, tmp_path, "--like", "choice-pt-show") == 0
        kept = tmp_path / "answers.jsonl"
        kept.write_text(kept.read_text().replace('"right"', '"wrong"'))
        assert await ran(model, tmp_path, "--like", "choice-pt-show") == 0
        assert len(model.asked) == 1
    assert report(tmp_path)["sets"]["own"][-1]["right"] == 1


def test_outcomes_are_kept_whole() -> None:
    one = an_outcome(1, models=["a"], said={"text": "x"})
    assert Outcome(**one.kept()) == replace(one)
