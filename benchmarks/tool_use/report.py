"""What a run is told as: Markdown for people, JSON for programs."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.tool_use.cases import Outcome
from benchmarks.tool_use.figures import MOST_ERRORS, Row, rows

_WRONG_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A run. `run` says what was asked of whom; `wanted` how many cases of each set there were to ask; `left_out` what was not, and
    why."""

    run: Mapping[str, Any]
    machine: Mapping[str, Any]
    outcomes: Sequence[Outcome]
    wanted: Mapping[str, int]
    left_out: Sequence[tuple[str, str]]

    def sets(self) -> dict[str, list[Row]]:
        """The rows of each set."""
        return {name: rows([one for one in self.outcomes if one.set == name]) for name in self.wanted}

    @property
    def scored(self) -> bool:
        """Whether all was asked, and few enough were errors to call it a score."""
        return all(row[-1].score is not None and self.whole(name) for name, row in self.sets().items())

    def whole(self, name: str) -> bool:
        """Whether all cases of a set were asked."""
        return sum(one.set == name for one in self.outcomes) >= self.wanted[name]


def written(folder: Path, told: Told) -> Path:
    """Both, into the folder; gives where the Markdown is."""
    sets = {name: [row.kept() for row in found] for name, found in told.sets().items()}
    kept = {
        "run": dict(told.run), "machine": dict(told.machine), "scored": told.scored, "sets": sets, "wanted": dict(told.wanted),
        "left_out": [list(one) for one in told.left_out],
    }  # fmt: skip
    (folder / "report.json").write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    (page := folder / "report.md").write_text("\n".join(_page(told)) + "\n")
    return page


def _page(told: Told) -> Iterator[str]:
    run, machine = told.run, told.machine
    yield f"# Tool use of {run['model']}\n"
    models = sorted({model for one in told.outcomes for model in one.models})
    yield f"Asked at {run['url']} on {machine['date']}; answered by {', '.join(models) or 'nobody'}."
    yield f"{_sampled(run)} {_machine(told)}\n"
    for name, found in told.sets().items():
        yield f"## {name} ({run['versions'][name]})\n"
        yield from _verdict(told, name, found[-1])
        yield from _table(found)
        yield ""
    yield from _left_out(told.left_out)
    yield from _wrong(told.outcomes)


def _sampled(run: Mapping[str, Any]) -> str:
    of = f"the cases with “{run['like']}”" if run["like"] else "all cases"
    if run["sample"] is None:
        return f"Asked: {of}."
    return (
        f"Asked: of {of} a sample of {run['sample']} in each set, as many of each category as there are, chosen by the seed {run['seed']}."
    )


def _machine(told: Told) -> str:
    machine = told.machine
    here = any(one.cpu_seconds is not None for one in told.outcomes)
    where = f"; the server is on this machine ({machine['cores']} cores of {machine['processor']})" if here else ""
    return f"Versions: {', '.join(f'{name} {version}' for name, version in machine['versions'].items())}{where}."


def _verdict(told: Told, name: str, row: Row) -> Iterator[str]:
    asked = row.answered + row.errors
    if not told.whole(name):
        yield f"**No score yet**: {asked} of {told.wanted[name]} cases were asked; run the same again to go on.\n"
    elif row.score is None:
        yield f"**No score**: {row.errors} of {asked} cases are errors of the server, and more than {MOST_ERRORS:.0%} are too many.\n"


def _table(found: Sequence[Row]) -> Iterator[str]:
    yield "| category | right | score | 95 % interval | errors | tokens in, median | out | seconds, median | of processor |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    for row in found:
        score, between = (f"{row.score:.0%}", f"{row.low:.0%} to {row.high:.0%}") if row.score is not None else ("-", "-")
        used = "-" if row.cpu_seconds is None else f"{row.cpu_seconds:,.1f}"
        yield (
            f"| {row.name} | {row.right} of {row.answered} | {score} | {between} | {row.errors} |"
            f" {row.input_tokens:,.0f} | {row.output_tokens:,.0f} | {row.seconds:,.1f} | {used} |"
        )


def _left_out(left_out: Sequence[tuple[str, str]]) -> Iterator[str]:
    if left_out:
        yield "## Left out\n"
        yield from (f"- {name}: {why}" for name, why in left_out)
        yield ""


def _wrong(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """The first of what was wrong; the file of answers has all."""
    found = [one for one in outcomes if one.verdict != "right"]
    if found:
        yield f"## Wrong, and errors ({len(found)}; the first {min(len(found), _WRONG_SHOWN)})\n"
        yield from (f"- {one.case} ({one.verdict}): {_short(one.why)}" for one in found[:_WRONG_SHOWN])


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 300 else f"{line[:300]}…"
