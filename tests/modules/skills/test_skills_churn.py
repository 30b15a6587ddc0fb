"""`code.churn` on real repositories: from the tickets of its plan to the answer."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.errors import NotFound
from hulk.kernel.records import JsonObject, to_json
from hulk.kernel.text import LANGUAGES, Language, Voice
from hulk.modules.skills.domain.chart import Bars, Chart, Columns
from hulk.modules.skills.domain.churn import CHURN, Activity, Change, Commit, Head, Tally, activity
from hulk.modules.skills.domain.churn.picture import legible
from hulk.modules.skills.domain.reading import Period, read
from hulk.modules.skills.domain.skill import Answer, Report, Source
from hulk.modules.skills.usecases.churn import CountActivity, DrawHistory, NameAuthors, RankFiles
from hulk.modules.tickets import Done, Handler, Work
from hulk.modules.tools.adapters.git import Git, GitHistory
from hulk.modules.tools.adapters.sources import LocalSources
from support.reading import request
from support.repositories import Repository, lines, repository

ENGLISH = Voice(language="en", lookup=str)
HEAD = Head(commit="c", branch="main", last=date(2026, 11, 20), shallow=False)
NOVEMBER = Period(since=date(2026, 11, 1), until=date(2026, 11, 30))


async def no_blob(blob: str) -> Path:
    raise NotFound("There is no blob {blob}.", blob=blob)


class Sketches:
    """`Charts` that keeps what it was asked to draw."""

    def __init__(self) -> None:
        self.drawn: list[tuple[Path, Chart]] = []

    async def draw(self, chart: Chart, path: Path) -> None:
        self.drawn.append((path, chart))


def project(tmp_path: Path) -> Repository:
    """Five commits in November by two people: core.py 4 (renamed once), api.py 2, readme 1, and one file that is gone."""
    made = repository(tmp_path / "project")
    made.commit({"main.py": lines(30), "readme.md": lines(5)}, "2026-10-01T10:00:00+00:00")
    made.commit({"main.py": lines(32), "old.py": lines(3)}, "2026-11-02T10:00:00+00:00")
    made.git("mv", "main.py", "core.py")
    made.commit({"core.py": lines(34)}, "2026-11-03T10:00:00+00:00")
    made.commit({"core.py": lines(35), "api.py": lines(10)}, "2026-11-03T18:00:00+00:00", author="Bia")
    made.git("rm", "--quiet", "old.py")
    made.commit({"core.py": lines(40)}, "2026-11-10T10:00:00+00:00")
    made.commit({"api.py": lines(12), "readme.md": lines(6)}, "2026-11-20T10:00:00+00:00", author="Bia")
    return made


class Asked:
    """Runs a plan's tickets one after the other, as an engine would, and joins their results."""

    def __init__(self, root: Path, scratch: Path, voice: Voice = ENGLISH) -> None:
        history, sources = GitHistory(Git()), LocalSources(roots=(root,), blob_path=no_blob, git=Git())
        self.charts, self.scratch, self.voice = Sketches(), scratch, voice
        self.handlers: Mapping[str, Handler] = {
            "git.churn": RankFiles(history, sources),
            "git.authors": NameAuthors(history, sources),
            "git.activity": CountActivity(history, sources),
            "git.chart": DrawHistory(self.charts),
        }

    async def __call__(self, text: str, path: Path) -> tuple[Answer, dict[str, JsonObject]]:
        sent = Source(kind="repository", name="project", path=str(path))
        arguments = read(CHURN.parameters, request(text, self.voice.language, sent))
        results: dict[str, JsonObject] = {}
        artefacts: list[str] = []
        for draft in CHURN.plan(arguments):
            done = await self._done(draft.kind, draft.input, {key: results[key] for key in draft.after})
            results[draft.key] = done.result
            artefacts += [artefact.name for artefact in done.artefacts]
        return CHURN.answer(Report(arguments=arguments, results=results, artefacts=tuple(artefacts), voice=self.voice)), results

    async def _done(self, kind: str, data: JsonObject, before: Mapping[str, JsonObject]) -> Done:
        work = Work(
            ticket="tkt", kind=kind, tenant="default", input=data, before=before, scratch=self.scratch, voice=self.voice, key="run/1"
        )
        return await self.handlers[kind](work)


