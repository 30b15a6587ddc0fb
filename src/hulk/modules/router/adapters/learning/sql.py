"""Choices, and what was said of their answers, in the store.

The tenant's row in `learnt` is locked from the first feedback of a transaction to its end and numbers the changes of rewards, so
every process learns each change once, in one order."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    LargeBinary,
    Row,
    Select,
    String,
    Table,
    Text,
    bindparam,
    select,
    update,
)

from hulk.kernel.durable import Change
from hulk.kernel.errors import NotFound
from hulk.kernel.records import fields_of, from_json, to_json
from hulk.kernel.text import Text as Said
from hulk.modules.router.domain.learning.case import Estimate, Features
from hulk.modules.router.domain.learning.feedback import Feedback, repeats, replaces
from hulk.modules.router.domain.learning.log import Given, Kept, Occasion, Rewarded, rewarded_anew
from hulk.runtime.store import Document, Moment, Store, Transaction, among, metadata

choice_table = Table(
    "choice",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("decision", String(64), primary_key=True),
    Column("namespace", String(64), nullable=False),
    Column("episode", String(128), nullable=False),
    Column("at", Moment, nullable=False),
    Column("embedding", LargeBinary, nullable=False),
    Column("language", String(2), nullable=False),
    Column("characters", Integer, nullable=False),
    Column("p0", Boolean, nullable=False),
    Column("arm", String(128), nullable=False),
    Column("regime", String(16), nullable=False),
    Column("how", String(16), nullable=False),
    Column("chances", Document, nullable=False),
    Column("estimates", Document, nullable=False),
    Column("reasons", Document, nullable=False),
    Column("enrolled", Document, nullable=False),
    Column("cost", Float),
    Column("seconds", Float),
    Column("reward", Float),
    Column("changed", BigInteger),
    Index("ix_choice_tenant_changed", "tenant", "changed"),
    Index("ix_choice_tenant_episode", "tenant", "episode"),
    Index("ix_choice_tenant_at", "tenant", "at"),
)
"""Which model was chosen for a decision, with what chance; `changed` is the number of the last change of its reward."""

feedback_table = Table(
    "feedback",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("about", String(16), nullable=False),
    Column("subject", String(128), nullable=False),
    Column("by", String(256), nullable=False),
    Column("at", Moment, nullable=False),
    Column("thumb", String(8)),
    Column("score", Float),
    Column("outcome", String(16)),
    Column("comment", Text, nullable=False),
    Index("ix_feedback_tenant_subject", "tenant", "subject"),
)
"""What somebody thinks of an answer, or of an episode."""

learnt_table = Table("learnt", metadata, Column("tenant", String(64), primary_key=True), Column("changes", BigInteger, nullable=False))
"""How often a reward has changed in a tenant."""

_PLAIN = ("at", "arm", "regime", "how", "chances", "enrolled", "cost", "seconds", "reward")
_OCCASION = ("decision", "tenant", "episode", "namespace", "p0")
_FEATURES = ("embedding", "language", "characters")

_CHOICE = choice_table.c
_HELD = select(learnt_table).where(learnt_table.c.tenant == bindparam("of")).with_for_update()
_COUNTED = update(learnt_table).where(learnt_table.c.tenant == bindparam("of"))
_ONE = select(choice_table).where(_CHOICE.tenant == bindparam("of"), _CHOICE.decision == bindparam("one"))
_EPISODE = (
    select(choice_table)
    .where(_CHOICE.tenant == bindparam("of"), _CHOICE.episode == bindparam("in_episode"))
    .order_by(_CHOICE.at, _CHOICE.decision)
)
_EVER = (
    select(_CHOICE.decision)
    .where(_CHOICE.tenant == bindparam("of"), _CHOICE.episode == bindparam("in_episode"), _CHOICE.changed.is_not(None))
    .limit(1)
)
"""Whether an answer of the episode ever had a reward."""
_CHANGED = (
    select(choice_table)
    .where(_CHOICE.tenant == bindparam("of"), _CHOICE.changed > bindparam("after"))
    .order_by(_CHOICE.changed.desc())
    .limit(bindparam("most"))
)
_BETWEEN = (
    select(choice_table)
    .where(_CHOICE.tenant == bindparam("of"), _CHOICE.at >= bindparam("since"), _CHOICE.at < bindparam("until"))
    .order_by(_CHOICE.at.desc(), _CHOICE.decision.desc())
    .limit(bindparam("most"))
)
_OPINION = select(feedback_table).where(feedback_table.c.id == bindparam("one"))
_OPINIONS = (
    select(feedback_table)
    .where(feedback_table.c.tenant == bindparam("of"), among(feedback_table.c.subject, "subjects"))
    .order_by(feedback_table.c.by)
)
_UPDATE = update(choice_table).where(_CHOICE.tenant == bindparam("of"), _CHOICE.decision == bindparam("one"))


class SqlChoices:
    """`Choices` over the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def record(self, kept: Kept) -> Change[None]:
        """See `Choices`."""
        row = _row(kept)

        def change(tx: Transaction) -> None:
            tx.insert_at_end(choice_table, row)

        return change

    def measured(self, tenant: str, decision: str, cost: float, seconds: float) -> Change[None]:
        """See `Choices`."""

        def change(tx: Transaction) -> None:
            rows: list[dict[str, Any]] = tx.once("choices:measured", list, lambda all_: tx.each(_UPDATE, all_))
            rows.append({"of": tenant, "one": decision, "cost": cost, "seconds": seconds})

        return change

    async def get(self, tenant: str, decision: str) -> Kept:
        """See `Choices`."""
        found = await self._store.read(lambda connection: _choices(connection, _ONE, of=tenant, one=decision))
        if not found:
            raise NotFound("There is no choice of a model for the decision {id}.", id=decision[:80])
        return found[0]

    async def of_episode(self, tenant: str, episode: str) -> Sequence[Kept]:
        """See `Choices`."""
        return await self._store.read(lambda connection: _choices(connection, _EPISODE, of=tenant, in_episode=episode))

    def give(self, feedback: Feedback) -> Change[Given]:
        """See `Choices`."""

        def change(tx: Transaction) -> Given:
            head = _head(tx, feedback.tenant)
            row = tx.execute(_OPINION, {"one": feedback.id}).one_or_none()
            before = None if row is None else _feedback(row)
            if not replaces(feedback, before):
                return Given(before=before, counts=False)
            tx.put(feedback_table, {"id": feedback.id, **fields_of(Feedback, feedback)})
            if repeats(feedback, before):
                return Given(before=before, counts=False)
            found = _rewarded(tx.connection, feedback)
            for one in found:
                head["changes"] += 1
                at = {"of": feedback.tenant, "one": one.kept.occasion.decision}
                tx.execute(_UPDATE, {**at, "reward": one.kept.reward, "changed": head["changes"]})
            return Given(before=before, counts=True, rewarded=found)

        return change

    async def feedback(self, tenant: str, subject: str) -> Sequence[Feedback]:
        """See `Choices`."""
        return await self._store.read(lambda connection: _opinions(connection, tenant, [subject]))

    async def rewarded(self, tenant: str, after: int, most: int) -> tuple[Sequence[Kept], int]:
        """See `Choices`."""

        def read(connection: Connection) -> tuple[Sequence[Kept], int]:
            rows = connection.execute(_CHANGED, {"of": tenant, "after": after, "most": most}).all()
            return [_kept(row) for row in reversed(rows)], rows[0].changed if rows else after

        return await self._store.read(read)

    async def between(self, tenant: str, since: datetime, until: datetime, most: int) -> Sequence[Kept]:
        """See `Choices`."""
        at = {"of": tenant, "since": since, "until": until, "most": most}
        return (await self._store.read(lambda connection: _choices(connection, _BETWEEN, **at)))[::-1]


