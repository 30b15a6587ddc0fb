"""What a task was decided by: hypotheses, evidence with its sources, inferences, decisions. Each is kept once and never changed."""

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias, get_args

from hulk.kernel import ids
from hulk.kernel.events import digest
from hulk.kernel.records import to_json
from hulk.kernel.text import Text, writable
from hulk.modules.router import Label, classified

SourceKind: TypeAlias = Literal["tool_call", "uri", "ticket", "memory"]
Method: TypeAlias = Literal["deduction", "induction", "abduction", "calculation"]
Autonomy: TypeAlias = Literal["suggest", "approve", "act"]
"""suggest: it was only said; approve: a person said yes first; act: it was done and reported."""
Maker: TypeAlias = Literal["agent", "model", "code"]
Kind: TypeAlias = Literal["hypothesis", "evidence", "inference", "decision"]
KINDS: tuple[Kind, ...] = get_args(Kind)
NAMES: Mapping[Kind, Text] = {
    "hypothesis": Text("hypothesis"),
    "evidence": Text("evidence"),
    "inference": Text("inference"),
    "decision": Text("decision"),
}
LONGEST = 2_000
"""Characters of a statement, and of an excerpt."""
MOST_REFERENCES = 100
STRONGEST = 2.0
"""Bans: evidence a hundred times likelier if the hypothesis is true. One piece of it never settles more."""

_PREFIXES = {"hypothesis": "hyp", "evidence": "evi", "inference": "inf", "decision": "dcs"}


@dataclass(frozen=True, slots=True)
class Source:
    """Where evidence is from: the id of a tool's call (`tcl_…`), an address, a ticket (`tkt_…`), a memory (`mem_…`)."""

    kind: SourceKind
    ref: str


@dataclass(frozen=True, slots=True)
class Bearing:
    """What evidence says of a hypothesis: `weight` is Good's weight of evidence in bans, the decimal logarithm of how much likelier the
    evidence is if the hypothesis is true than if it is not (I. J. Good, Probability and the Weighing of Evidence, 1950). Above nought it
    supports, below it contradicts; from -2 to 2. On the scale of Kass and Raftery (doi:10.1080/01621459.1995.10476572) 0.5 is positive, 1.3
    strong."""

    hypothesis: str
    weight: float


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """Something that may be so."""

    statement: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found, where, and what it bears on. `digest` is the SHA-256 of all that the excerpt is from, in hexadecimal."""

    what: str
    source: Source
    excerpt: str
    digest: str
    bearings: tuple[Bearing, ...] = ()


@dataclass(frozen=True, slots=True)
class Inference:
    """What follows from evidence and from other inferences, by which method, and who inferred it: `agent:retail`, `model:…`, `code:…`."""

    statement: str
    method: Method
    maker: Maker
    by: str
    evidence: tuple[str, ...] = ()
    inferences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done, instead of what else, because of which inferences; who approved it, and the calls of tools that carry it out."""

    what: str
    inferences: tuple[str, ...]
    autonomy: Autonomy
    alternatives: tuple[str, ...] = ()
    approver: str = ""
    calls: tuple[str, ...] = ()


