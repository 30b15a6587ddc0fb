"""BFCL by our harness, held to its authors' own possible answers and to their own runner. The first run installs `bfcl-eval`."""

import ast
import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from benchmarks.tool_use import bfcl
from benchmarks.tool_use.asking import server
from benchmarks.tool_use.cases import Outcome, sampled

from support.scripted_model import Calls, Scripted, Words, completion, scripted

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]
RUNNER = Path(__file__).parent / "support" / "bfcl_runner.py"
AS_TEXT = frozenset({"simple_java", "simple_javascript"})
"""Categories whose possible answers are no arguments as a model writes them: values of Java and JavaScript, in texts."""


@pytest.fixture
async def program() -> AsyncIterator[bfcl.Bfcl]:
    """The program of bfcl-eval."""
    async with bfcl.started() as started:
        yield started


Entry = Mapping[str, Any]


async def entries(program: bfcl.Bfcl, most: int, *, but: frozenset[str] = frozenset()) -> dict[str, Entry]:
    """Some of the cases, as many of each category, with their possible answers; of those that begin alike only one."""
    cases = [case for case in (await program.described()).cases if case.category not in but]
    found: dict[str, Entry] = {}
    for case in sampled(cases, most, 7):
        told = await program.truth(case.id)
        found.setdefault(json.dumps(told["entry"]["question"][0]), {"case": case, **told})
    return {entry["case"].id: entry for entry in found.values()}


def beginning(messages: Sequence[Mapping[str, Any]]) -> str:
    """What a conversation begins with."""
    first = next((place for place, one in enumerate(messages) if one["role"] in ("assistant", "tool")), len(messages))
    return json.dumps(messages[:first])


def possible(options: Sequence[Any]) -> Any:
    """The first of the values that may be given."""
    value = next((one for one in options if one != ""), "")
    if isinstance(value, dict):
        return arguments(value)
    return [arguments(one) if isinstance(one, dict) else one for one in value] if isinstance(value, list) else value


def arguments(given: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """Those that must be given."""
    return {name: possible(options) for name, options in given.items() if "" not in options}


def single(entry: Entry) -> Calls:
    """The possible answer to one question."""
    if entry["truth"] is None:
        return [] if "irrelevance" in entry["case"].category else [(named(entry["entry"]["function"][0]["name"]), {})]
    return [(named(name), arguments(given)) for call in entry["truth"] for name, given in call.items()]


def named(name: str) -> str:
    """As the tool is offered."""
    return re.sub(r"\.", "_", name)


def steps(entry: Entry, messages: Sequence[Mapping[str, Any]]) -> str | Calls:
    """The next of the calls that the turn wants, one after the other; then words."""
    turn = sum(one["role"] == "user" for one in messages) - 1
    since = len(messages) - 1 - [one["role"] for one in messages][::-1].index("user")
    done = sum(one["role"] == "assistant" for one in messages[since:])
    wanted = entry["truth"][turn]
    return [called(entry["entry"], wanted[done])] if done < len(wanted) else "Done."


def called(entry: Mapping[str, Any], text: str) -> tuple[str, dict[str, Any]]:
    """A call that is written as Python."""
    docs = [*entry["function"], *(one for held in entry.get("missed_function", {}).values() for one in held)]
    call = ast.parse(text, mode="eval").body
    assert isinstance(call, ast.Call)
    assert isinstance(call.func, ast.Name)
    names = next(list(doc["parameters"]["properties"]) for doc in docs if doc["name"] == call.func.id)
    given = dict(zip(names, map(ast.literal_eval, call.args), strict=False))
    return call.func.id, given | {one.arg: ast.literal_eval(one.value) for one in call.keywords if one.arg}


def perfect(known: Mapping[str, Entry]) -> Words:
    """Who gives the possible answers."""
    begun = {json.dumps(entry["entry"]["question"][0]): entry for entry in known.values()}

    def script(body: Mapping[str, Any]) -> str | Calls:
        entry = begun[beginning(body["messages"])]
        return steps(entry, body["messages"]) if "involved_classes" in entry["entry"] else (single(entry) or "None of these fits.")

    return script


def hopeless(known: Mapping[str, Entry]) -> Words:
    """Who calls what it should not, and nothing where it should."""
    good = perfect(known)

    def script(body: Mapping[str, Any]) -> str | Calls:
        if isinstance(good(body), str) and not any(one["role"] == "assistant" for one in body["messages"]):
            return [(body["tools"][0]["function"]["name"], {})]
        return "I would rather not."

    return script


def mixed(known: Mapping[str, Entry]) -> Words:
    """Who is right in some cases, nearly right in others."""
    good = perfect(known)

    def script(body: Mapping[str, Any]) -> str | Calls:
        meant, size = good(body), len(json.dumps(body["messages"][0]))
        if isinstance(meant, str) or size % 3 == 0:
            return meant
        name, given = meant[-1]
        return [*meant[:-1], (name, {**given, **dict.fromkeys(list(given)[:1], "other" if size % 3 == 1 else 10**9)})]

    return script


async def outcomes(program: bfcl.Bfcl, model: Scripted, known: Mapping[str, Entry]) -> dict[str, Outcome]:
    """What our harness makes of it."""
    async with server(model.url, "m", "", 60) as asked:
        return {name: await program.outcome(entry["case"], asked) for name, entry in known.items()}


async def test_who_gives_the_possible_answers_is_right_in_all(program: bfcl.Bfcl) -> None:
    known = await entries(program, 300, but=AS_TEXT)
    async with scripted(perfect(known)) as model:
        found = await outcomes(program, model, known)
    wrong = {name: one.why for name, one in found.items() if one.verdict != "right"}
    assert wrong == {}
    assert max(one.asked for one in found.values()) > 5, "conversations go on over many turns"


async def test_who_answers_rubbish_is_right_in_none(program: bfcl.Bfcl) -> None:
    known = await entries(program, 150)
    async with scripted(hopeless(known)) as model:
        found = await outcomes(program, model, known)
    assert {name for name, one in found.items() if one.verdict != "wrong"} == set()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(500, id="an error"),
        pytest.param({"choices": []}, id="no choices"),
        pytest.param({"choices": [{"index": 0, "message": {"role": "assistant", "tool_calls": "x"}}]}, id="no chat completion"),
    ],
)
async def test_an_error_of_the_server_is_no_answer_and_the_next_case_is_asked(program: bfcl.Bfcl, body: Any) -> None:
    known = await entries(program, 17)
    async with scripted(lambda _: body) as model:
        found = await outcomes(program, model, known)
    assert {one.verdict for one in found.values()} == {"error"}
    async with scripted(perfect(known)) as model:
        assert all(
            one.verdict == "right"
            for name, one in (await outcomes(program, model, known)).items()
            if known[name]["case"].category not in AS_TEXT
        )