async def test_the_main_job(tmp_path: Path) -> None:
    made = project(tmp_path)
    asked = Asked(tmp_path, tmp_path)
    answer, results = await asked("Which files changed most in the last 30 days? Open a review ticket for the top 2.", made.path)
    assert [(file["path"], file["commits"], file["added"], file["removed"]) for file in results["churn"]["files"]] == [
        ("core.py", 4, 10, 0),
        ("api.py", 2, 12, 0),
        ("readme.md", 1, 1, 0),
    ]
    assert "From 2026-10-22 to 2026-11-21: 5 commits, 3 files changed." in answer.markdown
    assert "| 1 | core.py | 4 | 10 | 0 | 2026-11-10 | Ana (75%) |" in answer.markdown
    assert "**core.py** changed most: 4 commits." in answer.markdown
    assert "The busiest day was 2026-11-03, with 2 commits." in answer.markdown
    assert "2 review tickets were opened, for the first files." in answer.markdown
    assert "gone by the last commit and so not listed: 1 file." in answer.markdown
    assert [follow_up.data for follow_up in answer.follow_ups] == [
        {
            "path": "core.py",
            "commits": 4,
            "added": 10,
            "removed": 0,
            "last_commit": made.git("rev-parse", "HEAD~1").strip(),
            "main_author": "Ana",
        },
        {
            "path": "api.py",
            "commits": 2,
            "added": 12,
            "removed": 0,
            "last_commit": made.git("rev-parse", "HEAD").strip(),
            "main_author": "Bia",
        },
    ]
    assert str(answer.follow_ups[0].title) == "Review core.py: 4 commits from 2026-10-22 to 2026-11-21"


async def test_the_picture_shows_files_and_commits_per_day(tmp_path: Path) -> None:
    asked = Asked(tmp_path, tmp_path)
    await asked("last 30 days", project(tmp_path).path)
    files, over_time = asked.charts.drawn[0][1].panels
    assert isinstance(files, Bars)
    assert isinstance(over_time, Columns)
    assert (files.labels, files.values) == (("core.py", "api.py", "readme.md"), (4, 2, 1))
    assert len(over_time.values) == 31
    assert sum(over_time.values) == 5


async def test_who_almost_alone_changes_a_file_is_told(tmp_path: Path) -> None:
    made = repository(tmp_path / "project")
    for number in range(4):
        made.commit({"alone.py": lines(number + 1)}, f"2026-11-0{number + 1}T10:00:00+00:00")
    answer, _ = await Asked(tmp_path, tmp_path)("last 30 days", made.path)
    assert "Almost all changes are by one person in: alone.py (Ana, 100%)." in answer.markdown


async def test_no_commit_in_the_period_says_when_the_last_one_was(tmp_path: Path) -> None:
    asked = Asked(tmp_path, tmp_path)
    answer, _ = await asked("in 2025, open tickets for the top 3", project(tmp_path).path)
    assert "No commit from 2025-01-01 to 2025-12-31. The last one was on 2026-11-20" in answer.markdown
    assert "3 review tickets were asked for, but no more files changed." in answer.markdown
    assert not answer.follow_ups
    assert not asked.charts.drawn


async def test_an_empty_repository_says_so(tmp_path: Path) -> None:
    made = repository(tmp_path / "project")
    answer, _ = await Asked(tmp_path, tmp_path)("last 30 days", made.path)
    assert "This repository has no commit yet." in answer.markdown


async def test_a_shallow_clone_says_so(tmp_path: Path) -> None:
    made = project(tmp_path)
    made.git("clone", "--quiet", "--depth=2", f"file://{made.path}", str(tmp_path / "shallow"))
    answer, _ = await Asked(tmp_path, tmp_path)("last 30 days", tmp_path / "shallow")
    assert "This is a shallow clone" in answer.markdown


