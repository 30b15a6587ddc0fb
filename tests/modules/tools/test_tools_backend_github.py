"""GitHub's tools against a twin that GitHub's own models judge."""

import asyncio
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from hulk.kernel.errors import Forbidden, NotFound, Refused, TooLarge, Unavailable
from hulk.modules.tools.adapters.backends.github import GitHub
from hulk.modules.tools.adapters.backends.github.shapes import Issue, Milestone
from hulk.modules.tools.adapters.backends.github.sprint import chosen_of, standing
from hulk.modules.tools.domain import Bytes
from support.backends import ABOUT, ask, data, tool, words
from support.twins.systems import System, system


@pytest.fixture(scope="module")
def running() -> Iterator[System]:
    with system("github") as twin:
        yield twin


@pytest.fixture
def twin(running: System) -> System:
    running.reset()
    return running


def github(twin: System, shown: str = "right", repositories: tuple[str, ...] = ("acme/shop",)) -> GitHub:
    return GitHub("gh", ABOUT, url=twin.url, token=lambda: shown, repositories=repositories, projects=("acme/3",))


async def test_open_issues_are_listed_without_pull_requests(twin: System) -> None:
    found = await data(github(twin), "list_issues")
    assert [(one["number"], one["title"], one["labels"], one["assignees"], one["milestone"]) for one in found["issues"]] == [
        (2, "Receipts in Portuguese", ["feature"], [], "Sprint 12"),
        (1, "Till 3 is slow", ["bug"], ["joao"], "Sprint 12"),
    ]
    assert found["issues"][1]["url"] == "https://github.com/acme/shop/issues/1"


@pytest.mark.parametrize(
    ("there", "most", "listed", "requests", "cut"),
    [
        pytest.param(9, 300, 11, 1, False, id="all of few"),
        pytest.param(250, 300, 252, 3, False, id="all of many, a hundred at a time"),
        pytest.param(400, 300, 300, 4, True, id="no more than were asked for"),
        pytest.param(900, 50, 50, 1, True, id="one page is enough"),
    ],
)
async def test_lists_are_read_page_by_page_up_to_a_bound(
    twin: System, there: int, most: int, listed: int, requests: int, cut: bool
) -> None:
    twin.be(issues=there)
    output = await ask(github(twin), "list_issues", most=most)
    assert output.data is not None
    assert len(output.data["issues"]) == listed
    assert (len(twin.seen()), bool(output.cut)) == (requests, cut)


async def test_an_issue_is_read_with_its_comments(twin: System) -> None:
    found = await data(github(twin), "get_issue", number=1)
    assert found["body"] == "It takes 9 s."
    assert [(one["author"], one["body"]) for one in found["first_comments"]] == [("joao", "I look at it.")]


async def test_a_search_cannot_leave_its_repository(twin: System) -> None:
    found = await data(github(twin), "search_issues", query="till) OR (till")
    assert {one["url"].split("/issues")[0].split("/pull")[0] for one in found["found"]} == {"https://github.com/acme/shop"}
    with pytest.raises(Refused, match="place to search"):
        await ask(github(twin), "search_issues", query="till repo:other/secret")


async def test_pull_requests_commits_and_runs_are_read(twin: System) -> None:
    gh = github(twin)
    assert [one["head"] for one in (await data(gh, "list_pull_requests"))["pull_requests"]] == ["faster"]
    assert (await data(gh, "get_pull_request", number=4))["changed_files"] == 1
    assert [one["message"] for one in (await data(gh, "list_commits", branch="main"))["commits"]] == ["Read receipts once"]
    runs = await data(gh, "list_workflow_runs", status="failure", workflow="ci.yml")
    assert [(one["conclusion"], one["branch"]) for one in runs["runs"]] == [("failure", "main")]


async def test_a_file_is_text_or_bytes_and_a_folder_a_list(twin: System) -> None:
    gh = github(twin)
    assert words(await ask(gh, "get_file", path="README.md")) == "# Shop\n"
    (piece,) = (await ask(gh, "get_file", path="logo.bin")).pieces
    assert isinstance(piece, Bytes)
    assert piece.data == b"\xff\xfe"
    assert [one["name"] for one in (await data(gh, "get_file"))["entries"]] == ["README.md", "logo.bin"]
    with pytest.raises(TooLarge, match="2000000 bytes"):
        await ask(gh, "get_file", path="big.bin")


