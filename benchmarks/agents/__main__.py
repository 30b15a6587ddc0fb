"""Do all cases both ways, compare, report: `python -m benchmarks.agents --help`."""

import argparse
import asyncio
import json
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from benchmarks.agents.counterpart import counterpart
from benchmarks.agents.figures import MOST, Pair, Way, kept, page, rows
from benchmarks.machine import described
from benchmarks.program import Program, started
from hulk.modules.agents.adapters.files import SHIPPED
from support.twins.systems import system

OUT = Path(__file__).parents[1] / "agents.json"
ALONE, OWN = "alone-", "own-"


def singles(folder: Path) -> None:
    """Of each agent that comes with Hulk one that thinks by itself: the same words, cases and tools, and neither playbooks nor a team. One
    with the tools of its team besides (`alone-`), for what is split; one with its own only (`own-`), for what is not."""
    files = {path.stem: yaml.safe_load(path.read_text()) for path in SHIPPED.glob("*.yaml")}
    shutil.copytree(SHIPPED / "cases", folder / "cases")
    for name, file in files.items():
        team = [files[member]["tools"] for member in file.get("team", ())]
        for prefix, tools in ((ALONE, [file["tools"], *team]), (OWN, [file["tools"]])):
            single = _single(file, prefix + name, [grant for some in tools for grant in some])
            (folder / f"{prefix}{name}.yaml").write_text(yaml.safe_dump(single, allow_unicode=True))


def _single(file: Mapping[str, Any], name: str, tools: Sequence[Any]) -> Mapping[str, Any]:
    kept = {what: value for what, value in file.items() if what not in ("playbooks", "team")}
    cases = {
        key: {what: value for what, value in case.items() if what not in ("playbook", "says")} for key, case in file["evaluation"].items()
    }
    return {**kept, "name": name, "tools": list(tools), "evaluation": cases, "limits": {"tokens": 1_000_000, "turns": 20}}


@asynccontextmanager
async def hulk(model: Mapping[str, Any], github: str) -> AsyncIterator[Program]:
    """A Hulk with that model and nothing else that could answer, and with the agents of both kinds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "agents").mkdir()
        singles(folder / "agents")
        systems = {"github": [{"name": "github", "url": github, "token": "right", "repositories": ["acme/shop"]}]}
        settings = {
            "models": {"providers": [model]}, "agents": {"folders": ["agents"]}, "tools": {"systems": systems}, "grpc": {"port": 0},
        }  # fmt: skip
        (folder / "hulk.yaml").write_text(json.dumps(settings))
        async with started(folder) as program:
            yield program


async def rehearsed(session: aiohttp.ClientSession, agent: str, case: str) -> Mapping[str, Any]:
    """What came of a case. Raises `RuntimeError` when it could not be begun."""
    async with session.post(f"/v1/agents/{agent}/cases/{case}", json={}) as response:
        begun = await response.json(content_type=None)
    if response.status != 202:
        raise RuntimeError(f"{agent}/{case}: {begun}")
    while True:
        async with session.get(f"/v1/agent-tasks/{begun['id']}") as response:
            task: Mapping[str, Any] = await response.json(content_type=None)
        if task["ended"] is not None:
            return task
        await asyncio.sleep(0.1)


async def compared(session: aiohttp.ClientSession, names: Sequence[str]) -> list[Pair]:
    """All cases of these agents, both ways."""
    pairs = []
    for name in names:
        async with session.get(f"/v1/agents/{name}") as response:
            cases = (await response.json())["evaluation"]
        for case in cases:
            ours = await rehearsed(session, name, case["name"])
            prefix = OWN if ours["plan"] and ours["plan"]["origin"] == "single" else ALONE
            alone = await rehearsed(session, prefix + name, case["name"])
            pairs.append(_pair(f"{name}/{case['name']}", ours, alone))
            print(pairs[-1], *(one["evaluation"]["wrong"] for one in (ours, alone)), file=sys.stderr, flush=True)
    return pairs


def _pair(case: str, ours: Mapping[str, Any], alone: Mapping[str, Any]) -> Pair:
    ways: dict[str, Way] = {"playbook": "playbook", "split": "split", "single": "plain"}
    return Pair(
        case=case, way=ways[ours["plan"]["origin"]], tokens=ours["account"]["tokens"], single=alone["account"]["tokens"],
        passed=ours["evaluation"]["verdict"] == "passed", single_passed=alone["evaluation"]["verdict"] == "passed",
    )  # fmt: skip


async def run(wanted: argparse.Namespace) -> list[Pair]:
    """The whole of it."""
    names = wanted.agents or sorted(path.stem for path in SHIPPED.glob("*.yaml"))
    with system("github") as github:
        async with counterpart() as stands_for:
            model = {
                "name": "counterpart", "url": wanted.url or stands_for.url, "model": wanted.model, "local": True,
                "api_key": os.environ.get("BENCH_KEY", ""), "abilities": {"tools": True, "schema": True},
            }  # fmt: skip
            async with hulk(model, github.url) as program, aiohttp.ClientSession(program.url) as session:
                return await compared(session, names)


def main(words: Sequence[str] | None = None) -> int:
    """What the command line asks for: 0 when the goal is held and every case came out right both ways, else 1."""
    parser = argparse.ArgumentParser("benchmarks.agents", description="Tokens that agents take, beside a single agent with the same tools.")
    parser.add_argument("agents", nargs="*", help="only these")
    parser.add_argument("--url", default="", help="of a server that speaks OpenAI's API, up to and with /v1; else the counterpart")
    parser.add_argument("--model", default="counterpart", help="its name there")
    parser.add_argument("--keep", action="store_true", help=f"write {OUT.name}")
    wanted = parser.parse_args(words)
    pairs = asyncio.run(run(wanted))
    print(page(pairs))
    if wanted.keep:
        OUT.write_text(json.dumps({"machine": described(set()), "model": wanted.model, **kept(pairs)}, indent=1) + "\n")
    good = all(one.passed and one.single_passed for one in pairs)
    return 0 if good and rows(pairs)[-1].ratio <= MOST else 1


if __name__ == "__main__":
    sys.exit(main())
