"""Git repositories as tools: what is committed, of those that are named, and nothing else."""

import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hulk.kernel.errors import HulkError, Invalid, NotFound, Refused
from hulk.kernel.time import utc_now
from hulk.modules.tools.adapters.backends.acts import About
from hulk.modules.tools.adapters.backends.repositories import GitTools
from hulk.modules.tools.ports import Calling

CALLING = Calling(id="tcl_1", key="k", tenant="acme", actor="key:1", deadline=utc_now() + timedelta(minutes=5))
AUTHOR = {
    "GIT_AUTHOR_NAME": "Ana Lima",
    "GIT_AUTHOR_EMAIL": "a@x",
    "GIT_COMMITTER_NAME": "Ana",
    "GIT_COMMITTER_EMAIL": "a@x",
    "HOME": "/nonexistent",
}


def git(folder: Path, *arguments: str, at: str = "2026-11-01T12:00:00Z") -> None:
    env = {"PATH": "/usr/bin:/bin", **AUTHOR, "GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at, "GIT_CONFIG_GLOBAL": "/dev/null"}
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, env=env, capture_output=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of two commits, with what is not committed beside it."""
    folder = tmp_path_factory.mktemp("repository")
    git(folder, "init", "-q", "-b", "main")
    (folder / "src").mkdir()
    (folder / "src/app.py").write_text("print('olá')\n# TODO: Vendas\n")
    (folder / "logo.png").write_bytes(b"\x89PNG\x00\x00")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "Begin")
    (folder / "src/app.py").write_text("print('olá, mundo')\n# TODO: Vendas\n")
    git(folder, "commit", "-qam", "Greet the world\n\nWith more words.", at="2026-11-20T12:00:00Z")
    git(folder, "tag", "v1")
    (folder / "secret.txt").write_text("not committed")
    return folder


@pytest.fixture
def tools(folder: Path) -> GitTools:
    return GitTools({"app": folder, "broken": folder / "src"}, About(outside=False, owner="x"))


async def asked(tools: GitTools, act: str, **arguments: Any) -> Any:
    [tool] = [one for one in await tools.tools() if one.name == f"git.{act}"]
    given = arguments if act == "list_repositories" else {"repository": "app", **arguments}
    output = await tools.call(tool, given, CALLING)
    assert output.data is not None
    return output.data


async def test_history_is_told_newest_first_and_narrowed(tools: GitTools) -> None:
    def subjects(found: Any) -> list[str]:
        return [one["subject"] for one in found["commits"]]

    assert subjects(await asked(tools, "list_commits")) == ["Greet the world", "Begin"]
    assert subjects(await asked(tools, "list_commits", most=1)) == ["Greet the world"]
    assert subjects(await asked(tools, "list_commits", since="2026-11-10")) == ["Greet the world"]
    assert subjects(await asked(tools, "list_commits", path="logo.png")) == ["Begin"]
    assert subjects(await asked(tools, "list_commits", author="ana lima")) == ["Greet the world", "Begin"]
    assert subjects(await asked(tools, "list_commits", author="bob")) == []


async def test_a_commit_is_shown_with_what_it_changed(tools: GitTools) -> None:
    found = await asked(tools, "show_commit", commit="v1")
    assert (found["author"], found["subject"], found["message"]) == ("Ana Lima", "Greet the world", "Greet the world\n\nWith more words.")
    assert "+print('olá, mundo')" in found["change"]


async def test_files_are_listed_read_and_searched_as_they_are_committed(tools: GitTools) -> None:
    assert {one["name"]: one["kind"] for one in (await asked(tools, "list_files"))["files"]} == {"logo.png": "file", "src": "folder"}
    assert [one["name"] for one in (await asked(tools, "list_files", path="src"))["files"]] == ["app.py"]
    assert (await asked(tools, "read_file", path="src/app.py", revision="HEAD~1"))["text"].startswith("print('olá')")
    assert (await asked(tools, "search_text", text="todo: vendas"))["hits"] == [{"path": "src/app.py", "line": 2, "text": "# TODO: Vendas"}]
    assert (await asked(tools, "search_text", text="nowhere to be found"))["hits"] == []
    with pytest.raises(Refused, match="no text"):
        await asked(tools, "read_file", path="logo.png")


async def test_repositories_are_listed_also_those_that_cannot_be_read(tools: GitTools, tmp_path: Path) -> None:
    found = (await asked(GitTools({"none": tmp_path}, About()), "list_repositories"))["repositories"]
    assert "problem" in found[0]
    assert str(tmp_path) not in found[0]["problem"]
    assert (await asked(tools, "list_repositories"))["repositories"][0]["branch"] == "main"


@pytest.mark.parametrize(
    ("act", "arguments", "error"),
    [
        pytest.param("list_commits", {"repository": "other"}, NotFound, id="another repository"),
        pytest.param("show_commit", {"commit": "nowhere"}, NotFound, id="no such commit"),
        pytest.param("show_commit", {"commit": "--output=/tmp/x"}, Invalid, id="an option for a commit"),
        pytest.param("list_commits", {"revision": "-p"}, Invalid, id="an option for a branch"),
        pytest.param("list_commits", {"revision": "main..v1"}, Invalid, id="a range"),
        pytest.param("list_commits", {"author": "x\n--output=/tmp/y"}, Invalid, id="a line in an author"),
        pytest.param("read_file", {"path": "../secret.txt"}, Invalid, id="out of the repository"),
        pytest.param("read_file", {"path": "/etc/passwd"}, Invalid, id="an absolute path"),
        pytest.param("read_file", {"path": "secret.txt"}, NotFound, id="what is not committed"),
        pytest.param("read_file", {"path": ".git/config"}, NotFound, id="the repository's own files"),
        pytest.param("read_file", {"path": ":(glob)**"}, Invalid, id="a pattern of paths"),
        pytest.param("read_file", {"path": "src/app.py", "revision": "HEAD:src"}, Invalid, id="a path in a revision"),
        pytest.param("list_files", {"path": "src/app.py/x"}, NotFound, id="no folder"),
        pytest.param("search_text", {"text": "-O/bin/sh"}, None, id="an option for a text"),
    ],
)
async def test_what_is_asked_for_cannot_reach_anything_else(
    tools: GitTools, act: str, arguments: dict[str, Any], error: type[HulkError] | None
) -> None:
    if error is None:
        found = await asked(tools, act, **arguments)
        assert found in ({"commits": []}, {"hits": []})
        return
    with pytest.raises((error, Refused) if error is Invalid else error):
        await asked(tools, act, **arguments)
