"""Ask, judge, report: `python -m benchmarks.tool_use --help`."""

import argparse
import asyncio
import os
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.machine import described
from benchmarks.tool_use import asking, bfcl, local, own, report
from benchmarks.tool_use.cases import Asking, Case, Described, Outcome, sampled
from benchmarks.tool_use.kept import Answers, OfAnother

SETS = (own.SET, bfcl.SET)


@dataclass(frozen=True, slots=True)
class Ready:
    """A set that can be asked: each of `askers` takes one case at a time. `judged` is an outcome by the rules as they are now."""

    described: Described
    askers: Sequence[Asking]
    judged: Callable[[Outcome], Outcome]


async def ready(name: str, server: asking.Server, at_once: int, stack: AsyncExitStack) -> Ready:
    """A set."""
    if name == own.SET:
        loaded = await own.Own.loaded()
        return Ready(loaded.described(), [own.OwnAsking(loaded, server)] * at_once, loaded.judged)
    programs = [await stack.enter_async_context(bfcl.started()) for _ in range(at_once)]
    return Ready(await programs[0].described(), [bfcl.BfclAsking(one, server) for one in programs], lambda outcome: outcome)


async def asked(cases: Sequence[Case], askers: Sequence[Asking], answers: Answers, used: Callable[[], float | None]) -> None:
    """All that are not answered yet; those that ended in an error are asked again."""
    done = {name for name, one in answers.all().items() if one.verdict != "error"}
    left = [case for case in cases if case.id not in done]
    waiting = iter(left)

    async def some(asker: Asking) -> None:
        for case in waiting:
            before = used()
            outcome = await asker.ask(case)
            after = used()
            if before is not None and after is not None:
                outcome = replace(outcome, cpu_seconds=round(after - before, 2))
            answers.add(outcome)
            _tell(f"{outcome.verdict:5} {case.set} {case.id} {outcome.seconds:.1f} s {outcome.why[:160]}")

    _tell(f"{len(cases)} cases, {len(left)} to ask")
    async with asyncio.TaskGroup() as group:
        for asker in askers[: max(1, len(left))]:
            group.create_task(some(asker))


def _tell(line: str) -> None:
    print(time.strftime("%H:%M:%S"), line, flush=True)


async def run(wanted: argparse.Namespace) -> report.Told:
    """The whole of it. Raises `ValueError` and `OfAnother` for what cannot be asked so."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(asking.server(wanted.url, wanted.model, wanted.key, wanted.seconds))
        sets = {name: await ready(name, server, wanted.at_once, stack) for name in wanted.set}
        cases = {name: sampled(some, wanted.sample, wanted.seed) for name, some in _meant(sets, wanted.categories, wanted.like).items()}
        versions = {name: sets[name].described.version for name in cases}
        answers = Answers.opened(wanted.out, {"url": wanted.url, "model": wanted.model, **versions})
        used = (lambda: local.used_by(wanted.url)) if wanted.at_once == 1 else lambda: None
        for name, some in cases.items():
            await asked(_ordered(name, some), sets[name].askers, answers, used)
    found = answers.all()
    return report.Told(
        run={**_said(wanted), "versions": versions}, machine=described({Path(sys.executable)}),
        outcomes=[sets[name].judged(found[case.id]) for name in cases for case in sorted(cases[name]) if case.id in found],
        wanted={name: len(some) for name, some in cases.items()}, left_out=_left_out(sets, cases),
    )  # fmt: skip


def _said(wanted: argparse.Namespace) -> dict[str, Any]:
    return {name: getattr(wanted, name) for name in ("url", "model", "sample", "seed", "like", "at_once")}


def _meant(sets: Mapping[str, Ready], categories: Sequence[str], like: str) -> dict[str, list[Case]]:
    """The cases of the categories, all where none is named, by their sets; of them those that hold a text. Raises `ValueError` for a
    category that no set has."""
    known = {case.category for one in sets.values() for case in one.described.cases}
    if missing := sorted(set(categories) - known):
        raise ValueError(f"there is no category {', '.join(missing)}; there are {', '.join(sorted(known))}")
    wanted = set(categories) or known
    found = {
        name: [case for case in one.described.cases if case.category in wanted and like in f"{case.group} {case.id}"]
        for name, one in sets.items()
    }
    return {name: cases for name, cases in found.items() if cases}


def _ordered(name: str, cases: Sequence[Case]) -> list[Case]:
    """Questions over the same tools follow one another, which some servers then read once; those of BFCL have tools of their own each."""
    return sorted(cases, key=lambda case: (case.group, case.id)) if name == own.SET else list(cases)


def _left_out(sets: Mapping[str, Ready], cases: Mapping[str, Sequence[Case]]) -> list[tuple[str, str]]:
    found = [one for name in cases for one in sets[name].described.left_out]
    for name, some in cases.items():
        missing = {case.category for case in sets[name].described.cases} - {case.category for case in some}
        found += [(f"{name}, {one}", "not asked for in this run") for one in sorted(missing)]
    return found


def _parsed(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("benchmarks.tool_use", description="Scores how a model uses tools, on BFCL v4 and on Hulk's own set.")
    parser.add_argument("--url", default="http://127.0.0.1:8080/v1", help="of a server that speaks OpenAI's API, up to and with /v1")
    parser.add_argument("--model", required=True, help="its name there")
    parser.add_argument("--key", default=os.environ.get("BENCH_KEY", ""), help="for the server; or the variable BENCH_KEY")
    parser.add_argument("--set", choices=SETS, action="append", help="only this set; may be said twice")
    parser.add_argument("--categories", type=_names, default=[], help="only these, with commas between")
    parser.add_argument(
        "--like", default="", help="only cases with this in their id, or, of Hulk's own, in language and desk (“pt support”)"
    )
    parser.add_argument("--sample", type=int, help="so many cases of each set, as many of each category")
    parser.add_argument("--seed", type=int, default=1, help="which ones: the same seed gives the same")
    parser.add_argument("--at-once", type=int, default=1, help="cases asked at the same time")
    parser.add_argument("--seconds", type=float, default=600, help="longest that an answer may take")
    parser.add_argument("--out", type=Path, help="where answers and report go (.hulk/tool-use/MODEL); a run goes on with what is there")
    wanted = parser.parse_args(words)
    wanted.set = wanted.set or list(SETS)
    wanted.out = wanted.out or Path(".hulk") / "tool-use" / re.sub(r"[^\w.-]", "-", wanted.model)
    return wanted


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def main(words: Sequence[str] | None = None) -> int:
    """What the command line asks for. 0 when there is a score, 1 when there is none, 2 when it cannot be asked so."""
    wanted = _parsed(words)
    try:
        told = asyncio.run(run(wanted))
    except (ValueError, OfAnother) as error:
        print(f"benchmarks.tool_use: {error}", file=sys.stderr)
        return 2
    page = report.written(wanted.out, told)
    print(page.read_text())
    _tell(f"written to {page}")
    return 0 if told.scored else 1


if __name__ == "__main__":
    sys.exit(main())
