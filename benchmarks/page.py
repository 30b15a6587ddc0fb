"""Writes the measured tables into docs/performance.md, between its markers."""

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.contestants import ROOT, Kind
from benchmarks.figures import Figure, Outcome, goals

PAGE = ROOT / "docs" / "performance.md"
RESULTS = {"ours": ROOT / "benchmarks" / "results.json", "peers": ROOT / "benchmarks" / "peers.json"} | {
    name: ROOT / "benchmarks" / f"{name}.json" for name in ("gateways", "growth")
}


def written(name: str, machine: dict[str, object], figures: Sequence[Figure], outcomes: Sequence[Outcome]) -> Path:
    """Keep what was measured, and show it in the page."""
    kept = {
        "machine": machine,
        "figures": [{"what": one.what, "value": one.value, "unit": one.unit, "goal": one.goal} for one in figures],
        "contestants": [{"name": one.name, "kind": one.kind, "trials": one.trials} for one in outcomes],
    }
    RESULTS[name].write_text(json.dumps(kept, indent=1) + "\n")
    refresh()
    return RESULTS[name]


def refresh() -> None:
    """Write the tables of what was measured last."""
    text = PAGE.read_text()
    for name, file in RESULTS.items():
        if file.exists():
            kept = json.loads(file.read_text())
            text = _between(text, name, tables(kept))
    PAGE.write_text(text)


def _between(text: str, name: str, tables: str) -> str:
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    if begin not in text:
        raise RuntimeError(f"{PAGE} has no {begin}")
    return re.sub(f"{begin}.*?{end}", lambda _: f"{begin}\n{tables}\n{end}", text, flags=re.DOTALL)


def tables(kept: dict[str, Any]) -> str:
    """The tables of what was kept by `written`, in Markdown."""
    outcomes = [Outcome(one["name"], one["kind"], one["trials"]) for one in kept.get("contestants", [])]
    figures = [Figure(**one) for one in kept["figures"]] + list(goals(outcomes))
    parts = [_machine(kept["machine"]), _figures(figures)]
    parts += [_rates(kind, outcomes) for kind in ("durable", "light")] + [_crashes(outcomes), _gateways(outcomes), _growth(outcomes)]
    return "\n\n".join(part for part in parts if part)


def _machine(machine: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in machine.get("versions", {}).items())
    where = f"{machine.get('cores', '?')} cores of {machine.get('processor', '?')}, Python {machine['python']}"
    trials = f"{machine.get('size', 'quick')}, trials of each: {machine.get('times', 1)}"
    return f"Measured on {machine.get('date', 'an unknown day')} ({trials}): {where}; {versions}."


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join([_row(head), _row("---" for _ in head), *map(_row, rows)]) if rows else ""


def _figures(figures: Sequence[Figure]) -> str:
    met = {True: "met", False: "**missed**", None: ""}
    return _table(
        ["what", "measured", "goal", ""], [[one.what, f"{_short(one.value)} {one.unit}".strip(), one.goal, met[one.met]] for one in figures]
    )


TITLES: dict[Kind, str] = {"durable": "Durable: a run of one recorded step", "light": "Light: a task that is acknowledged and not recorded"}


def _rates(kind: Kind, outcomes: Sequence[Outcome]) -> str:
    rows = [_rate(one.name, one.median("throughput")) for one in outcomes if one.kind == kind and one.trials.get("throughput")]
    head = [
        "one worker process", "enqueued/s", "drained/s", "CPU ms per task, worker + servers",
        "ms to start at half load, p50 / p95 / p99 (rate)",
        "at 50/s", "CPU ms per task at 50/s", "cold start s", "MB (PSS), worker + servers", "other cores",
    ]  # fmt: skip
    return f"**{TITLES[kind]}**\n\n{_table(head, rows)}" if rows else ""


def _rate(name: str, value: dict[str, float]) -> list[str]:
    return [
        name, _short(value["enqueued"]), _short(value["drained"]), f"{value['worker_cpu']:.2f} + {value['server_cpu']:.2f}",
        f"{_percentiles('half', value)} ({_short(value['half_rate'])})", _percentiles("calm", value), f"{value['calm_cpu']:.1f}",
        f"{value['cold']:.2f}", f"{value['worker_memory']:.0f} + {value['server_memory']:.0f}", f"{value['others']:.2f}",
    ]  # fmt: skip


def _percentiles(name: str, value: dict[str, float]) -> str:
    return " / ".join(_short(value[f"{name}_p{percent}"]) for percent in (50, 95, 99))


def _crashes(outcomes: Sequence[Outcome]) -> str:
    variants = (("crash", "started again 0.3 s later"), ("another", "another worker is there"))
    rows = [_crash(one.name, how, one.median(measure)) for one in outcomes for measure, how in variants if one.trials.get(measure)]
    head = [
        "worker killed (kill -9) at 30 %",
        "then",
        "tasks",
        "not back after 60 s",
        "begun again",
        "ended twice",
        "recorded once",
        "under way began again, s",
        "last done, s",
    ]
    return f"**Crash: tasks of 5 ms**\n\n{_table(head, rows)}" if rows else ""


def _crash(name: str, how: str, value: dict[str, float]) -> list[str]:
    recorded = f"{value['completed']:.0f}" if value["completed"] >= 0 else "-"
    counts = [f"{value[key]:.0f}" for key in ("count", "not_back", "again", "twice")]
    return [name, how, *counts, recorded, f"{value['resumed']:.1f}", f"{value['last']:.1f}"]


def _gateways(outcomes: Sequence[Outcome]) -> str:
    rows = [
        _gateway(one.name, one.median("calls"), one.median("streams"))
        for one in outcomes if one.trials.get("calls")
    ]  # fmt: skip
    head = [
        "gateway", "CPU ms per call of 330 characters, one at a time / 32 at once", "the same of 4,000 characters",
        "ms added, one at a time, p50 / p95, 330 characters", "4,000 characters", "streamed",
        "calls/s, 32 at once, 330 / 4,000 characters", "start s", "MB (PSS), idle / after load", "other cores",
    ]  # fmt: skip
    return _table(head, rows)


def _gateway(name: str, call: dict[str, float], stream: dict[str, float]) -> list[str]:
    cpu, added = (
        [" / ".join(_short(call[f"{length}_{what}"]) for what in kinds) for length in ("short", "long")]
        for kinds in (("one_cpu", "crowd_cpu"), ("added_p50", "added_p95"))
    )
    streamed = f"{_short(stream['added_p50'])} / {_short(stream['added_p95'])}" if stream else "-"
    others = max(value for key, value in call.items() if key.endswith("_others"))
    return [
        name, *cpu, *added, streamed, f"{_short(call['short_crowd_rate'])} / {_short(call['long_crowd_rate'])}", _short(call["boot"]),
        f"{call['idle_mb']:.0f} / {call['loaded_mb']:.0f}", f"{others:.2f}",
    ]  # fmt: skip


def _growth(outcomes: Sequence[Outcome]) -> str:
    grown = [(one.name, one.median("growth")) for one in outcomes if one.trials.get("growth")]
    head = [
        "gateway",
        "calls",
        "MB, first / last",
        "MB per 100,000 calls, second half",
        "bytes on disk per call",
        "CPU, last tenth over first",
    ]
    rows = [
        [
            name, f"{value['calls']:,.0f}", f"{value['first_mb']:.0f} / {value['last_mb']:.0f}", f"{value['slope']:+.2f}",
            f"{value['disk']:.0f}", f"{value['dearer']:+.0f} %",
        ]
        for name, value in grown
    ]  # fmt: skip
    return _table(head, rows)


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
