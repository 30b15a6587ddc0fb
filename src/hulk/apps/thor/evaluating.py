"""`thor agents evaluate`: each case of the agents' evaluation sets at the running Hulk, and a report of what came of them."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, TypeAlias
from urllib.parse import quote

from hulk.apps.client import Client
from hulk.apps.painting import err, out
from hulk.apps.terminal import FAILED, spoken
from hulk.apps.thor.commands import show
from hulk.kernel.errors import NotFound
from hulk.kernel.records import JsonObject
from hulk.kernel.text import Text
from hulk.kernel.time import from_iso

Verdict: TypeAlias = Literal["passed", "failed", "left out"]
PAUSE_SECONDS = 0.2
"""Between two looks at a task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a case; `wrong` says why it did not pass, or was left out."""

    agent: str
    case: str
    verdict: Verdict
    task: str = ""
    found: str = ""
    state: str = ""
    tools: tuple[tuple[str, str], ...] = ()
    proposed: tuple[str, ...] = ()
    read: int = 0
    written: int = 0
    cost: Decimal = Decimal(0)
    seconds: float = 0.0
    wrong: tuple[str, ...] = ()

    def view(self) -> JsonObject:
        """As JSON."""
        tools = [{"name": name, "status": status} for name, status in self.tools]
        return {
            "agent": self.agent, "case": self.case, "verdict": self.verdict, "found": self.found or None, "state": self.state or None,
            "tools": tools, "proposed": list(self.proposed), "tokens": {"in": self.read, "out": self.written}, "cost": str(self.cost),
            "seconds": round(self.seconds, 3), "task": self.task or None, "wrong": list(self.wrong),
        }  # fmt: skip

    def row(self) -> JsonObject:
        """As a row of the table."""
        asked = [name for name, status in self.tools if status != "suggested"]
        return {
            "case": f"{self.agent}/{self.case}", "verdict": self.verdict, "tools": ", ".join(dict.fromkeys(asked)) or "—",
            "proposed": len(self.proposed), "tokens in": self.read, "tokens out": self.written, "cost": str(self.cost),
            "s": round(self.seconds, 1), "detail": " ".join(self.wrong),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Report:
    """All results. `named`: somebody asked for just these agents, so that what is left out is no pass."""

    results: Sequence[Result]
    named: bool

    def count(self, verdict: Verdict) -> int:
        """How many came to that."""
        return sum(one.verdict == verdict for one in self.results)

    @property
    def good(self) -> bool:
        """Whether some passed and none failed."""
        left = self.count("left out") if self.named else 0
        return self.count("passed") > 0 and self.count("failed") + left == 0

    def told(self, *, as_json: bool) -> int:
        """Print it; gives the exit code."""
        if as_json:
            show(self._view(), as_json=True)
        else:
            show([one.row() for one in self.results], as_json=False)
            counts = {name: self.count(verdict) for name, verdict in _COUNTED}
            out.print(spoken(Text("{passed} passed, {failed} failed, {left_out} left out.", **counts)))
        return 0 if self.good else FAILED

    def _view(self) -> JsonObject:
        tokens = {"in": sum(one.read for one in self.results), "out": sum(one.written for one in self.results)}
        return {
            **{name: self.count(verdict) for name, verdict in _COUNTED}, "tokens": tokens,
            "cost": str(sum((one.cost for one in self.results), Decimal(0))), "cases": [one.view() for one in self.results],
        }  # fmt: skip


_COUNTED: Sequence[tuple[str, Verdict]] = (("passed", "passed"), ("failed", "failed"), ("left_out", "left out"))


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The sets of the agents of these names, of all where there is none; `model` is asked in the place of their own."""

    client: Client
    names: tuple[str, ...]
    model: str
    reason: str

    async def __call__(self) -> Report:
        """One case after the other: side by side they would take each other's time. Raises `NotFound` for an agent that is not there."""
        return Report([result async for result in self._results()], bool(self.names))

    async def _results(self) -> AsyncIterator[Result]:
        names = self.names or [one["name"] for one in (await self.client.get("/v1/agents"))["agents"]]
        agents = [await self.client.get(f"/v1/agents/{quote(name, safe='')}") for name in names]
        for agent in agents:
            for case in agent["evaluation"]:
                with err.status(f"{agent['name']}/{case['name']} …"):
                    yield await self._result(agent["name"], case["name"])

    async def _result(self, agent: str, case: str) -> Result:
        try:
            task = await self.client.post(f"/v1/agents/{agent}/cases/{case}", {"model": self.model, "reason": self.reason}, {})
        except NotFound as missing:
            return Result(agent=agent, case=case, verdict="left out", wrong=(str(missing),))
        return _read(agent, case, await self._ended(task["id"]))

    async def _ended(self, task: str) -> JsonObject:
        while True:
            found = await self.client.get(f"/v1/agent-tasks/{task}")
            if found["ended"] is not None:
                return found
            await asyncio.sleep(PAUSE_SECONDS)


def _read(agent: str, case: str, task: JsonObject) -> Result:
    told = task["evaluation"] or {"verdict": "failed", "found": "", "tools": [], "proposed": [], "wrong": []}
    account = task["account"] or {"tokens": 0, "written": 0, "cost": "0"}
    return Result(
        agent=agent, case=case, verdict=told["verdict"], task=task["id"], found=told["found"], state=task["state"],
        tools=tuple((one["name"], one["status"]) for one in told["tools"]), proposed=tuple(told["proposed"]),
        read=account["tokens"] - account["written"], written=account["written"], cost=Decimal(account["cost"]),
        seconds=(from_iso(task["ended"]) - from_iso(task["at"])).total_seconds(), wrong=(*told["wrong"], *_problems(task)),
    )  # fmt: skip


def _problems(task: Any) -> Iterator[str]:
    """What went wrong in the task itself."""
    yield from [task["error"]] if task["error"] else []
    yield from (f"{step['key']}: {step['error']}" for step in task["steps"] if step["error"] and not task["error"])
