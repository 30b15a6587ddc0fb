"""A task's reasoning as people and programs read it: a tree, and Markdown in the reader's language.

What must not leave the company is withheld from who may not see it: the reader learns that it is there, and what kind of thing it is.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from hulk.kernel.records import JsonObject
from hulk.kernel.text import Text, Voice
from hulk.kernel.time import iso
from hulk.modules.agents.domain.reasoning.case import Case, Status, weighed
from hulk.modules.agents.domain.reasoning.objects import Decision, Evidence, Hypothesis, Inference, Method, Noted, SourceKind, rests_on
from hulk.modules.agents.domain.reasoning.reviewing import Standing, Verdict, standings

Sees: TypeAlias = Callable[[Noted], bool]
"""Whether the reader may see what is in it."""
_ACTIVE = re.compile(r"([\\`*_\[\]<>|#~!])")

STANDINGS: Mapping[Standing, Text] = {
    "stands": Text("stands"),
    "contested": Text("contested"),
    "in_doubt": Text("in doubt: it rests on what is contested"),
    "withdrawn": Text("withdrawn"),
    "fallen": Text("fallen: it rests on what was withdrawn"),
}
STATUSES: Mapping[Status, Text] = {
    "open": Text("open"),
    "supported": Text("supported"),
    "refuted": Text("refuted"),
    "undecided": Text("undecided"),
}
METHODS: Mapping[Method, Text] = {
    "deduction": Text("deduction"),
    "induction": Text("induction"),
    "abduction": Text("abduction"),
    "calculation": Text("calculation"),
}
SOURCES: Mapping[SourceKind, Text] = {
    "tool_call": Text("call of a tool"),
    "uri": Text("address"),
    "ticket": Text("ticket"),
    "memory": Text("memory"),
}
VERDICTS: Mapping[Verdict, Text] = {
    "confirmed": Text("confirmed"),
    "contested": Text("contested"),
    "upheld": Text("upheld"),
    "withdrawn": Text("withdrawn"),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """A case as one reader may see it."""

    case: Case
    sees: Sees

    @property
    def standing(self) -> dict[str, Standing]:
        """Of each object."""
        return standing(self.case)


def standing(case: Case) -> dict[str, Standing]:
    """How each object of the case stands."""
    return standings({id_: rests_on(one.what) for id_, one in case.objects.items()}, case.reviews)


def tree(reading: Reading) -> JsonObject:
    """Decisions with what they rest on below them, down to evidence; inferences and evidence that no decision rests on; hypotheses with
    the evidence for and against them. What stands in several places is told in full at the first."""
    grown = _Tree(reading)
    decisions = [grown.node(one) for one in reading.case.all_of("decision")]
    hypotheses = [_hypothesis(reading, one) for one in reading.case.all_of("hypothesis")]
    inferences = [grown.node(one) for one in reversed(reading.case.all_of("inference")) if one.id not in grown.told]
    evidence = [grown.node(one) for one in reading.case.all_of("evidence") if one.id not in grown.told]
    return {
        "task": reading.case.task, "hypotheses": hypotheses, "decisions": decisions, "inferences": inferences[::-1], "evidence": evidence,
        "reviews": [_review(reading, one.object, one) for one in reading.case.reviews],
    }  # fmt: skip


class _Tree:
    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._standing = reading.standing
        self.told: set[str] = set()

    def node(self, noted: Noted) -> JsonObject:
        if noted.id in self.told:
            return {"id": noted.id, "kind": noted.kind, "told_above": True}
        self.told.add(noted.id)
        below = [self.node(self._reading.case.objects[id_]) for id_ in rests_on(noted.what)]
        return {**_node(noted, self._standing[noted.id], sees=self._reading.sees(noted)), "rests_on": below}


def _node(noted: Noted, standing_: Standing, *, sees: bool) -> JsonObject:
    plain = {
        "id": noted.id, "kind": noted.kind, "standing": standing_, "labels": list(noted.labels), "withheld": not sees, "at": iso(noted.at),
        "actor": noted.actor,
    }  # fmt: skip
    return plain | _said(noted, sees=sees)


def _said(noted: Noted, *, sees: bool) -> JsonObject:
    def text(value: str) -> str | None:
        return value if sees else None

    match noted.what:
        case Hypothesis(statement):
            return {"statement": text(statement)}
        case Evidence() as it:
            source = {"kind": it.source.kind, "ref": text(it.source.ref)}
            bearings = [{"hypothesis": one.hypothesis, "weight": one.weight} for one in it.bearings]
            return {"what": text(it.what), "excerpt": text(it.excerpt), "source": source, "digest": it.digest, "bearings": bearings}
        case Inference() as it:
            return {"statement": text(it.statement), "method": it.method, "maker": it.maker, "by": it.by}
        case Decision() as it:
            alternatives = list(it.alternatives) if sees else None
            return {
                "what": text(it.what), "alternatives": alternatives, "autonomy": it.autonomy, "approver": it.approver or None,
                "calls": list(it.calls),
            }  # fmt: skip


def _hypothesis(reading: Reading, noted: Noted) -> JsonObject:
    found = weighed(reading.case, noted.id)
    bearing = [
        (weight, {"id": one.id, "weight": weight, "what": evidence.what if reading.sees(one) else None})
        for one, evidence, weight in reading.case.bearing_on(noted.id)
    ]
    return {
        **_node(noted, "stands", sees=reading.sees(noted)), "status": found.status, "confidence": round(found.confidence, 4),
        "bans": round(found.bans, 4), "for": [one for weight, one in bearing if weight > 0],
        "against": [one for weight, one in bearing if weight <= 0],
    }  # fmt: skip


def _review(reading: Reading, object_: str, review: object) -> JsonObject:
    sees = reading.sees(reading.case.objects[object_])
    its = {name: getattr(review, name) for name in ("id", "object", "verdict", "by", "ticket")}
    return its | {"at": iso(review.at), "reason": review.reason if sees else None}  # type: ignore[attr-defined]


def markdown(reading: Reading, voice: Voice) -> str:
    """The whole case in the reader's language, with sources."""
    return "\n".join(_Page(reading, voice).lines()) + "\n"