async def test_names_in_the_answer_are_never_markdown(tmp_path: Path) -> None:
    made = repository(tmp_path / "project")
    names = ("a|b.py", "[x](http://evil)", "`code`", "<img src=x>", "new\nline", "\x1b[31mred")
    made.commit(dict.fromkeys(names, "1\n"), "2026-11-02T10:00:00+00:00")
    answer, _ = await Asked(tmp_path, tmp_path)("last 30 days", made.path)
    listed = [line for line in answer.markdown.splitlines() if line.startswith("|")]
    assert len(listed) == 2 + len(names)
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in listed} == {8}
    assert "\x1b" not in answer.markdown
    assert "[x](" not in answer.markdown


async def test_the_answer_is_in_the_readers_words(tmp_path: Path) -> None:
    voice = Voice(language="pt", lookup=lambda msgid: f"¡{msgid}")
    answer, _ = await Asked(tmp_path, tmp_path, voice)("últimos 30 dias", project(tmp_path).path)
    assert "¡From 22/10/2026 to 21/11/2026: ¡5 commits" in answer.markdown.replace("{count}", "5")
    prose = [line for line in answer.markdown.splitlines() if line and not line.startswith("|")]
    assert all("¡" in line for line in prose)


@pytest.mark.parametrize("missing", ["authors", "activity", "chart"])
async def test_a_look_that_failed_is_told(tmp_path: Path, missing: str) -> None:
    made = project(tmp_path)
    _, results = await Asked(tmp_path, tmp_path)("last 30 days", made.path)
    arguments = read(CHURN.parameters, request("", "en", Source(kind="repository", name="project", path=str(made.path))))
    del results[missing]
    artefacts = () if missing == "chart" else ("churn.png",)
    markdown = CHURN.answer(Report(arguments=arguments, results=results, artefacts=artefacts, voice=ENGLISH)).markdown
    told = {"authors": "Who changed the files could not", "activity": "could not be counted", "chart": "could not be drawn"}
    assert told[missing] in markdown


def test_the_plan_looks_at_once_and_draws_last() -> None:
    drafts = CHURN.plan({"repository": {}, "period": {}, "top": 5, "reviews": 8})
    assert [(draft.key, draft.kind, draft.after, draft.required) for draft in drafts] == [
        ("churn", "git.churn", (), True),
        ("authors", "git.authors", (), False),
        ("activity", "git.activity", (), False),
        ("chart", "git.chart", ("churn", "activity"), False),
    ]
    assert drafts[0].input["most"] == 8


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_enough_examples_and_none_twice(language: Language) -> None:
    examples = CHURN.examples[language]
    assert len(set(examples)) == len(examples) >= 14


# ---- rules


def commit(number: int, *changes: Change, author: str = "Ana", day: int = 10) -> Commit:
    return Commit(id=f"c{number}", author=author, identity=author, day=date(2026, 11, day), changes=changes)


def tallied(*commits: Commit) -> Tally:
    tally = Tally()
    for each in commits:
        tally.see(each)
    return tally


def ranked(tally: Tally, *present: str, most: int = 10) -> list[tuple[str, int]]:
    return [(file.path, file.commits) for file in tally.ranking(frozenset(present), most, HEAD).files]


def test_ties_go_to_the_file_with_more_lines_then_to_the_first_name() -> None:
    tally = tallied(commit(1, Change(path="b"), Change(path="a"), Change(path="c", removed=2)))
    assert ranked(tally, "a", "b", "c") == [("c", 1), ("a", 1), ("b", 1)]


def test_a_file_renamed_twice_keeps_its_counts() -> None:
    tally = tallied(
        commit(4, Change(path="c")), commit(3, Change(path="c", old="b")), commit(2, Change(path="b", old="a")), commit(1, Change(path="a"))
    )
    assert ranked(tally, "c") == [("c", 4)]


def test_a_new_file_under_a_name_that_was_free_is_counted_for_itself() -> None:
    tally = tallied(commit(3, Change(path="a")), commit(2, Change(path="b", old="a")), commit(1, Change(path="a")))
    assert ranked(tally, "a", "b") == [("b", 2), ("a", 1)]


def test_two_files_that_swap_names_keep_their_counts() -> None:
    swap = commit(2, Change(path="a", old="b"), Change(path="b", old="a"))
    tally = tallied(swap, commit(1, Change(path="a")), commit(0, Change(path="a")))
    assert ranked(tally, "a", "b") == [("b", 3), ("a", 1)]


