"""What every history promises (`ports.History`): one in memory, and a real repository read by git."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hulk.kernel.errors import Refused
from hulk.modules.skills.domain.churn import Change, Commit, Head
from hulk.modules.skills.domain.reading import Period
from hulk.modules.skills.ports.history import Detail
from support.histories import STORIES, MemoryStory, Story
from support.repositories import lines

NOVEMBER = Period(since=date(2026, 11, 1), until=date(2026, 11, 30))
EVER = Period(since=date(1970, 1, 1), until=date(2099, 12, 31))


@pytest.fixture(params=list(STORIES))
def story(request: pytest.FixtureRequest, tmp_path: Path) -> Story:
    """An empty history of each kind."""
    return STORIES[request.param](tmp_path / "project")


async def walked(story: Story, period: Period = EVER, detail: Detail = "lines") -> list[Commit]:
    seen: list[Commit] = []
    await story.history.walk(story.path, period, detail, seen.append)
    return seen


async def test_an_empty_repository_has_a_branch_and_no_commit(story: Story) -> None:
    assert await story.history.head(story.path) == Head(commit=None, branch="main", last=None, shallow=False)


async def test_the_head_is_the_latest_commit_with_its_day_on_the_committers_clock(story: Story) -> None:
    story.commit({"a": "1\n"}, "2026-11-01T10:00:00+00:00")
    last = story.commit({"a": "2\n"}, "2026-11-02T23:30:00-03:00")
    assert await story.history.head(story.path) == Head(commit=last, branch="main", last=date(2026, 11, 2), shallow=False)


async def test_what_is_no_repository_is_refused(story: Story, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for asking in (
        story.history.head(elsewhere),
        story.history.walk(elsewhere, EVER, "lines", lambda _: None),
        story.history.present(elsewhere, frozenset({"a"})),
    ):
        with pytest.raises(Refused, match="not a git repository"):
            await asking


async def test_commits_come_newest_first_with_the_lines_that_they_changed(story: Story) -> None:
    first = story.commit({"a.txt": lines(3), "b.txt": lines(2)}, "2026-11-02T10:00:00+00:00")
    second = story.commit({"a.txt": lines(1) + "new\n"}, "2026-11-03T10:00:00+00:00", author="Bia")
    ana, bia = Change(path="a.txt", added=3), Change(path="a.txt", added=1, removed=2)
    assert await walked(story) == [
        Commit(id=second, author="Bia", identity="bia@example.com", day=date(2026, 11, 3), changes=(bia,)),
        Commit(id=first, author="Ana", identity="ana@example.com", day=date(2026, 11, 2), changes=(ana, Change(path="b.txt", added=2))),
    ]


@pytest.mark.parametrize(
    ("detail", "changes"),
    [
        pytest.param("none", (), id="none"),
        pytest.param("names", (Change(path="a.txt"),), id="names"),
        pytest.param("lines", (Change(path="a.txt", added=3),), id="lines"),
    ],
)
async def test_no_more_detail_than_asked_for(story: Story, detail: Detail, changes: tuple[Change, ...]) -> None:
    story.commit({"a.txt": lines(3)}, "2026-11-02T10:00:00+00:00")
    assert [commit.changes for commit in await walked(story, detail=detail)] == [changes]


@pytest.mark.parametrize("detail", ["names", "lines"])
async def test_a_renamed_file_has_both_names(story: Story, detail: Detail) -> None:
    story.commit({"old name.py": lines(20)}, "2026-11-02T10:00:00+00:00")
    story.commit({"new\tname.py": lines(21)}, "2026-11-03T10:00:00+00:00", renamed={"old name.py": "new\tname.py"})
    [renamed] = (await walked(story, detail=detail))[0].changes
    assert (renamed.old, renamed.path, renamed.added) == ("old name.py", "new\tname.py", 1 if detail == "lines" else 0)
    assert await story.history.present(story.path, frozenset({"old name.py", "new\tname.py"})) == {"new\tname.py"}


async def test_a_removed_file_has_lost_its_lines(story: Story) -> None:
    story.commit({"a": lines(3), "b": "1\n"}, "2026-11-02T10:00:00+00:00")
    story.commit({}, "2026-11-03T10:00:00+00:00", gone=("a",))
    assert (await walked(story))[0].changes == (Change(path="a", removed=3),)
    assert await story.history.present(story.path, frozenset({"a", "b"})) == {"b"}


async def test_a_binary_file_has_no_lines(story: Story) -> None:
    story.commit({"a.bin": "\0\1\2"}, "2026-11-02T10:00:00+00:00")
    assert (await walked(story))[0].changes == (Change(path="a.bin"),)


async def test_a_commit_belongs_to_the_day_on_the_committers_clock(story: Story) -> None:
    for moment in ("2026-10-31T23:59:59-11:00", "2026-11-01T00:00:00+14:00", "2026-11-30T23:59:59-11:00", "2026-12-01T00:00:00+14:00"):
        story.commit({"a": moment}, moment)
    assert [commit.day for commit in await walked(story, NOVEMBER)] == [date(2026, 11, 30), date(2026, 11, 1)]


@pytest.mark.parametrize(
    "period",
    [
        pytest.param(Period(since=date.min, until=date.max), id="all days there are"),
        pytest.param(Period(since=date(2026, 11, 2), until=date(2026, 11, 2)), id="the day itself"),
        pytest.param(Period(since=date(1960, 1, 1), until=date(2150, 1, 1)), id="past what git can count"),
    ],
)
async def test_a_period_holds_both_of_its_days(story: Story, period: Period) -> None:
    story.commit({"a": "1\n"}, "2026-11-02T10:00:00+00:00")
    assert len(await walked(story, period)) == 1


async def test_a_period_without_commits_is_empty(story: Story) -> None:
    story.commit({"a": "1\n"}, "2026-11-02T10:00:00+00:00")
    assert await walked(story, Period(since=date(2026, 11, 3), until=date(2026, 11, 9))) == []


async def test_merges_are_left_out_and_what_they_merge_is_in(story: Story) -> None:
    first = story.commit({"a": "1\n"}, "2026-11-02T10:00:00+00:00")
    side = story.merge({"b": "1\n"}, "2026-11-03T10:00:00+00:00", merged="2026-11-05T10:00:00+00:00")
    assert [commit.id for commit in await walked(story)] == [side, first]
    assert (await story.history.head(story.path)).last == date(2026, 11, 5)
    assert await story.history.present(story.path, frozenset({"a", "b", "c"})) == {"a", "b"}


async def test_empty_commits_count(story: Story) -> None:
    for number, files in enumerate(({}, {"a": "1\n"}, {})):
        story.commit(files, f"2026-11-0{number + 2}T10:00:00+00:00")
    assert [len(commit.changes) for commit in await walked(story)] == [0, 1, 0]


async def test_a_detached_head_is_followed(story: Story) -> None:
    first = story.commit({"a": "1\n"}, "2026-11-02T10:00:00+00:00")
    story.commit({"a": "2\n", "b": "1\n"}, "2026-11-03T10:00:00+00:00")
    story.detach(first)
    assert await story.history.head(story.path) == Head(commit=first, branch=None, last=date(2026, 11, 2), shallow=False)
    assert [commit.id for commit in await walked(story)] == [first]
    assert await story.history.present(story.path, frozenset({"a", "b"})) == {"a"}


@pytest.mark.parametrize(
    "name", ["é ç.txt", "a\nb", "\ttab", '"quoted"', " ", "commit", "-", "1\t2\tx", ":100644", "d/e/f", "naïve…", "\x1b[31mred"]
)
@pytest.mark.parametrize("detail", ["names", "lines"])
async def test_any_file_name(story: Story, name: str, detail: Detail) -> None:
    story.commit({name: "x\n", "other": "y\n"}, "2026-11-02T10:00:00+00:00")
    assert {change.path for change in (await walked(story, detail=detail))[0].changes} == {name, "other"}
    assert await story.history.present(story.path, frozenset({name, "gone"})) == {name}


async def test_nothing_is_present_of_nothing(story: Story) -> None:
    assert await story.history.present(story.path, frozenset()) == frozenset()


async def test_what_goes_wrong_while_looking_is_raised(story: Story) -> None:
    for number in range(3):
        story.commit({"a": f"{number}\n"}, f"2026-11-0{number + 1}T10:00:00+00:00")

    def see(commit: Commit) -> None:
        raise LookupError(commit.id)

    with pytest.raises(LookupError):
        await story.history.walk(story.path, EVER, "lines", see)


FILES = st.dictionaries(st.sampled_from("abc"), st.integers(0, 6).map(lines), max_size=3)


@given(told=st.lists(st.tuples(FILES, st.sampled_from(["Ana", "Bia"])), min_size=1, max_size=6))
@settings(max_examples=15)
async def test_git_and_memory_tell_the_same(tmp_path_factory: pytest.TempPathFactory, told: list[tuple[dict[str, str], str]]) -> None:
    both: list[Story] = [STORIES["git"](tmp_path_factory.mktemp("git") / "r"), MemoryStory(Path("r"))]
    for number, (files, author) in enumerate(told, 1):
        for story in both:
            story.commit(files, f"2026-11-0{number}T10:00:00+00:00", author)
    by_git, by_memory = [[(one.author, one.identity, one.day, frozenset(one.changes)) for one in await walked(story)] for story in both]
    assert by_git == by_memory
    wanted = frozenset("abcd")
    assert await both[0].history.present(both[0].path, wanted) == await both[1].history.present(both[1].path, wanted)
