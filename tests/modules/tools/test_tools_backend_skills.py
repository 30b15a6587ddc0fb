"""Skills as tools: named after them, taking as data what a sentence would say, done in process, leaving nothing behind."""

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import pytest

from hulk.kernel.errors import Exhausted, Forbidden, HulkError, NotFound, Refused
from hulk.modules.skills import Answer, Did
from hulk.modules.tools.adapters.backends.skills.outcome import given
from hulk.modules.tools.domain import Bytes, Index, Output, Words
from hulk.modules.tools.ports import Present
from hulk.runtime.language import voice
from hulk.runtime.schemas import RustSchemas
from support.skilled import Skilled, a_calling
from support.worlds import repository, sales

OWN = """
from hulk.modules.skills import Period, Repository, Table, skill

@skill("lines.count", pt=["Quantas linhas?", "Conte as linhas"], en=["How many lines?"], reads=True)
def lines(table: Table, top: int = 3, deep: bool = False, copy: str = "x", since: Period | None = None, ratio: float = 0.5) -> str:
    "Counts {lines}."
    return f"{len(table.read_text().splitlines())} lines, {top}, {deep}, {copy}, {since}, {ratio}"

@skill("door.open", pt=["Abra a porta", "Porta aberta"], en=["Open the door"])
async def door() -> str:
    "Opens the door."
    return "open"

@skill("wait.long", pt=["Espere", "Aguarde"], en=["Wait"], reads=True)
async def wait(table: Table) -> str:
    "Waits."
    import asyncio
    await asyncio.Event().wait()
    return ""
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "mine.py").write_text(OWN)
    (tmp_path / "root").mkdir()
    sales(tmp_path / "root" / "vendas.csv")
    return tmp_path / "root"


@pytest.fixture
def skilled(root: Path) -> Skilled:
    return Skilled(root, (root.parent / "own",))


def data(output: Output) -> dict[str, Any]:
    assert output.data is not None
    return output.data


async def test_each_skill_is_a_tool_that_reads_and_stays_in_the_company(skilled: Skilled) -> None:
    tools = {tool.name: tool for tool in await skilled.backend.tools()}
    assert {"skills.code_churn", "skills.data_profile", "skills.data_anomalies", "skills.lines_count"} <= set(tools)
    assert {(tool.effect, tool.outside, tool.cost) for name, tool in tools.items() if name != "skills.door_open"} == {
        ("read", False, "free")
    }
    assert tools["skills.door_open"].effect == "write", "what a user's own does is not known, unless it says that it only looks"


async def test_a_tool_is_found_by_the_words_that_people_say(skilled: Skilled) -> None:
    index = Index.of(await skilled.backend.tools())
    assert index.search("anomalias nas vendas por loja")[0].name == "skills.data_anomalies"
    assert index.search("files that changed most")[0].name == "skills.code_churn"


async def test_anomalies_are_found_told_and_not_opened_as_tickets(skilled: Skilled) -> None:
    output = await skilled.call("data_anomalies", table={"path": "vendas.csv"}, group=["loja"])
    found = data(output)
    assert output.pieces == (Words(found["markdown"]),)
    assert found["results"]["inspect"]["roles"]["groups"] == ["loja"]
    assert {(one["data"]["series"], one["data"]["start"]) for one in found["follow_ups"]} == {
        ("Centro", "2026-02-20T00:00:00"), ("Sul", "2026-05-01T00:00:00"),
    }  # fmt: skip
    assert {one["kind"] for one in found["follow_ups"]} == {"data.anomaly"}
    assert [(one["name"], one["media_type"]) for one in found["artefacts"]] == [
        ("anomalies.csv", "text/csv"),
        ("anomalies.png", "image/png"),
    ]
    assert skilled.left() == []
    [tool] = [one for one in await skilled.backend.tools() if one.name == "skills.data_anomalies"]
    assert tool.output is not None
    assert RustSchemas().wrong(tool.output, found) == []


async def test_the_answer_is_in_the_language_of_who_calls(skilled: Skilled) -> None:
    output = await skilled.call("data_anomalies", a_calling(language="pt"), table={"path": "vendas.csv"})
    assert "anomalias encontradas" in data(output)["markdown"]
    assert "20/02/2026" in data(output)["markdown"]


async def test_progress_is_told_piece_by_piece(skilled: Skilled) -> None:
    heard: list[tuple[float, float | None]] = []

    async def hear(done: float, of: float | None, _: str) -> None:
        heard.append((done, of))

    await skilled.call("data_anomalies", a_calling(present=Present(language="en", progress=hear)), table={"path": "vendas.csv"})
    assert heard == [(1, 4), (2, 4), (3, 4), (4, 4)]


async def test_files_come_with_the_answer_when_they_are_wanted(skilled: Skilled) -> None:
    output = await skilled.call("data_profile", table={"path": "vendas.csv"}, files="inline")
    [picture] = [piece for piece in output.pieces if isinstance(piece, Bytes)]
    [told] = data(output)["artefacts"]
    assert (picture.name, picture.media_type, len(picture.data)) == (told["name"], "image/png", told["size"])
    assert hashlib.sha256(picture.data).hexdigest() == told["sha256"]


async def test_a_kept_file_is_the_tenants_own_and_can_be_given_to_another_skill(skilled: Skilled) -> None:
    found = data(await skilled.call("data_anomalies", table={"path": "vendas.csv"}, files="kept"))
    blob = found["artefacts"][0]["blob"]
    assert skilled.sent[blob] == "acme"
    again = await skilled.call("data_profile", table={"blob": blob, "name": "anomalies.csv"})
    assert "anomalies.csv" in data(again)["markdown"]


async def test_what_an_agent_has_made_is_kept_so_that_it_can_be_given_on(skilled: Skilled) -> None:
    by_agent = await skilled.call("data_profile", a_calling(agent="retail"), table={"path": "vendas.csv"})
    [told] = data(by_agent)["artefacts"]
    assert [(one.name, one.blob, one.size) for one in by_agent.files] == [(told["name"], told["blob"], told["size"])]
    assert skilled.sent[told["blob"]] == "acme"
    asked = await skilled.call("data_profile", a_calling(agent="retail"), table={"path": "vendas.csv"}, files="named")
    by_hand = await skilled.call("data_profile", table={"path": "vendas.csv"})
    assert (asked.files, by_hand.files) == ((), ())


async def test_what_it_finds_stands_where_there_is_no_room_for_what_it_made(skilled: Skilled) -> None:
    skilled.full = True
    output = await skilled.call("data_profile", a_calling(agent="retail"), table={"path": "vendas.csv"})
    assert ("vendas.csv" in data(output)["markdown"], output.files, "blob" in data(output)["artefacts"][0]) == (True, (), False)
    with pytest.raises(Exhausted):
        await skilled.call("data_profile", a_calling(agent="retail"), table={"path": "vendas.csv"}, files="kept")


async def test_what_comes_next_is_forecast_as_far_ahead_as_is_asked(skilled: Skilled) -> None:
    ahead = {"count": 2, "unit": "week"}
    found = data(await skilled.call("data_forecast", table={"path": "vendas.csv"}, group=["loja"], horizon=ahead))
    assert (found["results"]["forecast"]["steps"], found["follow_ups"]) == (14, [])
    assert [one["name"] for one in found["artefacts"]] == ["forecast.csv", "forecast.png"]


async def test_the_history_of_the_repository_that_is_meant_when_none_is_named(tmp_path: Path) -> None:
    skilled = Skilled(repository(tmp_path / "shop"))
    output = await skilled.call("code_churn", period={"since": "2020-01-01", "until": "2030-01-01"}, top=2, reviews=1)
    found = data(output)
    assert [one["data"]["path"] for one in found["follow_ups"]] == ["core.py"]
    assert found["results"]["churn"]["files"][0]["path"] == "core.py"


async def test_what_is_not_said_is_as_in_a_sentence_that_does_not_say_it(tmp_path: Path) -> None:
    skilled = Skilled(repository(tmp_path / "shop"))
    markdown = data(await skilled.call("code_churn"))["markdown"]
    assert "From 2026-10-22 to 2026-11-21" in markdown, "30 days, counted from the day of the settings' time zone"
    assert "ticket" not in markdown


async def test_parameters_of_a_users_own_arrive_as_its_types_whatever_they_are_called(skilled: Skilled) -> None:
    since = {"since": "2026-01-01", "until": "2026-01-31"}
    said = await skilled.call("lines_count", table={"path": "vendas.csv"}, top=7, deep=True, copy="y", since=since)
    period = "Period(since=datetime.date(2026, 1, 1), until=datetime.date(2026, 1, 31))"
    assert data(said)["markdown"] == f"601 lines, 7, True, y, {period}, 0.5"


@pytest.mark.parametrize(
    ("act", "arguments", "where"),
    [
        pytest.param("data_anomalies", {}, "table", id="nothing given"),
        pytest.param("data_anomalies", {"table": {"path": "a.csv"}, "limit": 3}, "limit", id="a field that there is not"),
        pytest.param("data_anomalies", {"table": {"path": "a.csv", "hosts": 1}}, "table.hosts", id="within a source"),
        pytest.param("data_anomalies", {"table": "a.csv"}, "table", id="a path that is no source"),
        pytest.param("data_anomalies", {"table": {"path": "a.csv"}, "threshold": 1}, "threshold", id="below its bound"),
        pytest.param("data_anomalies", {"table": {"path": "a.csv"}, "threshold": None}, "threshold", id="null"),
        pytest.param("data_anomalies", {"table": {"path": "a.csv"}, "group": "loja"}, "group", id="a column for columns"),
        pytest.param("data_anomalies", {"table": {"path": "a.csv"}, "group": []}, "group", id="no columns"),
        pytest.param("data_anomalies", {"table": {"path": "a.csv"}, "files": "all"}, "files", id="what files cannot become"),
        pytest.param("code_churn", {"top": 51}, "top", id="a count above its bound"),
        pytest.param("code_churn", {"top": 2.5}, "top", id="half a file"),
        pytest.param("code_churn", {"repository": {"url": "https://x"}}, "repository.url", id="a repository is not fetched"),
        pytest.param("code_churn", {"period": {"since": "2026-01-01"}}, "period.until", id="half a period"),
        pytest.param("code_churn", {"period": {"since": "yesterday", "until": "2026-01-01"}}, "period.since", id="no day"),
    ],
)
async def test_what_does_not_fit_the_schema_is_told_where(skilled: Skilled, act: str, arguments: dict[str, Any], where: str) -> None:
    [tool] = [one for one in await skilled.backend.tools() if one.name == f"skills.{act}"]
    assert where in [place for place, _ in RustSchemas().wrong(tool.input, arguments)]


SALES = {"path": "vendas.csv"}


@pytest.mark.parametrize(
    ("arguments", "kind", "says"),
    [
        pytest.param({"table": SALES, "value": ["lucro"]}, Refused, "no column “lucro”. .*data, loja, valor, obs", id="a column"),
        pytest.param({"table": {"path": "vendsa.csv"}}, NotFound, "no “vendsa.csv”", id="a file"),
        pytest.param({"table": {"path": "../own/mine.py"}}, Forbidden, "not under a folder that Hulk may read", id="a file outside"),
        pytest.param(
            {"table": {"path": "a", "url": "https://example.com/a.csv"}}, Refused, "exactly one of path, blob, url", id="two places"
        ),
        pytest.param({"table": {}}, Refused, "exactly one of path, blob, url", id="no place"),
        pytest.param({"table": {"url": "https://evil.example/a.csv"}}, Forbidden, "not a host that Hulk may fetch", id="a host"),
        pytest.param({"table": {"url": "https://u:p@example.com/a.csv"}}, Refused, "user name or password", id="a password"),
        pytest.param({"table": {"blob": "0" * 64}}, NotFound, "no file 0000", id="a blob"),
    ],
)
async def test_what_is_wrong_is_told_in_the_skills_own_words(
    skilled: Skilled, arguments: dict[str, Any], kind: type[HulkError], says: str
) -> None:
    with pytest.raises(kind, match=says):
        await skilled.call("data_anomalies", **arguments)
    assert skilled.left() == []


async def test_a_period_that_ends_before_it_begins_is_refused(skilled: Skilled) -> None:
    with pytest.raises(Refused, match="`since` is after `until`"):
        await skilled.call("code_churn", period={"since": "2026-02-01", "until": "2026-01-01"})


async def test_a_tenant_does_not_read_what_another_has_sent(skilled: Skilled, root: Path) -> None:
    blob = await skilled.send(root / "vendas.csv", "other")
    with pytest.raises(NotFound):
        await skilled.call("data_profile", table={"blob": blob, "name": "vendas.csv"})
    found = await skilled.call("data_profile", a_calling("other"), table={"blob": blob, "name": "vendas.csv"})
    assert "600" in data(found)["markdown"]


async def test_a_call_that_is_given_up_leaves_nothing_behind(skilled: Skilled) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await skilled.call("wait_long", table={"path": "vendas.csv"})
    assert skilled.left() == []


async def test_a_picture_that_cannot_be_drawn_is_missing_and_told(skilled: Skilled, root: Path) -> None:
    (root / "few.csv").write_text("dia,v\n" + "".join(f"2026-01-{day:02},1\n" for day in range(1, 5)))
    found = data(await skilled.call("data_anomalies", table={"path": "few.csv"}))
    assert [one["name"] for one in found["artefacts"]] == ["anomalies.csv"]


@pytest.mark.parametrize(
    ("names", "says"),
    [
        pytest.param(("a.b", "a-b"), "“a.b” and “a-b” would both be the tool skills.a_b", id="two with one name"),
        pytest.param(("data anomalies",), "would both be the tool skills.data_anomalies", id="as one of Hulk's own"),
        pytest.param(("3d",), "“3d” cannot be offered as a tool", id="begins with a digit"),
        pytest.param(("日本",), "cannot be offered as a tool", id="without letters that names have"),
    ],
)
def test_names_that_no_tools_can_have_stop_the_start(root: Path, names: tuple[str, ...], says: str) -> None:
    lines = ["from hulk.modules.skills import skill"]
    for at, name in enumerate(names):
        lines += [f"@skill({name!r}, pt=['um', 'dois', 'três'])", f"def f{at}() -> str:", "    'x'", "    return ''"]
    (root.parent / "own" / "mine.py").write_text("\n".join(lines))
    with pytest.raises(Refused, match=says):
        Skilled(root, (root.parent / "own",))


async def test_results_too_large_are_left_out_and_named() -> None:
    results = {"large": {"text": "x" * 150_000}, "small": {"name": "\udce9"}}
    did = Did(answer=Answer(markdown="# found"), results=results, artefacts=())
    output = await given(did, voice("en"), inline=False, keep=None)
    assert data(output)["results"] == {"small": {"name": "\ufffd"}}
    assert output.cut == "Too large to be given, and told in the Markdown only: large."
