"""All that a hostile or broken MCP server may do to us is bounded, told clearly, and over when we say so."""

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from hulk.kernel.errors import HulkError, NotFound, Refused, Unavailable
from hulk.modules.tools.domain import Bytes
from hulk.modules.tools.ports import Uncertain
from support.foreign.mounting import HERE, LIMITS, call, calling, good, hostile, serve, tool, words
from support.processes import leashed

SMALL = replace(LIMITS, noise=1_000)
TOKEN = "tok-5ecret-71"


def mark(name: str) -> str:
    """What tells one name from others that would look the same."""
    return hashlib.sha256(name.encode()).hexdigest()[:8]


@pytest.mark.parametrize(
    ("name", "error", "says"),
    [
        pytest.param("die", Uncertain, r"it ended \(exit 3\)", id="dies in the middle"),
        pytest.param("hang", Uncertain, "has not answered within 0.5 seconds", id="hangs"),
        pytest.param("wrong_id", Uncertain, "has not answered within 0.5 seconds", id="answers what was not asked"),
        pytest.param("flood_line", Uncertain, "a message of more than 1000000 bytes", id="a line of a gigabyte"),
        pytest.param("flood_noise", Uncertain, "what is no message of MCP: “x”", id="a gigabyte of garbage"),
        pytest.param("html", Uncertain, "no message of MCP: “<html><body>Sign in</body></html>”", id="html for json"),
        pytest.param("not_a_result", Uncertain, "an answer that is none of MCP", id="an answer of another shape"),
        pytest.param("error", Uncertain, "it failed: “broke None there”", id="says that it failed"),
        pytest.param("unknown", Refused, "does not take this: “Unknown tool”", id="says that there is no such tool"),
    ],
)
async def test_what_may_have_been_done_is_told_so(name: str, error: type[HulkError], says: str, tmp_path: Path) -> None:
    async with serve(hostile(tmp_path), SMALL) as server:
        with pytest.raises(error, match=says) as told:
            await call(server, name, 0.5 if name in ("hang", "wrong_id") else 20)
        assert str(told.value).startswith("far: ")
        assert ("may have been done or not" in str(told.value)) == (error is Uncertain)


@pytest.mark.parametrize("name", ["die", "hang", "error"])
async def test_what_only_reads_may_be_asked_again(name: str, tmp_path: Path) -> None:
    async with serve(hostile(tmp_path)) as server:
        with pytest.raises(Unavailable) as told:
            await call(server, name, 0.5, reads=True)
        assert not isinstance(told.value, Uncertain)


async def test_one_that_died_is_started_again_when_it_is_asked_again(tmp_path: Path) -> None:
    async with serve(hostile(tmp_path)) as server:
        with pytest.raises(Uncertain):
            await call(server, "die")
        assert words(await call(server, "echo", a=1)) == '{"a": 1}'
        assert server.lives == 2


async def test_one_that_answers_no_more_is_given_up_after_three_calls(tmp_path: Path) -> None:
    async with serve(hostile(tmp_path)) as server:
        for _ in range(3):
            with pytest.raises(Uncertain):
                await call(server, "hang", 0.1)
        await call(server, "echo")
        assert server.lives == 2


async def test_a_little_garbage_between_messages_is_passed_over(tmp_path: Path) -> None:
    async with serve(hostile(tmp_path)) as server:
        assert words(await call(server, "garbage", a=1)) == '{"a": 1}'


@pytest.mark.parametrize(
    ("begins", "says"),
    [
        pytest.param("exit", r"far: it ended \(exit 1\): “no configuration, and the token is •••”\.", id="ends with a word"),
        pytest.param("silent", "far: it was not ready within 1.0 seconds", id="says nothing"),
        pytest.param("html", "far: it wrote what is no message of MCP: “<!doctype html><html></html>”", id="speaks HTML"),
    ],
)
async def test_one_that_cannot_be_begun_with_is_unavailable(begins: str, says: str, tmp_path: Path) -> None:
    way = hostile(tmp_path, begins=begins, secrets={"TOKEN": lambda: TOKEN})
    async with serve(way, replace(SMALL, start=1.0 if begins == "silent" else 10.0)) as server:
        with pytest.raises(Unavailable, match=says):
            await server.tools()


