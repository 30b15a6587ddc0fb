"""What may be run in a sandbox, and that there is none where walls cannot be built."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hulk.kernel.errors import Forbidden, HulkError, Refused, TooLarge, Unavailable
from hulk.modules.tools.adapters.backends.shell import Programs, folders_of
from hulk.modules.tools.settings.shell import ShellSettings
from hulk.runtime.jail.plan import Plan
from hulk.runtime.jail.prison import Jail
from hulk.runtime.validation import parsed
from support.backends import ask, words
from support.jails import a_shell, run, walled
from support.postgres import Postgres
from support.stores import a_store
from support.systems import mounted

# ---- what may be asked


@pytest.mark.parametrize(
    ("argv", "allowed"),
    [
        pytest.param(["git", "log", "-1"], True, id="as it is allowed"),
        pytest.param(["git", "push"], False, id="another of its acts"),
        pytest.param(["git"], False, id="too little"),
        pytest.param(["ls", "/"], True, id="a program"),
        pytest.param(["/usr/bin/ls"], False, id="by its place"),
        pytest.param(["cat"], False, id="another program"),
        pytest.param(["sh", "-c", "ls"], False, id="a shell"),
        pytest.param(["ls\0cat"], False, id="a name with a NUL"),
    ],
)
def test_only_commands_that_begin_as_the_list_says_are_run(argv: list[str], allowed: bool) -> None:
    programs = Programs.found(["git log", "ls"])
    if allowed:
        assert programs.command(argv)[0].startswith("/")
    else:
        with pytest.raises(Forbidden, match="git log, ls"):
            programs.command(argv)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param({"argv": []}, "argv", id="nothing to run"),
        pytest.param({"argv": ["a\0b"]}, "NUL", id="a NUL"),
        pytest.param({"argv": ["ls"], "files": [{"path": "../x", "text": ""}]}, "inside", id="a path that leads out"),
        pytest.param({"argv": ["ls"], "files": [{"path": "/etc/x", "text": ""}]}, "inside", id="a path from the root"),
        pytest.param({"argv": ["ls"], "files": [{"path": "a/./b", "text": ""}]}, "inside", id="a path with a dot"),
        pytest.param({"argv": ["ls"], "files": [{"path": "a" * 300, "text": ""}]}, "255", id="a name that is too long"),
        pytest.param({"argv": ["ls"], "files": [{"path": "x"}]}, "one of", id="a file of nothing"),
        pytest.param({"argv": ["ls"], "files": [{"path": "x", "text": "", "blob": "a" * 64}]}, "one of", id="a file of two"),
        pytest.param({"argv": ["ls"], "files": [{"path": "x", "base64": "é"}]}, "base64", id="what is no base64"),
        pytest.param({"argv": ["ls"], "files": [{"path": "x", "text": ""}] * 2}, "own", id="a path twice"),
        pytest.param(
            {"argv": ["ls"], "files": [{"path": "x", "text": ""}, {"path": "x/y", "text": ""}]}, "folder", id="a file that is a folder"
        ),
    ],
)
async def test_what_cannot_be_is_refused_before_anything_is_started(given: dict[str, Any], told: str) -> None:
    with pytest.raises(Refused, match=told):
        await ask(a_shell("ls"), "run", **given)


async def test_more_than_there_is_room_for_is_refused() -> None:
    with pytest.raises(TooLarge, match="1000"):
        await ask(a_shell("ls", scratch=1000), "run", argv=["ls"], files=[{"path": "x", "text": "x" * 1001}])


async def test_programs_folders_and_limits_are_told() -> None:
    output = await ask(a_shell("ls", "sh -c"), "list_programs")
    assert output.data is not None
    assert output.data["programs"] == ["ls", "sh -c"]
    assert output.data["limits"]["processes"] == 32


# ---- when it is not started


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        pytest.param("/bin/ls", "is no program", id="a path"),
        pytest.param("", "is no program", id="nothing"),
        pytest.param("git  log", "is no program", id="two blanks"),
        pytest.param("bash", "bash -c", id="a shell"),
        pytest.param("sh -x", "sh -c", id="a shell with something else"),
    ],
)
def test_a_list_that_does_not_say_what_it_means_is_refused(entry: str, told: str) -> None:
    with pytest.raises(Refused, match=told):
        parsed(ShellSettings, {"name": "box", "programs": [entry]})


def test_a_sandbox_without_programs_is_none() -> None:
    with pytest.raises(Refused, match="programs"):
        parsed(ShellSettings, {"name": "box", "programs": []})


def test_programs_that_are_not_there_or_not_seen_are_told_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "own").write_text("#!/bin/sh\n")
    (tmp_path / "own").chmod(0o755)
    with pytest.raises(Refused, match="no program nothing-of-that-name"):
        Programs.found(["nothing-of-that-name"])
    with pytest.raises(Refused, match="sees /usr"):
        Programs.found(["own"], str(tmp_path))


def test_folders_that_no_sandbox_may_see_are_refused(tmp_path: Path) -> None:
    data, home, reports = tmp_path / "data", tmp_path / "home", tmp_path / "home/reports"
    for one in (data / "blobs", reports):
        one.mkdir(parents=True)
    (tmp_path / "link").symlink_to(data)
    for wrong in (data, data / "blobs", tmp_path, home, tmp_path / "link", Path("/"), Path("/proc"), tmp_path / "nothing"):
        with pytest.raises(Refused, match=r"no sandbox may see|is no folder"):
            folders_of({"x": wrong}, (data,), home)
    assert folders_of({"reports": reports}, (data,), home) == ((str(reports), "/data/reports"),)


@pytest.mark.parametrize(
    ("command", "told"),
    [
        pytest.param(["/nonexistent/python"], "cannot be started", id="missing"),
        pytest.param(["/bin/sh", "-c", "echo no user namespaces >&2; exit 1"], "no user namespaces", id="crashes"),
        pytest.param(["/bin/sh", "-c", "kill -9 $$"], "broke off", id="is killed"),
        pytest.param(["/bin/sh", "-c", "exec sleep 60"], "does not answer", id="hangs"),
        pytest.param(["/bin/sh", "-c", "trap '' TERM; while :; do sleep 1; done"], "does not answer", id="hangs on"),
        pytest.param(["/bin/sh", "-c", "echo all is well, believe me"], "broke off", id="prints rubbish"),
        pytest.param(["/bin/sh", "-c", "head -c 100000000 /dev/zero"], "broke off", id="prints zeros"),
        pytest.param(["/bin/sh", "-c", "exec yes"], "broke off", id="prints without an end"),
        pytest.param(["/bin/sh", "-c", r"printf '\000\000\000\000\000\000\000\002{}'"], "broke off", id="reports nothing"),
    ],
)
async def test_without_walls_there_is_no_sandbox(command: list[str], told: str) -> None:
    jail = Jail(command, grace=0.2)
    with pytest.raises(Refused, match=told):
        await jail.proven(Plan(argv=()), 0.2)
    with pytest.raises(Unavailable, match=told):
        await run(a_shell(jail=jail, seconds=0.2), "sh", "-c", "true")


_FACTS = {
    "user": 1000, "CapEff": "0" * 16, "CapBnd": "0" * 16, "NoNewPrivs": "1", "Seccomp": "2", "host": "sandbox", "changed": [],
    "opened": [], "root": ["usr", "work"], "network": ["lo"], "processes": 2,
}  # fmt: skip


@pytest.mark.parametrize(
    ("fact", "told"),
    [
        pytest.param({}, "", id="all stand"),
        pytest.param({"user": 0}, "user", id="root"),
        pytest.param({"CapEff": "000001ffffffffff"}, "CapEff", id="powers"),
        pytest.param({"Seccomp": "0"}, "Seccomp", id="no filter"),
        pytest.param({"NoNewPrivs": "0"}, "NoNewPrivs", id="new powers"),
        pytest.param({"root": ["usr", "root"]}, "root", id="a home"),
        pytest.param({"network": ["eth0", "lo"]}, "network", id="a network"),
        pytest.param({"processes": 40}, "processes", id="other processes"),
        pytest.param({"changed": ["/usr"]}, "changed", id="programs that can be changed"),
        pytest.param({"host": "myhost"}, "host", id="the machine's own name"),
    ],
)
async def test_each_wall_is_looked_at_before_a_sandbox_is_started(fact: dict[str, Any], told: str) -> None:
    facts = json.dumps({**_FACTS, **fact})
    head = json.dumps({
        "exit": 0, "ended": "", "seconds": 0, "cpu": 0, "memory": 0, "files": [], "left": [], "more": 0,
        "stdout": {"size": len(facts), "head": 0, "kept": len(facts)}, "stderr": {"size": 0, "head": 0, "kept": 0},
    })  # fmt: skip
    script = f"import sys; sys.stdout.buffer.write(({len(head)}).to_bytes(8, 'big') + {(head + facts).encode()!r})"
    jail = Jail([sys.executable, "-I", "-S", "-c", script])
    if not told:
        await jail.proven(Plan(argv=()))
        return
    with pytest.raises(Refused, match=told):
        await jail.proven(Plan(argv=()))


async def test_a_sandbox_says_where_it_cannot_be_what_is_missing_and_what_to_do() -> None:
    with pytest.raises(HulkError, match=r"sandbox box is not started: .*no user namespaces.*tools\.systems\.shell"):
        await a_shell(jail=Jail(["/bin/sh", "-c", "echo no user namespaces >&2; exit 1"])).proven()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param({"programs": ["nothing-of-that-name"]}, "nothing-of-that-name", id="a program that is not there"),
        pytest.param({"programs": ["ls"], "folders": {"all": "."}}, "no sandbox may see", id="the data folder"),
        pytest.param({"programs": ["ls"]}, "", id="one that can be", marks=walled),
    ],
)
async def test_a_sandbox_of_the_settings_is_there_or_hulk_does_not_start(
    given: dict[str, Any], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres: Callable[[], Postgres]
) -> None:
    monkeypatch.chdir(tmp_path)
    async with a_store("sqlite", tmp_path, postgres) as store:
        if told:
            with pytest.raises(Refused, match=told):
                await mounted({"shell": [{"name": "box", **given}]}, store, tmp_path).__aenter__()
            return
        async with mounted({"shell": [{"name": "box", **given}]}, store, tmp_path) as [one]:
            assert "usr" in words(await run(one.backend, "ls", "/"))