def test_a_name_used_on_a_side_branch_after_its_rename_is_counted_for_the_renamed() -> None:
    tally = tallied(commit(3, Change(path="a"), day=12), commit(2, Change(path="b", old="a")))
    found = tally.ranking(frozenset({"b"}), 10, HEAD)
    assert [(file.path, file.commits, file.last_commit) for file in found.files] == [("b", 2, "c3")]
    assert found.gone == 0


def test_files_that_are_gone_are_counted_and_not_listed() -> None:
    found = tallied(commit(1, Change(path="a"), Change(path="b"))).ranking(frozenset({"a"}), 10, HEAD)
    assert (len(found.files), found.changed, found.gone) == (1, 1, 1)


def test_the_main_author_is_who_changed_a_file_most_often() -> None:
    tally = tallied(*(commit(number, Change(path="a"), author=author) for number, author in enumerate(["Bia", "Ana", "Bia", "Caio"])))
    owner = tally.ownership(frozenset({"a"}), 1).files[0]
    assert (owner.author, owner.share, owner.authors) == ("Bia", 0.5, 3)


names = st.sampled_from(["a", "b", "c", "d", "e"])
changes = st.builds(Change, path=names, old=st.none() | names, added=st.integers(0, 9), removed=st.integers(0, 9))
commits = st.lists(st.builds(commit, st.integers(), *[changes] * 3, day=st.integers(1, 30)), max_size=12)


@given(commits, st.frozensets(names), st.integers(1, 5))
def test_laws_of_the_ranking(seen: list[Commit], present: frozenset[str], most: int) -> None:
    tally = tallied(*seen)
    found = tally.ranking(present, most, HEAD)
    assert len(found.files) == min(most, found.changed)
    assert {file.path for file in found.files} <= present
    assert [file.commits for file in found.files] == sorted((file.commits for file in found.files), reverse=True)
    everything = tally.ranking(tally.paths, 100, HEAD)
    assert sum(file.added for file in everything.files) == sum(change.added for each in seen for change in each.changes)
    owners = {owner.path: owner for owner in tally.ownership(present, most).files}
    assert {file.path for file in found.files} <= owners.keys()
    assert all(0 < owner.share <= 1 for owner in owners.values())


def columns(days: Mapping[date, int], period: Period) -> tuple[str, list[int]]:
    found = activity(days, period)
    return found.step, [point.commits for point in found.points]


@pytest.mark.parametrize(
    ("days", "step", "count"),
    [
        pytest.param(1, "day", 1, id="one day"),
        pytest.param(31, "day", 31, id="a month"),
        pytest.param(91, "week", 14, id="a quarter"),
        pytest.param(365, "week", 53, id="a year"),
    ],
)
def test_the_step_fits_the_period(days: int, step: str, count: int) -> None:
    period = Period(since=date(2026, 11, 30) - timedelta(days - 1), until=date(2026, 11, 30))
    found, counts = columns({period.until: 2}, period)
    assert (found, len(counts), counts[-1]) == (step, count, 2)


def test_a_long_period_begins_with_its_first_commit() -> None:
    ever = Period(since=date(1970, 1, 1), until=date(2026, 11, 30))
    assert columns({date(2024, 1, 15): 1, date(2026, 11, 2): 1}, ever) == ("month", [1, *[0] * 33, 1])
    assert columns({date(2026, 11, 29): 1}, ever) == ("day", [1, 0])
    assert columns({}, ever) == ("day", [0])


@given(st.dates(date(1950, 1, 1), date(2099, 12, 31)), st.dates(date(1950, 1, 1), date(2099, 12, 31)), st.data())
def test_laws_of_the_activity(one: date, other: date, data: st.DataObject) -> None:
    period = Period(since=min(one, other), until=max(one, other))
    days: dict[date, Any] = dict.fromkeys(data.draw(st.lists(st.dates(period.since, period.until), max_size=5)), 1)
    found: Activity = activity(days, period)
    assert sum(point.commits for point in found.points) == len(days)
    assert to_json(found)["points"]


@given(st.text(max_size=300), st.integers(12, 100))
def test_a_path_is_cut_to_what_fits_and_can_be_printed(path: str, most: int) -> None:
    shown = legible(path, most)
    assert len(shown) <= most
    assert shown.isprintable()