async def test_how_the_sprint_stands_is_told_by_its_milestone(twin: System) -> None:
    found = await data(github(twin), "sprint_status")
    assert (found["milestone"]["title"], found["percent_done"], found["overdue"]) == ("Sprint 12", 33, False)
    assert found["open_by_assignee"] == {"joao": 1, "nobody": 1}
    assert [one["number"] for one in found["closed"]] == [3]
    assert found["milestone"]["url"] == "https://github.com/acme/shop/milestone/12"


def _milestone(number: int, due: str | None, state: str = "open", title: str = "") -> Milestone:
    counts: dict[str, Any] = {"open_issues": 1, "closed_issues": 0}
    return Milestone(number=number, title=title or f"Sprint {number}", state=state, html_url="", due_on=due, **counts)


_PAST, _SOON, _LATER = "2026-11-01T00:00:00Z", "2026-11-30T00:00:00Z", "2026-12-15T00:00:00Z"
NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("milestones", "wanted", "chosen"),
    [
        pytest.param([_milestone(1, _PAST), _milestone(2, _LATER), _milestone(3, _SOON)], "", 3, id="the next that is due"),
        pytest.param([_milestone(1, _PAST), _milestone(2, None)], "", 1, id="the last that was due, when none is to come"),
        pytest.param([_milestone(2, None), _milestone(4, None)], "", 2, id="the first, when none has a date"),
        pytest.param([_milestone(1, _SOON), _milestone(2, None, title="Checkout")], " checkout", 2, id="by its title, whatever its case"),
        pytest.param([_milestone(1, _SOON), _milestone(12, None)], "12", 12, id="by its number"),
        pytest.param([_milestone(1, _PAST, "closed", "S"), _milestone(2, _SOON, "open", "S")], "s", 2, id="the open one of two"),
        pytest.param([_milestone(1, _SOON)], "9", None, id="none"),
        pytest.param([], "", None, id="no milestones"),
    ],
)
def test_the_sprint_that_is_meant(milestones: list[Milestone], wanted: str, chosen: int | None) -> None:
    found = chosen_of(milestones, wanted, NOW)
    assert (found.number if found else None) == chosen


def test_a_sprint_that_is_over_with_work_left_is_overdue() -> None:
    issue = Issue(number=1, title="x", state="open", html_url="", created_at="", updated_at="")
    assert standing(_milestone(1, _PAST), [issue], NOW)["overdue"]
    assert not standing(_milestone(1, _PAST), [], NOW)["overdue"]
    assert standing(_milestone(1, None), [issue], NOW)["days_left"] is None


async def test_how_a_project_stands_is_told_by_its_iteration(twin: System) -> None:
    output = await ask(github(twin), "project_status")
    assert output.data is not None
    assert output.data["iteration"]["title"] == "Sprint 12"
    assert output.data["counts"] == {"In progress": 1, "Done": 1}
    assert "1 items of other repositories" in output.cut
    assert len(twin.seen()) == 2, "two pages"
    with pytest.raises(NotFound, match="Sprint 13"):
        await ask(github(twin), "project_status", iteration="Sprint 99")


async def test_writes_are_done_and_told(twin: System) -> None:
    gh = github(twin)
    made = await data(gh, "create_issue", title="Coins stick", labels=["bug"], milestone=12)
    assert (made["title"], made["milestone"], made["url"]) == ("Coins stick", "Sprint 12", "https://github.com/acme/shop/issues/100")
    changed = await data(gh, "update_issue", number=100, state="closed", state_reason="completed", assignees=["ana"], milestone=0)
    assert (changed["state"], changed["assignees"], changed["milestone"]) == ("closed", ["ana"], None)
    await data(gh, "comment", number=100, body="Done.")
    assert [one["body"] for one in (await data(gh, "get_issue", number=100))["first_comments"]] == ["Done."]


@pytest.mark.parametrize(
    ("act", "arguments"),
    [
        pytest.param("list_issues", {"repository": "other/secret"}, id="of another owner"),
        pytest.param("get_file", {"repository": "acme/site", "path": "README.md"}, id="of the same owner"),
        pytest.param("create_issue", {"repository": "other/secret", "title": "x"}, id="to write"),
        pytest.param("project_status", {"project": "acme/4"}, id="a project"),
    ],
)
async def test_what_is_not_on_the_list_is_not_there_and_not_asked_for(twin: System, act: str, arguments: Any) -> None:
    with pytest.raises(NotFound, match=r"There is no (repository|project)"):
        await ask(github(twin), act, **arguments)
    assert twin.seen() == []