async def test_a_server_that_counts_no_tokens_can_be_asked(program: bfcl.Bfcl) -> None:
    known = await entries(program, 17, but=AS_TEXT)
    good = perfect(known)
    async with scripted(lambda body: {**completion(1, good(body)), "usage": None}) as model:
        found = await outcomes(program, model, known)
    assert {(one.verdict, one.input_tokens) for one in found.values()} == {("right", 0)}


async def test_calls_that_would_run_other_code_are_not_run(program: bfcl.Bfcl, tmp_path: Path) -> None:
    known = {name: one for name, one in (await entries(program, 34)).items() if one["case"].category == "multi_turn_base"}
    mark = tmp_path / "mark"
    hostile = [
        (f"__import__('pathlib').Path({str(mark)!r}).touch() or cd", {"folder": "x"}),
        ("cd", {f"folder=open({str(mark)!r},'w') or ''": 1}),
    ]
    for call in hostile:
        async with scripted(lambda _, call=call: [call]) as model:  # type: ignore[misc]  # mypy cannot infer the default's type
            assert {one.verdict for one in (await outcomes(program, model, known)).values()} == {"wrong"}
    assert not mark.exists()


async def test_the_verdicts_are_those_of_the_authors_own_runner(program: bfcl.Bfcl) -> None:
    known = await entries(program, 300)
    async with scripted(mixed(known)) as model:
        ours = await outcomes(program, model, known)
        theirs = await asyncio.to_thread(asyncio.run, the_runner(model.url, list(known)))
    right = {name for name, one in ours.items() if one.verdict == "right"}
    assert {name for one in theirs.values() for name in one["wrong"]} == set(known) - right
    assert {name: (one["right"], one["of"]) for name, one in theirs.items()} == counted(known, right)
    assert 0.1 < len(right) / len(known) < 0.9


def counted(known: Mapping[str, Entry], right: set[str]) -> dict[str, tuple[int, int]]:
    """Right ones and all, by category."""
    names = {entry["case"].category for entry in known.values()}
    of = {name: [id_ for id_, entry in known.items() if entry["case"].category == name] for name in names}
    return {name: (len(right & set(ids)), len(ids)) for name, ids in of.items()}


async def the_runner(url: str, names: Sequence[str]) -> dict[str, Any]:
    """What the runner of its authors makes of the same cases at the same server."""
    env = {**os.environ, "OPENAI_BASE_URL": url, "OPENAI_API_KEY": "none"}
    process = await asyncio.create_subprocess_exec(
        str(bfcl.environment()), str(RUNNER), str(bfcl.BRIDGE.parent), json.dumps(list(names)), env=env, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert process.returncode == 0
    found: dict[str, Any] = json.loads(said)
    return found