Object: TypeAlias = Hypothesis | Evidence | Inference | Decision
KIND: dict[type, Kind] = {Hypothesis: "hypothesis", Evidence: "evidence", Inference: "inference", Decision: "decision"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An object as it is to be noted, under a `key` that is its own in the task. It refers to others by their keys, or by ids of the task.
    `labels` are those of what it was made from, besides what it refers to."""

    key: str
    what: Object
    labels: tuple[Label, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """An object as it is kept. `labels` hold those of all that it rests on. `at` is when, `actor` who had it noted, `place` its number in
    the task."""

    id: str
    tenant: str
    namespace: str
    task: str
    place: int
    what: Object
    labels: tuple[Label, ...]
    at: datetime
    actor: str
    intent: str | None = None

    @property
    def kind(self) -> Kind:
        """What it is."""
        return KIND[type(self.what)]

    @property
    def digest(self) -> str:
        """SHA-256 of what it says."""
        return digest([self.kind, to_json(self.what)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafts:
    """What is noted at once, of one task."""

    task: str
    drafts: tuple[Draft, ...]
    namespace: str
    intent: str | None = None
    labels: tuple[Label, ...] = field(default=())
    """Of all of them: what the task is labelled with."""


def id_of(kind: Kind, tenant: str, task: str, key: str) -> str:
    """The id of the object of that kind and key in a task, always the same."""
    return ids.derived(_PREFIXES[kind], tenant, task, key)


def is_object(text: str) -> bool:
    """Whether it is the id of such an object."""
    return any(ids.is_id(text, prefix) for prefix in _PREFIXES.values())


def sha256(whole: str | bytes) -> str:
    """The digest of what an excerpt is from."""
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass") if isinstance(whole, str) else whole).hexdigest()


def rests_on(what: Object) -> tuple[str, ...]:
    """The ids of what it was concluded from. A hypothesis rests on nothing: evidence bears on it."""
    match what:
        case Inference():
            return (*what.evidence, *what.inferences)
        case Decision():
            return what.inferences
        case _:
            return ()


def refers_to(what: Object) -> Iterator[tuple[str, str, Kind]]:
    """Where it names another, which, and what kind of object that must be."""
    match what:
        case Evidence():
            yield from (("bearings", one.hypothesis, "hypothesis") for one in what.bearings)
        case Inference():
            yield from (("evidence", one, "evidence") for one in what.evidence)
            yield from (("inferences", one, "inference") for one in what.inferences)
        case Decision():
            yield from (("inferences", one, "inference") for one in what.inferences)
        case Hypothesis():
            return


def texts(what: Object) -> tuple[str, ...]:
    """All that somebody would read."""
    match what:
        case Hypothesis():
            return (what.statement,)
        case Evidence():
            return (what.what, what.excerpt, what.source.ref)
        case Inference():
            return (what.statement,)
        case Decision():
            return (what.what, *what.alternatives)


def found_in(what: Object) -> tuple[Label, ...]:
    """The kinds of sensitive things that a scan finds in it."""
    return classified("\n".join(texts(what))).labels


def wrong(what: Object) -> Iterator[tuple[str, Text]]:
    """What is wrong with it by itself, and where."""
    for text in texts(what):
        if len(text) > LONGEST or writable(text) != text:
            yield "", Text("each text has at most {most} characters, without NUL", most=LONGEST)
    if not texts(what)[0].strip():
        yield "", Text("it says nothing")
    if sum(1 for _ in refers_to(what)) > MOST_REFERENCES:
        yield "", Text("the number of entries must be at most {count}", count=MOST_REFERENCES)
    match what:
        case Evidence():
            yield from _wrong_evidence(what)
        case Inference() if not rests_on(what):
            yield "", Text("an inference needs evidence, or another inference that has some")
        case Decision():
            yield from _wrong_decision(what)
        case _:
            return


def _wrong_evidence(what: Evidence) -> Iterator[tuple[str, Text]]:
    if len(what.digest) != 64 or set(what.digest) - set("0123456789abcdef"):
        yield "digest", Text("a SHA-256 in 64 hexadecimal digits is expected")
    if not what.source.ref:
        yield "source", Text("it is missing: say where it was found")
    if any(not math.isfinite(one.weight) or abs(one.weight) > STRONGEST for one in what.bearings):
        yield "bearings", Text("a weight is from -{most} to {most} bans", most=STRONGEST)
    if len({one.hypothesis for one in what.bearings}) < len(what.bearings):
        yield "bearings", Text("it bears on each hypothesis once")


def _wrong_decision(what: Decision) -> Iterator[tuple[str, Text]]:
    if not what.inferences:
        yield "inferences", Text("a decision needs at least one inference")
    if len(what.alternatives) > MOST_REFERENCES or len(what.calls) > MOST_REFERENCES:
        yield "", Text("the number of entries must be at most {count}", count=MOST_REFERENCES)
    if what.autonomy == "approve" and not what.approver:
        yield "approver", Text("what needs approval has somebody who approved it")
    if what.autonomy == "suggest" and what.calls:
        yield "calls", Text("what is only suggested is not carried out")