class _Page:
    def __init__(self, reading: Reading, voice: Voice) -> None:
        self._reading, self._case, self._voice = reading, reading.case, voice
        self._standing = reading.standing
        self._number = {id_: str(place + 1) for place, id_ in enumerate(reading.case.objects)}

    def lines(self) -> Iterator[str]:
        yield f"# {self._say(Text('Reasoning of task {task}', task=self._case.task))}"
        for heading, kind, told in (
            (Text("Decisions"), "decision", self._decision),
            (Text("Hypotheses"), "hypothesis", self._hypothesis),
            (Text("Inferences"), "inference", self._inference),
            (Text("Evidence"), "evidence", self._evidence),
        ):
            some: Sequence[Noted] = self._case.all_of(kind)  # type: ignore[arg-type]  # a kind's name
            if some:
                yield from ("", f"## {self._say(heading)}", "")
                for one in some:
                    yield from told(one)
        yield from self._reviews()

    def _decision(self, noted: Noted) -> Iterator[str]:
        what = noted.what
        assert isinstance(what, Decision)  # noqa: S101  # of that kind
        yield self._head(noted, what.what)
        yield f"  - {self._say(Text('because of {numbers}', numbers=self._numbers(what.inferences)))}"
        if what.alternatives and self._reading.sees(noted):
            yield f"  - {self._say(Text('instead of: {others}', others='; '.join(map(_plain, what.alternatives))))}"
        if what.approver:
            yield f"  - {self._say(Text('approved by {actor}', actor=_plain(what.approver)))}"
        if what.calls:
            yield f"  - {self._say(Text('carried out by the calls {calls}', calls=', '.join(map(_plain, what.calls))))}"

    def _hypothesis(self, noted: Noted) -> Iterator[str]:
        assert isinstance(noted.what, Hypothesis)  # noqa: S101  # of that kind
        found = weighed(self._case, noted.id)
        status = Text("{status}, confidence {share} %", status=STATUSES[found.status], share=self._voice.number(found.confidence * 100, 1))
        yield f"{self._head(noted, noted.what.statement, standing_=False)} — {self._say(status)}"
        for one, evidence, weight in self._case.bearing_on(noted.id):
            side = Text("for") if weight > 0 else Text("against")
            number, what = self._number[one.id], self._seen(one, evidence.what)
            yield f"  - {self._say(side)} ({self._voice.number(weight, 2)}): [{number}] {what}"

    def _inference(self, noted: Noted) -> Iterator[str]:
        what = noted.what
        assert isinstance(what, Inference)  # noqa: S101  # of that kind
        yield self._head(noted, what.statement)
        how = Text(
            "{method} by {who}, from {numbers}", method=METHODS[what.method], who=_plain(what.by), numbers=self._numbers(rests_on(what))
        )
        yield f"  - {self._say(how)}"

    def _evidence(self, noted: Noted) -> Iterator[str]:
        what = noted.what
        assert isinstance(what, Evidence)  # noqa: S101  # of that kind
        yield self._head(noted, what.what, standing_=False)
        source = f"{self._say(SOURCES[what.source.kind])} {self._seen(noted, what.source.ref)}"
        yield f"  - {self._say(Text('source'))}: {source} (SHA-256 {what.digest[:12]}…)"
        if what.excerpt and self._reading.sees(noted):
            yield f"  - “{_plain(what.excerpt)}”"

    def _reviews(self) -> Iterator[str]:
        if self._case.reviews:
            yield from ("", f"## {self._say(Text('What people said'))}", "")
        for one in self._case.reviews:
            reason = _plain(one.reason) if self._reading.sees(self._case.objects[one.object]) else ""
            yield f"- [{self._number[one.object]}] {self._say(VERDICTS[one.verdict])}, {_plain(one.by)}" + (f": {reason}" if reason else "")

    def _head(self, noted: Noted, text: str, *, standing_: bool = True) -> str:
        stands = self._standing[noted.id]
        after = f" — **{self._say(STANDINGS[stands])}**" if standing_ and stands != "stands" else ""
        return f"- [{self._number[noted.id]}] {self._seen(noted, text)}{after}"

    def _seen(self, noted: Noted, text: str) -> str:
        if self._reading.sees(noted):
            return _plain(text)
        return self._say(Text("(withheld: {labels})", labels=", ".join(noted.labels)))

    def _numbers(self, ids: Sequence[str]) -> str:
        return ", ".join(f"[{self._number[id_]}]" for id_ in ids)

    def _say(self, text: Text) -> str:
        return self._voice.say(text)


def _plain(text: str) -> str:
    """As one line in which nothing is a mark, a link or a picture."""
    return _ACTIVE.sub(r"\\\1", " ".join(text.split()))
