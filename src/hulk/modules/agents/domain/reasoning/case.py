"""The reasoning of one task as a whole: a graph without cycles, in which each object rests on ones that were noted before it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from graphlib import CycleError, TopologicalSorter
from typing import Literal, TypeAlias

from hulk.kernel.errors import Conflict, Invalid, NotFound
from hulk.kernel.text import Text
from hulk.modules.agents.domain.reasoning.objects import (
    KIND,
    NAMES,
    Decision,
    Draft,
    Drafts,
    Evidence,
    Hypothesis,
    Inference,
    Kind,
    Noted,
    Object,
    found_in,
    id_of,
    is_object,
    refers_to,
    rests_on,
    wrong,
)
from hulk.modules.agents.domain.reasoning.reviewing import Review

MOST_OF_TASK = 2_000
"""Objects of a task."""
MOST_AT_ONCE = 200
LONGEST_KEY = 128
DEEPEST = 64
"""Steps from evidence to a decision."""
SETTLED = 0.95
"""The confidence from which a hypothesis is supported, and 1 less it that from which it is refuted: odds of 19 to 1, which Kass and Raftery
(1995) call strong."""

Status: TypeAlias = Literal["open", "supported", "refuted", "undecided"]
"""open: there is no evidence; undecided: there is, and not enough or of both kinds."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """What evidence makes of a hypothesis: `bans` is the sum of its weights, `confidence` the probability that goes with it if without
    any it is as likely as not."""

    status: Status
    confidence: float
    bans: float


@dataclass(frozen=True, slots=True)
class Case:
    """All that was noted of a task, in the order in which it was, and what people said of it since."""

    tenant: str
    task: str
    objects: Mapping[str, Noted]
    reviews: tuple[Review, ...] = ()

    @classmethod
    def of(cls, tenant: str, task: str, noted: Sequence[Noted], reviews: Sequence[Review] = ()) -> "Case":
        """In the order of their places."""
        ordered = sorted(noted, key=lambda one: one.place)
        return cls(tenant, task, {one.id: one for one in ordered}, tuple(sorted(reviews, key=lambda one: one.place)))

    def all_of(self, kind: Kind) -> list[Noted]:
        """Those of that kind."""
        return [one for one in self.objects.values() if one.kind == kind]

    def object(self, id_: str) -> Noted:
        """Raises `NotFound`."""
        if id_ not in self.objects:
            raise unknown(id_)
        return self.objects[id_]

    def bearing_on(self, hypothesis: str) -> list[tuple[Noted, Evidence, float]]:
        """The evidence that bears on it, with its weight."""
        return [
            (one, one.what, bearing.weight)
            for one in self.objects.values()
            if isinstance(one.what, Evidence)
            for bearing in one.what.bearings
            if bearing.hypothesis == hypothesis
        ]


def unknown(id_: str) -> NotFound:
    """What is said of an object that is not there, or is another's."""
    return NotFound("There is no hypothesis, evidence, inference or decision {id}.", id=id_[:80])


def weighed(case: Case, hypothesis: str) -> Weighed:
    """What the evidence makes of it: nobody says that a hypothesis is true. Of evidence that is taken from the same (of one digest) the
    strongest for and the strongest against count, however often it was noted."""
    strongest: dict[tuple[str, bool], float] = {}
    for _, evidence, weight in case.bearing_on(hypothesis):
        side = (evidence.digest, weight > 0)
        strongest[side] = max(strongest.get(side, 0.0), weight, key=abs)
    bans = sum(sorted(strongest.values()))
    confidence = 1 / (1 + 10.0**-bans)
    return Weighed(_status(confidence) if strongest else "open", confidence, bans)


def _status(confidence: float) -> Status:
    return "supported" if confidence >= SETTLED else "refuted" if 1 - confidence >= SETTLED else "undecided"


def added(case: Case, drafts: Drafts, actor: str, now: datetime) -> list[Noted]:
    """What is new of `drafts`, as it is to be kept: after what it rests on. What is there already is left out.

    Raises `Invalid` naming all that is wrong: what refers to what is not in the task, goes round in a circle, or rests on nothing; and
    `Conflict` when something else is kept under the same key."""
    named = {_id(case, draft): replace(draft, what=_placed(case, draft.what)) for draft in drafts.drafts}
    if problems := [*_bounds(case, drafts, named), *_wrong(case, named)]:
        raise Invalid(problems)
    order = list(_in_order(named))
    _require_shallow(case, named, order)
    made: dict[str, Noted] = {}
    for id_ in order:
        made[id_] = _noted(case, drafts, id_, named[id_], {**made, **case.objects}, actor, now)
    kept = [one for id_, one in made.items() if not _is_kept(case, id_, one)]
    return [replace(one, place=len(case.objects) + place) for place, one in enumerate(kept)]