async def test_a_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    async with serve(replace(hostile(tmp_path), command=("no-such-program",))) as server:
        with pytest.raises(Unavailable, match="far: there is no program no-such-program in /usr/local/bin:"):
            await server.tools()


@pytest.mark.parametrize(
    ("lists", "names"),
    [
        pytest.param("endless", [f"far.t{page}" for page in range(5)], id="pages without end"),
        pytest.param("circle", ["far.one"], id="pages in a circle"),
        pytest.param("long_cursor", ["far.one"], id="a cursor of 100 KB"),
        pytest.param("thousands", [f"far.t0_{one}" for one in range(100)], id="thousands of tools"),
        pytest.param("huge", ["far.small"], id="a huge description"),
        pytest.param("not_json", ["far.fine"], id="a schema with NaN"),
        pytest.param(
            "names",
            ["far.ok", *(f"far.list_issues_{mark(name)}" for name in ("list-issues", "list_issues", "LIST_ISSUES")), "far.t_9lives"],
            id="names that collide or are malformed",
        ),
    ],
)
async def test_a_listing_is_taken_as_far_as_it_is_sound(lists: str, names: list[str], tmp_path: Path) -> None:
    async with serve(hostile(tmp_path, lists), replace(LIMITS, pages=5, tools=100)) as server:
        assert [tool.name for tool in await server.tools()] == names


@pytest.mark.parametrize(
    ("lists", "says"),
    [
        pytest.param("malformed", "an answer that is none of MCP", id="tools of another shape"),
        pytest.param("flood", "a message of more than 1000000 bytes", id="20 MB of description"),
    ],
)
async def test_a_listing_that_cannot_be_read_is_none(lists: str, says: str, tmp_path: Path) -> None:
    async with serve(hostile(tmp_path, lists)) as server:
        with pytest.raises(Unavailable, match=says):
            await server.tools()


async def test_what_it_asks_of_us_is_declined(tmp_path: Path) -> None:
    async with serve(hostile(tmp_path)) as server:
        heard = (await call(server, "asks")).data
        assert heard is not None
        answers = {one["id"]: one["error"]["code"] for one in heard["heard"]}
        assert answers == {"mine-0": -32600, "mine-1": -32600, "mine-2": -32600, "mine-3": -32601}


async def test_what_it_asks_amid_a_call_is_told_to_whom_it_failed(tmp_path: Path) -> None:
    async with serve(hostile(tmp_path)) as server:
        failed, after = await call(server, "asks_and_fails"), await call(server, "echo")
    assert failed.failed
    assert "nobody said [Its server asked something of a person amid a call. That was not passed on" in words(failed)
    assert not after.failed


async def test_a_thousand_requests_of_its_own_are_not_all_looked_at(tmp_path: Path) -> None:
    async with serve(hostile(tmp_path)) as server:
        assert words(await call(server, "asks_much")) == "asked"
        heard = (await call(server, "echo")).data
        assert heard is not None
        assert len(heard["heard"]) <= 64


async def test_a_storm_of_notifications_delays_an_answer_and_no_more(tmp_path: Path) -> None:
    async with serve(hostile(tmp_path)) as server:
        assert words(await call(server, "storm", count=300)) == "{}"


async def test_progress_is_told_one_after_the_other(tmp_path: Path) -> None:
    told: list[tuple[float, float | None, str]] = []

    async def hear(done: float, whole: float | None, message: str) -> None:
        told.append((done, whole, message))

    async with serve(hostile(tmp_path), replace(LIMITS, pace=100_000)) as server:
        wanted = next(one for one in await server.listed() if one.said.name == "progress")
        await server.call_listed(wanted, {"count": 5_000}, calling(progress=hear))
    assert 1 <= len(told) <= 100
    assert {message for *_, message in told} == {"step"}


