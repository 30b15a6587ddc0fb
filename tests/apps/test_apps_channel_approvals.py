"""What waits for somebody's yes or no is shown at a channel to who may give it, and a button is of no use to anybody else."""

import pytest

from hulk.apps.deciding import Decisions, MayDecide
from hulk.kernel import ids
from hulk.kernel.errors import Forbidden, HulkError, NotFound
from hulk.kernel.tenancy import Grant, Principal, everywhere
from hulk.kernel.text import Text
from hulk.modules.tickets.adapters.sql import SqlBoard
from hulk.modules.tickets.domain import Assignee, Ticket
from hulk.modules.tickets.wiring import Service
from hulk.runtime.outbox import Outbox
from hulk.runtime.store import Store
from support.tickets import service_over, ticket

TENANT = "default"


def person(name: str, *grants: Grant) -> Principal:
    return Principal(tenant=TENANT, actor=f"person:{name}@example.com", grants=grants, account=f"usr_{name}")


BIA, BOSS = person("bia", *everywhere("approver")), person("boss", *everywhere("admin"))
CAIO, DORA = person("caio", *everywhere("operator")), person("dora", Grant("approver", "prod"))


def waiting(number: int, **more: object) -> Ticket:
    """A tool's call that waits for a person, asked for by Bia."""
    given = {
        "owner": "person", "kind": "tool.approval", "tenant": TENANT, "assignee": Assignee("person", ""), "asker": BIA.actor,
        "title": Text("Call {tool}, asked for by {who}", tool="shop.order", who="Bia"),
    }  # fmt: skip
    return ticket(number, **{**given, **more})


@pytest.fixture
async def service(store: Store) -> Service:
    """One that Bia asked for, one of somebody's, one that only Dora is to decide on, one of prod, one for a worker, one that is decided."""
    made, others = await service_over(store), "person:eva@example.com"
    all_ = [
        waiting(1), waiting(2, asker=others), waiting(3, asker=others, assignee=Assignee("person", "dora@example.com")),
        waiting(4, asker=others, namespace="prod"), waiting(5, asker=others, kind="report"),
        waiting(6, asker=others, status="completed"),
    ]  # fmt: skip
    await store.commit(SqlBoard(store).create(all_))
    return made


def of(*numbers: int) -> list[str]:
    return [ids.derived("tkt", str(number)) for number in numbers]


@pytest.mark.parametrize(
    ("by", "theirs"),
    [
        pytest.param(BIA, of(4, 2), id="not what they asked for themselves, nor what is for somebody else"),
        pytest.param(BOSS, of(4, 3, 2, 1), id="all of it, for an admin"),
        pytest.param(CAIO, [], id="nothing without the right"),
        pytest.param(DORA, of(4), id="of the namespace where they have it"),
    ],
)
async def test_what_waits_for_somebody_is_what_they_may_decide_on(service: Service, by: Principal, theirs: list[str]) -> None:
    approvals = MayDecide(service)
    assert [one.ticket for one in await approvals.of(by, 10)] == theirs
    assert [one.ticket for one in await approvals.of(by, 1)] == theirs[:1]
    assert [one for one in reversed(of(1, 2, 3, 4, 5, 6)) if await approvals.may(by, one)] == theirs


@pytest.mark.parametrize(
    ("by", "number", "error"),
    [
        pytest.param(CAIO, 2, Forbidden, id="without the right"),
        pytest.param(DORA, 2, NotFound, id="of another namespace"),
        pytest.param(BIA, 1, Forbidden, id="of their own"),
        pytest.param(BIA, 3, Forbidden, id="for somebody else"),
    ],
)
async def test_a_button_is_of_no_use_to_who_may_not_decide(
    store: Store, service: Service, by: Principal, number: int, error: type[HulkError]
) -> None:
    [id_] = of(number)
    with pytest.raises(error):
        await Decisions(service, Outbox(store, b"key"))(by, id_, approve=True, key="k")
    assert (await SqlBoard(store).get(TENANT, id_)).status == "open"