def _head(tx: Transaction, tenant: str) -> dict[str, int]:
    """The tenant's number of changes, held from here to the end of the transaction, and written then."""

    def held() -> dict[str, int]:
        tx.insert_new(learnt_table, {"tenant": tenant, "changes": 0})
        return {"changes": tx.execute(_HELD, {"of": tenant}).one().changes}

    return tx.once(f"learnt:{tenant}", held, lambda head: _count(tx, tenant, head))


def _count(tx: Transaction, tenant: str, head: Mapping[str, int]) -> None:
    tx.execute(_COUNTED, {"of": tenant, "changes": head["changes"]})


def _rewarded(connection: Connection, feedback: Feedback) -> Sequence[Rewarded]:
    episode = feedback.subject
    if feedback.about == "decision":
        one = _choices(connection, _ONE, of=feedback.tenant, one=feedback.subject)
        if not one:
            return ()
        episode = one[0].occasion.episode
    answers = _choices(connection, _EPISODE, of=feedback.tenant, in_episode=episode)
    subjects = [episode, *(one.occasion.decision for one in answers)]
    new = connection.execute(_EVER, {"of": feedback.tenant, "in_episode": episode}).first() is None
    return rewarded_anew(feedback, answers, _opinions(connection, feedback.tenant, subjects), new=new)


def _choices(connection: Connection, query: Select[Any], **at: Any) -> list[Kept]:
    return [_kept(row) for row in connection.execute(query, at)]


def _opinions(connection: Connection, tenant: str, subjects: Sequence[str]) -> list[Feedback]:
    return [_feedback(row) for row in connection.execute(_OPINIONS, {"of": tenant, "subjects": subjects})]


def _row(kept: Kept) -> dict[str, Any]:
    occasion = kept.occasion
    return (
        {name: getattr(kept, name) for name in _PLAIN}
        | {name: getattr(occasion, name) for name in _OCCASION}
        | {name: getattr(occasion.features, name) for name in _FEATURES}
        | {"estimates": to_json(dict(kept.estimates)), "reasons": [reason.to_json() for reason in kept.reasons]}
        | {"chances": dict(kept.chances), "enrolled": dict(kept.enrolled)}
    )


def _kept(row: Row[Any]) -> Kept:
    features = Features(**{name: getattr(row, name) for name in _FEATURES})
    return Kept(
        occasion=Occasion(features=features, **{name: getattr(row, name) for name in _OCCASION}),
        estimates={arm: from_json(Estimate, one) for arm, one in row.estimates.items()},
        reasons=tuple(Said.from_json(reason) for reason in row.reasons),
        **{name: getattr(row, name) for name in _PLAIN},
    )


def _feedback(row: Row[Any]) -> Feedback:
    return Feedback(**{name: getattr(row, name) for name in Feedback.__dataclass_fields__})