async def test_what_it_says_back_has_no_secret_of_ours(tmp_path: Path) -> None:
    async with serve(hostile(tmp_path, secrets={"TOKEN": lambda: TOKEN})) as server:
        output = await call(server, "secret")
        assert words(output) == "I know •••"
        assert output.data == {"deep": [{"•••": "•••"}]}
        with pytest.raises(Uncertain, match="broke ••• there"):
            await call(server, "error")


async def test_what_is_no_picture_is_left_out_and_told(tmp_path: Path) -> None:
    async with serve(hostile(tmp_path)) as server:
        output = await call(server, "broken_base64")
        assert [piece.data for piece in output.pieces if isinstance(piece, Bytes)] == [b"hi"]
        assert output.cut == "1 of 2 pieces could not be taken"


async def test_what_it_writes_on_standard_error_is_not_logged(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    async with serve(hostile(tmp_path)) as server:
        await call(server, "stderr")
        with pytest.raises(Uncertain):
            await call(server, "die")
    out, err = capfd.readouterr()
    assert "secret data" not in out + err


async def test_one_that_holds_too_much_memory_is_ended(tmp_path: Path) -> None:
    async with serve(hostile(tmp_path), replace(LIMITS, memory=150_000_000)) as server:
        with pytest.raises(Uncertain, match="bytes of memory, and may hold 150000000"):
            await call(server, "eat")


def _gone(pid: int) -> bool:
    """A child of somebody else may be left as a zombie, which nobody can use."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.parametrize("daemon", [False, True], ids=["in its group", "in a session of its own"])
async def test_what_it_has_started_is_gone_with_it(daemon: bool, tmp_path: Path) -> None:
    async with serve(hostile(tmp_path)) as server:
        data = (await call(server, "spawn", daemon=daemon)).data
        assert data is not None
        pids = [int(str(data[name])) for name in ("pid", "own")]
        assert not any(map(_gone, pids))
    assert all(map(_gone, pids))


async def test_one_that_is_deaf_to_sigterm_is_killed(tmp_path: Path) -> None:
    async with serve(hostile(tmp_path, begins="deaf")) as server:
        data = (await call(server, "spawn")).data
        assert data is not None
    assert _gone(int(str(data["own"])))


async def test_it_is_given_nothing_of_our_environment(tmp_path: Path) -> None:
    os.environ["HULK_TEST_PRIVATE"] = "private"
    async with serve(good(tmp_path, env={"REGION": "br"}, secrets={"TOKEN": lambda: TOKEN})) as server:
        data = (await call(server, "environment")).data or {}
    assert set(data) - {"LC_CTYPE"} == {"PATH", "HOME", "REGION", "TOKEN", "HULK_MOUNTED"}
    assert (data["TOKEN"], data["HOME"]) == ("•••", str(tmp_path))


async def test_a_new_secret_is_used_from_the_next_call_on(tmp_path: Path) -> None:
    secrets = ["first-secret"]
    async with serve(hostile(tmp_path, secrets={"TOKEN": lambda: secrets[-1]})) as server:
        assert words(await call(server, "secret")) == "I know •••"
        secrets.append("second-secret")
        assert words(await call(server, "secret")) == "I know •••"
        assert server.lives == 2


async def test_a_tool_that_is_gone_is_not_called(tmp_path: Path) -> None:
    async with serve(hostile(tmp_path)) as server:
        there = await tool(server, "echo")
        with pytest.raises(NotFound, match=r"There is no tool far\.other"):
            await server.call(replace(there, name="far.other"), {}, calling())


def test_it_dies_with_us_also_when_we_are_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "support.foreign.holder", str(tmp_path)]
    with subprocess.Popen(leashed(*command), cwd=HERE.parents[1], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        pid = next(int(line.split()[1]) for line in holder.stdout if line.startswith("pid "))
        assert not _gone(pid)
        holder.kill()
        while not _gone(pid):  # the kernel kills it a moment later
            os.sched_yield()
