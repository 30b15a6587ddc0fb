"""SuiteCRM's tools against a twin written from the source of its V8 API."""

from collections.abc import Iterator
from typing import Any

import pytest

from hulk.kernel.errors import Forbidden, NotFound, Refused
from hulk.modules.tools.adapters.backends.suitecrm import SuiteCrm
from hulk.modules.tools.ports import Uncertain
from support.backends import ABOUT, ask, data, without_waiting
from support.twins.systems import System, system


@pytest.fixture(scope="module")
def running() -> Iterator[System]:
    with system("suitecrm", "/Api") as twin:
        yield twin


@pytest.fixture
def twin(running: System) -> System:
    running.reset()
    return running


def crm(twin: System, **more: Any) -> SuiteCrm:
    given: dict[str, Any] = {"client_id": "hulk", "client_secret": lambda: "right", "modules": ("Accounts", "Contacts"), **more}
    return SuiteCrm("crm", ABOUT, url=twin.url, **given)


async def test_records_are_listed_page_by_page(twin: System) -> None:
    output = await ask(crm(twin), "list_records", module="Accounts", fields=["name"], most=2, page=2)
    assert output.data is not None
    assert [one["attributes"] for one in output.data["records"]] == [{"name": "Shop 3"}, {"name": "Shop 4"}]
    assert output.cut == "This is page 2 of 3."


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        pytest.param({"filters": [{"field": "name", "is": "gt", "value": "Shop 4"}]}, ["Shop 5"], id="one condition"),
        pytest.param(
            {"filters": [{"field": "name", "value": "Shop 1"}, {"field": "industry", "value": "Retail"}]}, ["Shop 1"], id="all conditions"
        ),
        pytest.param(
            {"filters": [{"field": "name", "value": "Shop 1"}, {"field": "industry", "value": "None"}], "any": True}, ["Shop 1"], id="any"
        ),
        pytest.param({"filters": [{"field": "name", "value": "Nobody"}]}, [], id="none"),
    ],
)
async def test_conditions_choose_records(twin: System, arguments: dict[str, Any], names: list[str]) -> None:
    found = await data(crm(twin), "list_records", module="Accounts", **arguments)
    assert [one["attributes"]["name"] for one in found["records"]] == names


async def test_a_text_is_searched_in_several_fields(twin: System) -> None:
    found = await data(crm(twin), "search", module="Contacts", text="s@example.com", fields=["last_name", "email1"])
    assert [one["id"] for one in found["records"]] == ["c1"]


async def test_the_same_call_makes_one_record_and_another_call_another(twin: System) -> None:
    wanted = {"module": "Accounts", "attributes": {"name": "Shop 9"}}
    first = await data(crm(twin), "create_record", key="one", **wanted)
    again = await data(crm(twin), "create_record", key="one", **wanted)
    other = await data(crm(twin), "create_record", key="two", **wanted)
    assert (first["already_there"], again["already_there"], other["already_there"]) == (False, True, False)
    assert first["id"] == again["id"] != other["id"]
    assert len((await data(crm(twin), "list_records", module="Accounts"))["records"]) == 7


@pytest.mark.parametrize("fault", ["lost", "502 after all", "cut", "hung up"])
async def test_a_record_whose_answer_is_lost_is_found_again_and_not_made_twice(twin: System, fault: str) -> None:
    twin.upset(fault, skip="/access_token")
    with without_waiting(attempts=2):
        made = await data(crm(twin), "create_record", module="Accounts", attributes={"name": "Shop 9"})
    assert made["already_there"] == (fault in ("lost", "502 after all"))
    assert len((await data(crm(twin), "list_records", module="Accounts"))["records"]) == 6


async def test_a_record_that_stays_unknown_is_uncertain(twin: System) -> None:
    twin.upset("lost", times=9, skip="/access_token")
    with pytest.raises(Uncertain), without_waiting(attempts=2):
        await ask(crm(twin), "create_record", module="Accounts", attributes={"name": "x"})


async def test_records_are_changed_and_related(twin: System) -> None:
    changed = await data(crm(twin), "update_record", module="Accounts", id="a1", attributes={"industry": "Food"})
    assert changed["attributes"] == {"name": "Shop 1", "industry": "Food"}
    related = await data(crm(twin), "relate", module="Accounts", id="a1", to_module="Contacts", to_id="c1")
    assert related["message"] == "Contact with id c1 has been added to Account with id a1"


@pytest.mark.parametrize(
    ("act", "arguments", "error", "told"),
    [
        pytest.param("get_record", {"module": "Accounts", "id": "zz"}, NotFound, "is not found", id="no such record"),
        pytest.param("get_record", {"module": "Users", "id": "1"}, NotFound, "There is no module “Users”", id="a module off the list"),
        pytest.param(
            "relate", {"module": "Accounts", "id": "a1", "to_module": "Users", "to_id": "1"}, NotFound, "Users", id="related to one"
        ),
        pytest.param(
            "list_records", {"module": "Accounts", "filters": [{"field": "x", "value": "1"}]}, Refused, "Filter field x", id="a field"
        ),
        pytest.param("create_record", {"module": "Accounts", "attributes": {}}, Refused, "attributes", id="nothing"),
    ],
)
async def test_what_cannot_be_done_says_why(twin: System, act: str, arguments: Any, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        await ask(crm(twin), act, **arguments)


async def test_what_the_role_forbids_is_forbidden_though_suitecrm_says_400(twin: System) -> None:
    with pytest.raises(Forbidden, match="roles"):
        await ask(crm(twin, modules=("Users",)), "list_records", module="Users")


@pytest.mark.parametrize(
    ("more", "grant"),
    [({}, "client_credentials"), ({"user": "maria", "password": lambda: "right"}, "password")],
    ids=["client", "password"],
)
async def test_a_token_is_got_by_either_grant_and_renewed_once(twin: System, more: dict[str, Any], grant: str) -> None:
    backend = crm(twin, **more)
    for _ in range(3):
        await ask(backend, "list_records", module="Accounts")
    twin.be(forget=True)
    await ask(backend, "list_records", module="Accounts")
    given = [one["body"] for one in twin.seen() if one["path"] == "/Api/access_token"]
    assert len(given) == 2
    assert all(f"grant_type={grant}" in one for one in given)


async def test_a_new_secret_is_used_at_once_and_none_is_ever_told(twin: System) -> None:
    secrets = ["old-secret", "newer"]
    twin.be(secret="newer")  # a twin's
    backend = crm(twin, client_secret=lambda: secrets[0])
    with pytest.raises(Refused, match="Client authentication failed") as told:
        await ask(backend, "list_records", module="Accounts")
    assert "old-secret" not in str(told.value)
    del secrets[0]
    assert (await data(backend, "list_records", module="Accounts"))["records"]
