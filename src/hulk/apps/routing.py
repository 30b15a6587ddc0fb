"""What `thor` asks of the router's learning, row by row, as an admin of the tenant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, TypeAlias

from hulk.apps.members import admin
from hulk.kernel.text import Text, Voice
from hulk.kernel.time import utc_now
from hulk.modules.router import Aims, LearningActs, OffPolicy, Reported, RoutingPolicy, evaluated_in_words
from hulk.modules.router.api.learning import ExperimentBody, experiment_view
from hulk.modules.router.settings import LearningSettings
from hulk.modules.router.wiring import evaluating, graded_set
from hulk.runtime.config import Config
from hulk.runtime.models import LocalEmbedder, Remembered
from hulk.runtime.validation import parsed

Row: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RoutingRows:
    """The acts of learning, as rows."""

    acts: LearningActs
    settings: LearningSettings
    voice: Voice

    async def report(self, tenant: str, days: int, always: str | None, cost: float | None, seconds: float | None) -> list[Row]:
        """How it went, a row for each figure."""
        until = utc_now()
        aims = Aims(
            cost=self.settings.cost if cost is None else cost, seconds=self.settings.seconds if seconds is None else seconds
        )  # fmt: skip
        candidate = RoutingPolicy(always=always, aims=aims)
        found = await self.acts.report(admin(tenant), candidate, until - timedelta(days=days), until)
        return [
            {"what": what, "value": value, "detail": self.voice.say(detail) if detail else ""} for what, value, detail in _reported(found)
        ]

    async def explain(self, tenant: str, decision: str) -> list[Row]:
        """Why, sentence by sentence; then what was expected of each arm, and what was said."""
        found = await self.acts.explain(admin(tenant), decision)
        kept = found.kept
        told = [("reason", "", self.voice.say(reason)) for reason in kept.reasons]
        arms = [("arm", arm, f"{_number(chance)}, {_number(kept.estimates[arm].quality)}") for arm, chance in kept.chances.items()]
        since = [("regime", kept.arm, self.voice.say(found.regime.why))] if found.regime else []
        said = [("feedback", one.by, f"{one.reward} {one.outcome or ''} {one.comment}".strip()) for one in found.feedback]
        outcome = [("reward", kept.arm, str(kept.reward))]
        return [{"what": what, "of": of, "detail": detail} for what, of, detail in (*told, *arms, *since, *said, *outcome)]

    async def experiments(self, tenant: str) -> list[Row]:
        """All, a row each."""
        return [self._row(experiment_view(one, self.voice)) for one in await self.acts.list_experiments(admin(tenant))]

    async def experiment(self, tenant: str, name: str) -> list[Row]:
        """One, a row for each variant."""
        view = experiment_view(await self.acts.show_experiment(admin(tenant), name), self.voice)
        return [_standing(view, one) for one in view["variants"]]

    async def create(self, tenant: str, name: str, about: str, variants: Sequence[str], reason: str) -> list[Row]:
        """The new one."""
        by = admin(tenant)
        body = {"name": name, "about": about, "variants": [_variant(one, len(variants)) for one in variants], "reason": reason}
        new = parsed(ExperimentBody, body).experiment(by, utc_now())
        return [self._row(experiment_view(await self.acts.create_experiment(by, new, reason), self.voice))]

    async def stop(self, tenant: str, name: str, reason: str) -> list[Row]:
        """The one that was stopped."""
        return await self._end(tenant, name, "stopped", reason)

    async def kill(self, tenant: str, name: str, reason: str) -> list[Row]:
        """The one that was killed."""
        return await self._end(tenant, name, "killed", reason)

    async def _end(self, tenant: str, name: str, status: Literal["stopped", "killed"], reason: str) -> list[Row]:
        return [self._row(experiment_view(await self.acts.end_experiment(admin(tenant), name, status, reason), self.voice))]

    def _row(self, view: Row) -> Row:
        names = ("experiment_id", "name", "about", "status", "created", "winner")
        return {**{name: view[name] for name in names}, "detail": view["conclusion"] or ""}


async def evaluated_rows(config: Config, voice: Voice, file: Path, split: tuple[float, int], cost: float) -> list[Row]:
    """How the router does on a graded set: a row for each policy; then what they come to. `split`: the share learnt from, and the seed."""
    evaluate = evaluating(config.section(LearningSettings), Remembered(LocalEmbedder()))
    found = await evaluate(graded_set(file), Aims(cost=cost), share=split[0], seed=split[1])
    named = (("router", found.router), (f"best single: {found.best.name}", found.best), ("oracle", found.oracle), ("random", found.random))
    points = (*named, *((one.name, one) for one in found.singles))
    rows = [{"what": what, "score": _number(one.score), "cost": f"{one.cost:.6f}", "detail": ""} for what, one in points]
    figures = [("recovered", found.recovered), ("apgr", found.apgr)]
    told = [{"what": "result", "score": "", "cost": "", "detail": voice.say(text)} for text in evaluated_in_words(found)]
    return [*rows, *({"what": what, "score": _number(value), "cost": "", "detail": ""} for what, value in figures), *told]


def _reported(found: Reported) -> list[tuple[str, str, Text | None]]:
    rows: list[tuple[str, str, Text | None]] = [("choices", str(found.choices), None), ("graded", str(found.graded), None)]
    rows += [(f"chosen: {arm}", str(count), None) for arm, count in sorted(found.arms.items())]
    if (it := found.compared) is None:
        return [*rows, ("candidate", "—", Text("No answer was graded: nothing can be said of a candidate."))]
    return [*rows, *_compared(it), *(("warning", "", text) for text in it.warnings)]


def _compared(it: OffPolicy) -> list[tuple[str, str, Text | None]]:
    named = (
        ("as it was", it.logged),
        ("candidate (DR)", it.dr),
        ("candidate (IPS)", it.ips),
        ("candidate (SNIPS)", it.snips),
        ("gain", it.gain),
    )
    bounds: list[tuple[str, str, Text | None]] = [
        (name, _number(one.value), Text("{low} to {high}", low=_number(one.low), high=_number(one.high))) for name, one in named
    ]
    return [*bounds, ("effective sample", f"{it.effective:.0f}", None)]


def _number(value: float) -> str:
    return f"{value:.4f}"


def _standing(view: Row, variant: Row) -> Row:
    against = variant["against_control"] or {"pairs": None, "difference": None, "low": None, "high": None}
    plain = {name: variant[name] for name in ("name", "value", "share", "episodes", "mean")}
    return {**plain, **against, "status": view["status"], "detail": view["conclusion"] or ""}


def _variant(written: str, of: int) -> Row:
    """`name=value:share`; without a share, an equal part."""
    name, _, rest = written.partition("=")
    value, colon, share = rest.rpartition(":")
    try:
        return {"name": name, "value": value, "share": float(share)} if colon else {"name": name, "value": rest, "share": 1 / of}
    except ValueError:
        return {"name": name, "value": rest, "share": 1 / of}  # a colon in the name of the model
