"""Remembering, recalling, forgetting: what agents and people may do with memories, and what the trail tells of it."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.errors import Forbidden, Invalid, NotFound, Refused
from hulk.kernel.tenancy import Principal
from hulk.modules.agents.adapters.memory_memories import MemoryMemories
from hulk.modules.agents.domain.memory import New, line
from hulk.modules.agents.ports.memories import Which
from hulk.modules.agents.usecases.forgetting import Forget, SweepMemories
from hulk.modules.agents.usecases.memory import Asked, LookAtMemories, Recall, Recalled, Remember, Remembered
from support.memory import Told, at_once
from support.minds import NOON, Clock, WordVectors, a_memory, a_new, a_principal

ANA = a_principal()
CPF = "O cpf da Ana é 529.982.247-25"


@dataclass
class Mind:
    """All acts over one place."""

    memories: MemoryMemories = field(default_factory=MemoryMemories)
    vectors: WordVectors = field(default_factory=WordVectors)
    trail: Told = field(default_factory=Told)
    clock: Clock = field(default_factory=Clock)
    most: int = 10_000

    async def remember(self, new: New, by: Principal = ANA) -> Remembered:
        return await Remember(self.memories, self.vectors, self.trail, at_once, self.clock, self.most)(by, new)

    async def recall(self, query: str, by: Principal = ANA, **asked: Any) -> Recalled:
        recall = Recall(self.memories, self.vectors, at_once, self.clock)
        return await recall(by, Asked(**{"agent": "retail", "query": query, "sensitive": True, **asked}))

    @property
    def look(self) -> LookAtMemories:
        return LookAtMemories(self.memories, self.vectors, self.clock)

    @property
    def forget(self) -> Forget:
        return Forget(self.memories, self.trail, at_once)

    @property
    def sweep(self) -> SweepMemories:
        return SweepMemories(self.memories, self.vectors, self.trail, at_once, self.clock)


@pytest.fixture
def mind() -> Mind:
    return Mind()


# Remembering ---------------------------------------------------------------------------------------------------------------------


async def test_what_is_remembered_is_told_to_the_trail_without_its_text(mind: Mind) -> None:
    kept = await mind.remember(a_new(text="The sprint ends on Friday.", task="tsk_1", intent="int_1"))
    [event] = mind.trail.events
    assert (event.type, event.subject, event.intent) == ("hulk.memory.remembered.v1", kept.memory.id, "int_1")
    assert "sprint" not in str(event.data)
    assert kept.memory.provenance.actor == "person:ana"


async def test_the_same_key_is_remembered_once_and_asks_the_model_once(mind: Mind) -> None:
    first = await mind.remember(a_new(text="The sprint ends on Friday."))
    again = await mind.remember(a_new(text="The sprint ends on Friday."))
    assert (first.new, again.new) == (True, False)
    assert first.memory == again.memory
    assert (len(mind.vectors.asked), len(mind.trail.events)) == (1, 1)


async def test_what_says_the_same_makes_the_one_that_is_there_stronger(mind: Mind) -> None:
    first = await mind.remember(a_new("k1", "The sprint ends on Friday."))
    mind.clock.pass_(days=10)
    again = [await mind.remember(a_new("k2", "the sprint ends on friday.")) for _ in range(2)]
    assert again == [Remembered(first.memory.repeated(mind.clock.now, ()), new=False)] * 2
    assert len(mind.memories.kept) == 1


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"agent": "sales"}, id="to another agent"),
        pytest.param({"namespace": "prod"}, id="in another namespace"),
        pytest.param({"kind": "episode"}, id="as another kind"),
        pytest.param({"trusted": False}, id="by somebody who is believed less"),
        pytest.param({"expires": NOON + timedelta(days=1)}, id="for a time"),
        pytest.param({"about": "person:bob"}, id="of another person"),
        pytest.param({"text": "The sprint ends on Monday."}, id="of another day"),
    ],
)
async def test_what_is_said_in_another_way_is_another_memory(mind: Mind, other: dict[str, Any]) -> None:
    await mind.remember(a_new("k1", "The sprint ends on Friday."))
    assert (await mind.remember(a_new("k2", **{"text": "The sprint ends on Friday.", **other}))).new


async def test_labels_stay_whatever_the_text_says(mind: Mind) -> None:
    inherited = await mind.remember(a_new("k1", "The order is late.", labels=("card",)))
    found = await mind.remember(a_new("k2", CPF))
    assert (inherited.memory.labels, found.memory.labels) == (("card",), ("cpf",))
    again = await mind.remember(a_new("k3", CPF, labels=("card",)))
    assert again.memory.labels == ("card", "cpf")


async def test_what_supersedes_is_recalled_instead(mind: Mind) -> None:
    old = (await mind.remember(a_new("k1", "Reports go out on Monday."))).memory
    new = (await mind.remember(a_new("k2", "Reports go out on Monday.", supersedes=old.id))).memory
    assert [one.id for one in (await mind.recall("reports monday")).memories] == [new.id]
    assert {one.memory.id: one.memory.superseded_by for one in await mind.look(ANA, "retail")} == {old.id: new.id, new.id: None}


async def test_the_weakest_are_forgotten_when_an_agent_has_too_many() -> None:
    mind = Mind(most=10)
    for number in range(11):
        await mind.remember(a_new(f"k{number}", f"Fact number {number}."))
        mind.clock.pass_(days=1)
    assert len(mind.memories.kept) == 9
    assert mind.trail.types[-1] == "hulk.memory.forgotten.v1"
    assert await mind.memories.known("acme", a_new("k0").id_for("acme")) is None


@pytest.mark.parametrize(
    ("wrong", "field_"),
    [
        pytest.param({"text": " "}, "text", id="says nothing"),
        pytest.param({"text": "x" * 2001}, "text", id="too long"),
        pytest.param({"text": "a\0b"}, "text", id="holds a NUL"),
        pytest.param({"agent": ""}, "agent", id="of no agent"),
        pytest.param({"namespace": "Not A Name"}, "namespace", id="in no namespace"),
        pytest.param({"expires": NOON}, "expires", id="expired"),
        pytest.param({"supersedes": "tkt_1"}, "supersedes", id="supersedes no memory"),
        pytest.param({"source": "a\nb"}, "source", id="a source of two lines"),
    ],
)
async def test_what_cannot_be_remembered_is_refused_with_where_it_is_wrong(mind: Mind, wrong: dict[str, Any], field_: str) -> None:
    with pytest.raises(Invalid) as refused:
        await mind.remember(replace(a_new(), **wrong))
    assert [where for where, _ in refused.value.fields] == [field_]
    assert (mind.vectors.asked, mind.memories.kept) == ([], {})


async def test_what_must_not_leave_the_company_is_not_sent_to_a_model_outside() -> None:
    mind = Mind(vectors=WordVectors(outside=True))
    for new in (a_new("k1", CPF), a_new("k2", "The order is late.", labels=("card",))):
        with pytest.raises(Refused, match="outside"):
            await mind.remember(new)
    with pytest.raises(Refused, match="outside"):
        await mind.recall(CPF)
    assert (mind.vectors.asked, mind.memories.kept) == ([], {})


# Recalling -----------------------------------------------------------------------------------------------------------------------


async def test_what_is_recalled_is_remembered_longer_and_what_is_looked_at_is_not(mind: Mind) -> None:
    kept = (await mind.remember(a_new(text="The sprint ends on Friday."))).memory
    mind.clock.pass_(days=20)
    [seen] = await mind.look.search(ANA, Asked(agent="retail", query="sprint friday"))
    assert seen.memory == kept
    await mind.recall("sprint friday")
    assert await mind.memories.get("acme", kept.id) == kept.used(mind.clock.now)


async def test_taint_travels_with_what_is_recalled(mind: Mind) -> None:
    await mind.remember(a_new("k1", CPF))
    await mind.remember(a_new("k2", "A Ana compra aos sábados.", trusted=False))
    recalled = await mind.recall("o cpf da Ana que compra aos sábados")
    assert (recalled.labels, recalled.p0, recalled.trusted) == (("cpf",), True, False)
    public = await mind.recall("o cpf da Ana que compra aos sábados", sensitive=False)
    assert (public.labels, len(public.memories)) == ((), 1)


async def test_a_recall_fits_into_the_prompt(mind: Mind) -> None:
    for number in range(6):
        await mind.remember(a_new(f"k{number}", f"Order number {number} is late {'very ' * number * 10}"))
    whole = (await mind.recall("order late number", characters=10_000)).memories
    assert len(whole) == 6
    room = sum(len(line(one)) + 1 for one in whole) - 1
    some = (await mind.recall("order late number", characters=room)).memories
    assert sum(len(line(one)) + 1 for one in some) <= room
    assert len(some) == 5


async def test_only_what_lies_in_ones_namespaces_is_recalled(mind: Mind) -> None:
    await mind.remember(a_new("k1", "The sprint ends on Friday.", namespace="prod"))
    reader = a_principal("viewer", namespace="lab")
    assert (await mind.recall("sprint friday", reader)).memories == ()
    with pytest.raises(Forbidden):
        await mind.recall("sprint friday", reader, namespace="prod")
    assert len((await mind.recall("sprint friday", a_principal("viewer", namespace="prod"))).memories) == 1


@pytest.mark.parametrize(
    ("by", "wrong"),
    [
        pytest.param(a_principal("viewer"), Forbidden, id="who may only read remembers nothing"),
        pytest.param(a_principal("operator", namespace="prod"), Forbidden, id="nor who works elsewhere"),
    ],
)
async def test_rights_to_remember(mind: Mind, by: Principal, wrong: type[Exception]) -> None:
    with pytest.raises(wrong):
        await mind.remember(a_new(), by)


_TENANTS = st.sampled_from(["acme", "bolt", "crux"])
_TEXTS = st.sampled_from(["the sprint ends", "the order is late", CPF, "ana buys on monday", "the sprint is late"])
_KEPT = st.lists(st.tuples(_TENANTS, _TEXTS, st.sampled_from(["retail", "sales"]), st.booleans()), max_size=12)


@given(kept=_KEPT, tenant=_TENANTS, query=_TEXTS, sensitive=st.booleans())
async def test_a_recall_never_crosses_tenants_or_agents_and_loses_no_taint(
    kept: list[tuple[str, str, str, bool]], tenant: str, query: str, sensitive: bool
) -> None:
    mind = Mind()
    for number, (whose, text, agent, tainted) in enumerate(kept):
        new = a_new(f"k{number}", text, agent=agent, labels=("card",) if tainted else ())
        await mind.remember(new, a_principal(tenant=whose))
    said = [(text, tainted) for whose, text, agent, tainted in kept if (whose, agent) == (tenant, "retail")]
    recalled = await mind.recall(query, a_principal(tenant=tenant), sensitive=sensitive)
    for one in recalled.memories:
        assert one.tenant == tenant
        assert one.agent == "retail"
        tainted = any(tainted for text, tainted in said if text == one.text)
        assert set(one.labels) >= ({"card"} if tainted else set()) | ({"cpf"} if one.text == CPF else set())
    assert {*recalled.labels} == {label for one in recalled.memories for label in one.labels}
    assert sensitive or not recalled.p0


# Looking -------------------------------------------------------------------------------------------------------------------------


async def test_what_must_not_leave_the_company_is_withheld_from_who_may_not_see_it(mind: Mind) -> None:
    await mind.remember(a_new(text=CPF))
    for by, withheld in (
        (a_principal("viewer", actor="person:bob"), True),
        (a_principal("viewer"), False),
        (a_principal("approver"), False),
    ):
        [one] = await mind.look(by, "retail")
        assert one.withheld is withheld
        found = await mind.look.search(by, Asked(agent="retail", query=CPF))
        assert len(found) == (0 if withheld else 1)


# Forgetting ----------------------------------------------------------------------------------------------------------------------


async def test_what_is_forgotten_is_gone_and_the_trail_has_digests_only(mind: Mind) -> None:
    kept = (await mind.remember(a_new(text=CPF, source="https://x.example/ana"))).memory
    assert await mind.forget(ANA, Which(tenant="", source="https://x.example/ana"), "asked for by Ana") == 1
    assert (mind.memories.kept, mind.memories.names) == ({}, {})
    event = mind.trail.events[-1]
    assert (event.type, event.data["reason"], event.data["before"]["memories"]) == (
        "hulk.memory.forgotten.v1", "asked for by Ana", [kept.id],
    )  # fmt: skip
    assert "529" not in str(mind.trail.events)
    assert "x.example" not in str(mind.trail.events)


@pytest.mark.parametrize(
    ("by", "may"),
    [
        pytest.param(a_principal("admin", actor="person:root"), True, id="who manages agents"),
        pytest.param(a_principal("viewer", actor="person:ana"), True, id="who said it"),
        pytest.param(a_principal("viewer", actor="person:bob"), True, id="whom it is about"),
        pytest.param(a_principal("operator", actor="person:eve"), False, id="anybody else"),
    ],
)
async def test_who_may_have_a_memory_forgotten(mind: Mind, by: Principal, may: bool) -> None:
    kept = (await mind.remember(a_new(text="Bob buys on Monday.", about="person:bob"))).memory
    if may:
        await mind.forget.one(by, kept.id)
        assert mind.memories.kept == {}
        return
    with pytest.raises(Forbidden):
        await mind.forget.one(by, kept.id)
    for which in (Which(tenant="", about="person:bob"), Which(tenant="", actor="person:ana"), Which(tenant="", agent="retail")):
        with pytest.raises(Forbidden):
            await mind.forget(by, which)
    assert len(mind.memories.kept) == 1


async def test_everybody_may_have_forgotten_what_they_said_and_what_is_about_them(mind: Mind) -> None:
    bob = a_principal("viewer", actor="person:bob")
    await mind.remember(a_new("k1", "Bob buys on Monday.", about="person:bob"))
    await mind.remember(a_new("k2", "Eve buys on Friday."), a_principal("operator", actor="person:bob"))
    await mind.remember(a_new("k3", "Nothing of his."))
    assert await mind.forget(bob, Which(tenant="", about="person:bob")) == 1
    assert await mind.forget(bob, Which(tenant="", actor="person:bob")) == 1
    assert [one.text for one in mind.memories.kept.values()] == ["Nothing of his."]


async def test_a_memory_that_one_may_not_see_is_not_there(mind: Mind) -> None:
    kept = (await mind.remember(a_new(namespace="prod"))).memory
    for by in (a_principal("admin", tenant="other"), a_principal("admin", namespace="lab")):
        with pytest.raises(NotFound):
            await mind.forget.one(by, kept.id)
    assert await mind.forget(a_principal("admin", namespace="lab"), Which(tenant="", agent="retail")) == 0


async def test_to_forget_nothing_in_particular_is_refused(mind: Mind) -> None:
    with pytest.raises(Invalid, match="at least one"):
        await mind.forget(ANA, Which(tenant="acme"))


async def test_more_than_a_round_is_forgotten(mind: Mind) -> None:
    await at_once(*(mind.memories.keep(a_memory(f"k{number}")) for number in range(1_201)))
    assert await mind.forget(ANA, Which(tenant="", agent="retail")) == 1_201
    assert [len(event.data["before"]["memories"]) for event in mind.trail.events] == [500, 500, 201]


async def test_time_forgets_what_has_expired_and_faded_and_says_so(mind: Mind) -> None:
    await mind.remember(a_new("k1", "Until tomorrow.", expires=NOON + timedelta(days=1)))
    await mind.remember(a_new("k2", "It rained.", kind="episode"))
    mind.clock.pass_(days=31)
    assert await mind.sweep(1) is True
    assert await mind.sweep(9) is False
    assert [(event.data["reason"], event.actor) for event in mind.trail.events[2:]] == [("expired", "hulk"), ("faded", "hulk")]


async def test_another_model_finds_what_was_remembered_with_the_last_one(mind: Mind) -> None:
    await mind.remember(a_new("k1", "The sprint ends on Friday."))
    mind.vectors.model = "newer"
    assert (await mind.recall("sprint friday")).memories == ()
    assert await mind.sweep.embed(1) is True
    assert await mind.sweep.embed(1) is False
    assert len((await mind.recall("sprint friday")).memories) == 1