def _id(case: Case, draft: Draft) -> str:
    return id_of(KIND[type(draft.what)], case.tenant, case.task, draft.key)


def _placed(case: Case, what: Object) -> Object:
    """With ids in the places of keys."""

    def ids_of(kind: Kind, refs: Sequence[str]) -> tuple[str, ...]:
        return tuple(ref if is_object(ref) else id_of(kind, case.tenant, case.task, ref) for ref in refs)

    match what:
        case Evidence():
            hypotheses = ids_of("hypothesis", [one.hypothesis for one in what.bearings])
            bearings = tuple(replace(one, hypothesis=id_) for one, id_ in zip(what.bearings, hypotheses, strict=True))
            return replace(what, bearings=bearings)
        case Inference():
            return replace(what, evidence=ids_of("evidence", what.evidence), inferences=ids_of("inference", what.inferences))
        case Decision():
            return replace(what, inferences=ids_of("inference", what.inferences))
        case Hypothesis():
            return what


def _bounds(case: Case, drafts: Drafts, named: Mapping[str, Draft]) -> Iterator[tuple[str, Text]]:
    if not 0 < len(drafts.drafts) <= MOST_AT_ONCE:
        yield "", Text("1 to {most} at once", most=MOST_AT_ONCE)
    if len(named) < len(drafts.drafts):
        yield "", Text("two of a kind have the same key")
    if len(case.objects.keys() | named.keys()) > MOST_OF_TASK:
        yield "", Text("a task has at most {most} of them", most=MOST_OF_TASK)
    if any(one.namespace != drafts.namespace for one in case.objects.values()):
        yield "namespace", Text("the task is in another")


def _wrong(case: Case, named: Mapping[str, Draft]) -> Iterator[tuple[str, Text]]:
    kinds = {**{id_: one.kind for id_, one in case.objects.items()}, **{id_: KIND[type(one.what)] for id_, one in named.items()}}
    for draft in named.values():
        if not 0 < len(draft.key) <= LONGEST_KEY or not draft.key.isprintable():
            yield "key", Text("1 to {most} printable characters", most=LONGEST_KEY)
        yield from ((f"{draft.key}.{field}".rstrip("."), text) for field, text in wrong(draft.what))
        for field, ref, kind in refers_to(draft.what):
            if kinds.get(ref) != kind:
                yield f"{draft.key}.{field}", Text("there is no {kind} {id} in this task", kind=NAMES[kind], id=ref[:80])
    try:
        list(_in_order(named))
    except CycleError as error:
        round_ = " > ".join(named[id_].key for id_ in reversed(error.args[1]))
        yield "inferences", Text("they go round in a circle: {round}", round=round_[:300])


def _in_order(named: Mapping[str, Draft]) -> Iterator[str]:
    """After what each refers to; raises `CycleError`."""
    graph = {id_: [ref for _, ref, _ in refers_to(draft.what) if ref in named] for id_, draft in named.items()}
    yield from TopologicalSorter(graph).static_order()


def _require_shallow(case: Case, named: Mapping[str, Draft], order: Sequence[str]) -> None:
    depth: dict[str, int] = {}
    for id_, what in (*((one.id, one.what) for one in case.objects.values()), *((id_, named[id_].what) for id_ in order)):
        depth[id_] = 1 + max((depth[ref] for ref in rests_on(what)), default=0)
    if max(depth.values(), default=0) > DEEPEST:
        raise Invalid([("", Text("at most {most} steps lead from evidence to a decision", most=DEEPEST))])


def _noted(case: Case, drafts: Drafts, id_: str, draft: Draft, known: Mapping[str, Noted], actor: str, now: datetime) -> Noted:
    below = (label for ref in rests_on(draft.what) for label in known[ref].labels)
    labels = tuple(sorted({*drafts.labels, *draft.labels, *found_in(draft.what), *below}))
    return Noted(
        id=id_, tenant=case.tenant, namespace=drafts.namespace, task=case.task, place=0, what=draft.what, labels=labels, at=now,
        actor=actor, intent=drafts.intent,
    )  # fmt: skip


def _is_kept(case: Case, id_: str, one: Noted) -> bool:
    if id_ not in case.objects:
        return False
    if case.objects[id_].digest != one.digest:
        raise Conflict("{id} is noted already, and says something else: what is noted stays as it is. Use another key.", id=id_)
    return True
