"""Noting how a task was reasoned about, showing it, and what people say of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hulk.kernel import ids
from hulk.kernel.durable import Change, Commit, followed
from hulk.kernel.errors import NotFound, Refused
from hulk.kernel.events import Event, Trail, changed, reasoned
from hulk.kernel.tenancy import Principal
from hulk.kernel.text import writable
from hulk.kernel.time import Clock
from hulk.modules.agents.domain.reasoning import (
    Case,
    Drafts,
    Noted,
    Opinion,
    Reading,
    Resolution,
    Review,
    Verdict,
    added,
    is_object,
    require_reviewable,
    standing,
    unknown,
)
from hulk.modules.agents.ports.reasoning import Cases, Dispute, Disputes
from hulk.modules.agents.usecases.rights import readable, require, sees_p0

NOTED = "hulk.reasoning.noted.v1"
CONTESTED = "hulk.reasoning.contested.v1"
CONFIRMED = "hulk.reasoning.confirmed.v1"
RESOLVED = "hulk.reasoning.resolved.v1"


@dataclass(frozen=True, slots=True)
class Note:
    """Keeps what a task was reasoned by."""

    cases: Cases
    trail: Trail
    clock: Clock

    def __call__(self, tenant: str, actor: str, drafts: Drafts) -> Change[Sequence[Noted]]:
        """One change, to be committed with the step that reasoned so; gives what was new. Noted again under the same keys, nothing is.

        Committing raises `Invalid` naming all that is wrong with `drafts`, and `Conflict` where something else stands under a key. Raises
        `Refused` for what is no id of a task. Who may is decided by who calls this."""
        ids.parse(drafts.task, "tsk")
        now = self.clock()
        noting = self.cases.note(tenant, drafts.task, lambda case: added(case, drafts, actor, now))
        return followed(noting, lambda new: [self.trail.append(_noted(tenant, actor, drafts, new))] if new else [])


def _noted(tenant: str, actor: str, drafts: Drafts, new: Sequence[Noted]) -> Event:
    told = [{"id": one.id, "kind": one.kind, "digest": one.digest, "labels": list(one.labels)} for one in new]
    data = changed("", None, {"task": drafts.task, "namespace": drafts.namespace, "objects": told})
    return Event(type=NOTED, subject=drafts.task, tenant=tenant, actor=actor, intent=drafts.intent, data=data)


@dataclass(frozen=True, slots=True)
class Show:
    """Shows a case as somebody may see it."""

    cases: Cases

    async def __call__(self, by: Principal, task: str) -> Reading:
        """Raises `Forbidden`, `Refused` for what is no task's id, and `NotFound` for a task of which nothing was noted, or that `by` may
        not read."""
        case = await self.cases.get(by.tenant, ids.parse(task, "tsk"))
        require_readable(by, case, task)
        return reading(by, case)


def require_readable(by: Principal, case: Case, name: str) -> None:
    """Raises `Forbidden`, and `NotFound` for a case that `by` may not read."""
    namespaces = readable(by)
    if not case.objects or (namespaces is not None and _namespace(case) not in namespaces):
        raise unknown(name)


def reading(by: Principal, case: Case) -> Reading:
    """The case as `by` may see it."""
    return Reading(case, lambda noted: not noted.labels or sees_p0(by, noted.namespace, noted.actor))


def _namespace(case: Case) -> str:
    return next(iter(case.objects.values())).namespace


@dataclass(frozen=True, slots=True)
class ReviewReasoning:
    """Keeps what a person thinks of an inference or a decision, and what becomes of what is contested."""

    cases: Cases
    disputes: Disputes
    trail: Trail
    commit: Commit
    clock: Clock

    async def __call__(self, by: Principal, object_: str, opinion: Opinion, reason: str = "") -> Review:
        """Contested, what rests on it is in doubt, and a person is asked by a ticket. Raises `Forbidden`, `NotFound`, `Conflict`,
        `Refused`."""
        noted = await self._reviewable(by, object_)
        require(by, "write", noted.namespace)
        id_ = ids.new("rev")
        dispute = Dispute(
            tenant=by.tenant, namespace=noted.namespace, task=noted.task, intent=noted.intent, object=noted.id, kind=noted.kind, review=id_,
            by=by.actor,
        )  # fmt: skip
        ticket, opening = self.disputes.open(dispute)
        contested = opinion == "contested"
        reviewing = self._said(by, noted, opinion, reason, id_, ticket if contested else None)
        [review] = await self.commit(followed(reviewing, lambda _: [opening] if contested else []))
        kept: Review = review
        return kept

    async def resolve(self, by: Principal, object_: str, resolution: Resolution, reason: str = "") -> Review:
        """Upheld, what rests on it is in doubt no more; withdrawn, it has fallen. Raises `Forbidden`, `NotFound`, and `Conflict`
        when it is not contested."""
        noted = await self._reviewable(by, object_)
        require(by, "approve", noted.namespace)
        [review] = await self.commit(self._said(by, noted, resolution, reason, ids.new("rev"), None))
        kept: Review = review
        if kept.ticket is not None:
            await self.disputes.settled(by, kept.ticket, resolution)
        return kept

    async def _reviewable(self, by: Principal, object_: str) -> Noted:
        if not is_object(object_):
            raise Refused("“{value}” is no id of an inference (inf_…) or a decision (dcs_…).", value=object_[:80])
        case = await self._case(by.tenant, object_)
        require_readable(by, case, object_)
        noted = case.object(object_)
        if noted.kind not in ("inference", "decision"):
            raise Refused("{id} is no inference or decision: only these are confirmed or contested.", id=object_)
        return noted

    async def _case(self, tenant: str, object_: str) -> Case:
        """The case that it is in. Of what there is not as much is looked for, so that how long that takes tells nothing."""
        try:
            task = await self.cases.task_of(tenant, object_)
        except NotFound:
            await self.cases.get(tenant, "")
            raise
        return await self.cases.get(tenant, task)

    def _said(self, by: Principal, noted: Noted, verdict: Verdict, reason: str, id_: str, ticket: str | None) -> Change[Review]:
        why, before = reasoned(writable(reason)), dict[str, Case]()

        def judge(case: Case) -> Review:
            before["case"] = case
            dispute = require_reviewable(case.reviews, noted.id, verdict, why)
            return Review(
                id=id_, tenant=by.tenant, task=noted.task, object=noted.id, place=len(case.reviews), verdict=verdict, by=by.actor,
                at=self.clock(), reason=why, ticket=dispute.ticket if dispute else ticket,
            )  # fmt: skip

        def told(review: Review) -> Sequence[Change[Any]]:
            return [self.trail.append(_reviewed(noted, review, before["case"]))]

        return followed(self.cases.review(by.tenant, noted.task, judge), told)


def _reviewed(noted: Noted, review: Review, case: Case) -> Event:
    after = Case(case.tenant, case.task, case.objects, (*case.reviews, review))
    stood, stands = standing(case), standing(after)
    moved = {id_: stands[id_] for id_ in stands if stands[id_] != stood[id_]}
    kind = {"contested": CONTESTED, "confirmed": CONFIRMED}.get(review.verdict, RESOLVED)
    about = {"review": review.id, "task": noted.task, "kind": noted.kind, "verdict": review.verdict, "ticket": review.ticket}
    data = {
        **changed(review.reason, {id_: stood[id_] for id_ in moved}, dict(moved)), **about, "namespace": noted.namespace,
    }  # fmt: skip
    return Event(type=kind, subject=noted.id, tenant=noted.tenant, actor=review.by, intent=noted.intent, data=data)