async def test_a_star_allows_all_of_an_owner_and_the_name_must_be_said(twin: System) -> None:
    gh = github(twin, repositories=("Acme/*",))
    assert (await data(gh, "list_issues", repository="acme/site"))["issues"] == []
    with pytest.raises(Refused, match="Say which repository"):
        await ask(gh, "list_issues")


@pytest.mark.parametrize("path", ["../../../user", "docs/../../..", "./README.md"])
async def test_a_path_cannot_climb(twin: System, path: str) -> None:
    with pytest.raises(Refused, match="cannot be a part of an address"):
        await ask(github(twin), "get_file", path=path)
    assert twin.seen() == []


LIMITS = [
    pytest.param({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon", "x-ratelimit-resource": "core"}, 50, 60, id="primary"),
    pytest.param({"retry-after": "30"}, 29, 30, id="secondary with a time"),
    pytest.param({"x-other": "1"}, 59, 60, id="secondary without one"),
]


@pytest.mark.parametrize(("headers", "least", "most"), LIMITS)
async def test_a_limit_is_heeded_before_github_is_asked_again(twin: System, headers: Any, least: float, most: float) -> None:
    twin.be(limited={name: str(int(time.time()) + 60) if value == "soon" else value for name, value in headers.items()})
    gh = github(twin)
    for _ in range(3):
        with pytest.raises(Unavailable, match="left alone") as told:
            await ask(gh, "list_issues")
        assert told.value.retry_after is not None
        assert least <= told.value.retry_after <= most
    assert len(twin.seen()) == 1


async def test_a_new_token_is_used_at_once_and_none_is_ever_told(twin: System) -> None:
    tokens = ["wrong-secret", "right"]
    gh = GitHub("gh", ABOUT, url=twin.url, token=lambda: tokens[0], repositories=("acme/shop",))
    with pytest.raises(Refused) as told:
        await ask(gh, "list_issues")
    assert "wrong-secret" not in str(told.value)
    del tokens[0]
    assert (await data(gh, "list_issues"))["issues"]
    weak = github(twin, "weak")
    with pytest.raises(Forbidden, match="may do there"):
        await ask(weak, "list_issues")


async def test_what_github_finds_wrong_is_told_by_field(twin: System) -> None:
    twin.upset("422")
    with pytest.raises(Refused, match="Validation Failed; title: missing_field"):
        await ask(github(twin), "create_issue", title="x")


async def test_each_tool_tells_what_it_does_to_the_world(twin: System) -> None:
    tools = await github(twin).tools()
    assert {one.name for one in tools if one.writes} == {"gh.create_issue", "gh.comment", "gh.update_issue"}
    assert all(one.description and one.title and one.input["type"] == "object" for one in tools)
    assert (await tool(github(twin), "update_issue")).idempotent


async def test_the_twin_speaks_as_githubs_own_models_have_it(twin: System) -> None:
    """githubkit's models are made from GitHub's OpenAPI description."""
    kit = pytest.importorskip("githubkit", reason="judges the twin")
    client = kit.GitHub("right", base_url=twin.url, auto_retry=False, http_cache=False)
    rest, of = client.rest, {"owner": "acme", "repo": "shop"}
    number = await asyncio.to_thread(lambda: rest.issues.create(**of, title="x").parsed_data.number)
    answers = [
        lambda: rest.issues.list_for_repo(**of, state="all"), lambda: rest.issues.get(**of, issue_number=1),
        lambda: rest.issues.list_comments(**of, issue_number=1), lambda: rest.issues.list_milestones(**of),
        lambda: rest.issues.create_comment(**of, issue_number=1, body="x"),
        lambda: rest.issues.update(**of, issue_number=number, state="closed"), lambda: rest.pulls.list(**of),
        lambda: rest.pulls.get(**of, pull_number=4), lambda: rest.repos.list_commits(**of),
        lambda: rest.actions.list_workflow_runs_for_repo(**of), lambda: rest.repos.get_content(**of, path="README.md"),
        lambda: rest.search.issues_and_pull_requests(q="till repo:acme/shop"),
    ]  # fmt: skip
    for answer in answers:
        answered = await asyncio.to_thread(answer)
        assert answered.parsed_data is not None
    with pytest.raises(kit.exception.RequestFailed) as failed:
        await asyncio.to_thread(rest.issues.get, "acme", "shop", 999)
    assert json.loads(failed.value.response.text)["message"] == "Not Found"
