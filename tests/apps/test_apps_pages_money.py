"""The pages on money, on who answers and on models, as they are served."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from hulk.kernel import ids
from hulk.kernel.time import utc_now
from hulk.modules.finops import Budget, Usage
from hulk.modules.finops.adapters.memory import PriceTable
from hulk.modules.finops.adapters.sql import SqlLedger
from hulk.modules.finops.usecases import acts
from hulk.modules.router.adapters.sql import SqlDecisions
from support.callers import World, a_world
from support.money import TARIFF, planned
from support.subjects import decision

MARKUP = "<img src=x onerror=alert(1)>"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A running Hulk."""
    async with a_world(tmp_path) as made:
        yield made


async def look(world: World, who: str, path: str, language: str = "en") -> tuple[int, str]:
    status, body = await world.call(who, "GET", path, headers={"accept-language": language})
    return status, body.decode() if isinstance(body, bytes) else str(body)


async def spend(world: World, tokens: int, **named: Any) -> None:
    """A call of acme's, which took so many tokens of USD 0.00001 each."""
    store = world.desk.store
    finops = acts(SqlLedger(store), PriceTable({("acme", "big"): TARIFF}), Budget(), store.commit, utc_now)
    charge = await finops.reserve(planned(f"key-{named}", **{"tenant": "acme", **named}))
    await store.commit(finops.settle(charge, Usage(output_tokens=tokens)))


@pytest.mark.parametrize(("language", "shown"), [("pt-BR", "US$ 1.234,50"), ("en", "US$1,234.50")])
async def test_money_is_written_as_the_reader_writes_it(world: World, language: str, shown: str) -> None:
    await spend(world, 123_450_000, agent="ana")
    _, body = await look(world, "viewer", "/console/costs?by=agent", language)
    assert body.count(shown) >= 3  # the sum, the day, the agent
    assert 'data-value="1234.5' in body


async def test_names_full_of_markup_are_shown_as_text(world: World) -> None:
    for name in ("agent", "channel", "person"):
        await spend(world, 100, **{name: MARKUP})
    assert (await world.call("admin", "PUT", "/v1/budgets/odd", json={"agent": MARKUP, "daily": "1"}))[0] == 200
    policy = {"name": MARKUP, "when": {"channels": ["shop"]}}
    assert (await world.call("admin", "PUT", "/v1/router/policies", json={"policies": [policy], "reason": MARKUP}))[0] == 200
    for page in (
        "/console/costs?by=agent",
        "/console/costs?by=channel",
        "/console/costs?by=person",
        f"/console/costs?agent={MARKUP}",
        "/console/costs/budget?name=odd",
        "/console/router/policies",
        "/console/router/policies/versions",
        "/console/router/policies/versions/1",
        f"/console/router/policies/change?name={quote(MARKUP)}",
    ):
        status, body = await look(world, "admin", page)
        assert (status, "<img" in body) == (200, False)
        assert "&lt;img src=x" in body


async def test_money_is_narrowed_by_its_tables_and_months(world: World) -> None:
    await spend(world, 100, agent="ana", person="p1")
    await spend(world, 300, agent="bot", person="p2")
    _, body = await look(world, "viewer", "/console/costs?by=person&agent=bot")
    assert ("p2" in body, "p1" in body) == (True, False)
    _, body = await look(world, "viewer", "/console/costs?month=2020-02")
    assert "Nothing was spent in these days." in body
    for wrong in ("month=2020-99", "since=x", "by=colour", "tenant=*"):
        status, body = await look(world, "viewer", f"/console/costs?{wrong}")
        assert status in (403, 422)
        assert body.lstrip().startswith("<!doctype html>")


async def test_reports_are_files_that_no_browser_shows_as_a_page(world: World) -> None:
    await spend(world, 100, agent="=HYPERLINK(1)")
    month = f"{utc_now():%Y-%m}"
    for form, ending in (("csv", "csv"), ("png", "png"), ("markdown", "md")):
        address = f"/v1/costs/reports/{month}?format={form}"
        assert f'href="{address}"' in (await look(world, "viewer", "/console/costs"))[1].replace("&amp;", "&")
        async with world.session.get(world.url + address, headers={"x-api-key": world.keys["viewer"]}) as answer:
            assert answer.headers["content-disposition"] == f'attachment; filename="costs-{month}.{ending}"'
            assert answer.headers["x-content-type-options"] == "nosniff"
            if form == "csv":
                assert "'=HYPERLINK(1)" in await answer.text()


async def post(world: World, who: str, path: str, **fields: str) -> tuple[int, str, str]:
    """What a form of ours comes to: status, where it leads, the page."""
    own = {"origin": world.url, "x-api-key": world.keys[who], "accept-language": "en"}
    async with world.session.post(world.url + path, data=fields, headers=own, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("location", ""), await answer.text()


async def test_a_budget_is_made_changed_and_removed(world: World) -> None:
    fields = {"name": "few", "agent": "ana", "daily": "1,234.50", "reason": "too dear"}
    assert (await post(world, "admin", "/console/costs/budget", **fields))[:2] == (303, "/console/costs?said=saved")
    _, body = await look(world, "viewer", "/console/costs", "pt-BR")
    assert "US$ 1.234,50" in body
    assert 'value="1234,50"' in (await look(world, "admin", "/console/costs/budget?name=few", "pt-BR"))[1]
    assert (await post(world, "viewer", "/console/costs/budget", **fields))[0] == 403
    status, _, body = await post(world, "admin", "/console/costs/budget", **{**fields, "name": "../few"})
    assert (status, "small letters" in body) == (422, True)
    assert (await post(world, "admin", "/console/costs/budgets/few/remove", reason="enough"))[1] == "/console/costs?said=removed"
    assert (await look(world, "admin", "/console/costs/budget?name=few"))[0] == 404


async def test_a_budget_is_changed_and_removed_where_it_was_made_and_stays_about_whom_it_is(world: World) -> None:
    assert (await world.call("admin", "PUT", "/v1/budgets/few", json={"daily": "10"}))[0] == 200
    assert (await world.call("platform", "PUT", "/v1/budgets/most", json={"tenant": "acme", "daily": "99"}))[0] == 200
    for who, made, others in (("admin", "few", "most"), ("platform", "most", "few")):
        _, body = await look(world, who, "/console/costs?tenant=acme")
        assert others in body
        assert re.findall(r"costs/budgets/(\w+)/remove", body) == re.findall(r"budget\?name=(\w+)", body) == [made]
    _, body = await look(world, "platform", "/console/costs/budget?name=most")
    held = dict(re.findall(r'name="(\w+)"[^>]* value="([^"]*)"', body))
    assert held["tenant"] == "acme"
    assert (await post(world, "platform", "/console/costs/budget", **{**held, "daily": "50"}))[0] == 303
    budgets = (await world.call("platform", "GET", "/v1/budgets?tenant=acme"))[1]["budgets"]
    assert [(one["tenant"], one["daily"]) for one in budgets if one["name"] == "most"] == [("acme", "50")]
    assert 'name="tenant"' not in (await look(world, "admin", "/console/costs/budget?name=few"))[1]


async def test_limits_are_filled_in_and_shown_as_the_reader_writes_them(world: World) -> None:
    own = {"origin": world.url, "accept-language": "pt-BR"}
    quota, rule = {"monthly_spend": "1.000,75"}, {"name": "pay", "tools": "crm.*", "autonomy": "act", "up_to": "1.500"}
    assert (await world.call("platform", "POST", "/console/tenants/acme/quotas", headers=own, data=quota))[0] == 303
    assert (await world.call("admin", "POST", "/console/tool-rules/new", headers=own, data=rule))[0] == 303
    assert (await world.call("admin", "GET", "/v1/quotas"))[1]["quotas"]["monthly_spend"]["limit"] == "1000.75"
    [held] = [one for one in (await world.call("admin", "GET", "/v1/tool-rules"))[1]["rules"] if one["name"] == "pay"]
    assert held["up_to"] == "1500"
    _, body = await look(world, "platform", "/console/tenants/acme", "pt-BR")
    assert 'value="1000,75"' in body
    assert ">1.000,75<" in body
    assert "até 1.500<" in (await look(world, "admin", "/console/tool-rules", "pt-BR"))[1]


async def kept(world: World, draft: dict[str, str]) -> tuple[int, str]:
    """What keeping a policy comes to, once its outcome was seen."""
    _, _, body = await post(world, "admin", "/console/router/policies/change", **draft)
    mark = re.search(r'name="tried" value="(\w+)"', body)
    assert mark is not None, body
    return (await post(world, "admin", "/console/router/policies/change", sure="yes", tried=mark[1], **draft))[:2]


async def test_a_policy_is_tried_before_it_holds_and_an_old_version_put_back(world: World) -> None:
    draft = {"name": "thrifty", "was": "", "version": "0", "max_cost": "0.05", "spent": "82.5", "reason": "too dear"}
    status, _, body = await post(world, "admin", "/console/router/policies/change", sure="no", **draft)
    assert (status, "“thrifty” is new" in body, "Have it hold" in body) == (200, True, True)
    assert "No policy holds" in (await look(world, "viewer", "/console/router/policies"))[1]
    assert "Have it hold" in (await post(world, "admin", "/console/router/policies/change", sure="yes", **draft))[2]  # never untried
    assert await kept(world, draft) == (303, "/console/router/policies?said=saved")
    _, body = await look(world, "viewer", "/console/router/policies?try=1&spent=90")
    assert "Only once 82.5 % of the month&#39;s budget is used." in body
    assert "Só depois de usados 82,5 % do orçamento" in (await look(world, "viewer", "/console/router/policies", "pt-BR"))[1]
    assert "A call may cost at most 0.05: the policy “thrifty” says so." in body
    later = {**draft, "was": "thrifty", "max_cost": "0.01"}
    assert (await post(world, "admin", "/console/router/policies/change", **later))[0] == 409  # about version 0, and another has come
    assert (await kept(world, {**later, "version": "1"}))[0] == 303
    _, body = await look(world, "viewer", "/console/router/policies/versions/2")
    assert "“thrifty”: max_cost was 0.05, is 0.01" in body
    assert (await post(world, "viewer", "/console/router/policies/versions/1/restore", version="2"))[0] == 403
    assert (await post(world, "admin", "/console/router/policies/versions/1/restore", version="1"))[0] == 409
    assert (await post(world, "admin", "/console/router/policies/versions/1/restore", version="2"))[0] == 303
    _, body = await look(world, "viewer", "/console/router/policies/versions")
    assert "as in version 1" in body
    assert (await post(world, "admin", "/console/router/policies/remove", name="thrifty", version="3"))[0] == 303
    assert "No policy holds" in (await look(world, "viewer", "/console/router/policies"))[1]


async def test_an_experiment_is_begun_looked_at_and_ended(world: World) -> None:
    fields = {"name": "briefer", "about": "prompts", "reason": "to know"}
    for room, name in ((1, "now"), (2, "new")):
        fields |= {f"name-{room}": name, f"value-{room}": name, f"share-{room}": "50"}
    status, place, body = await post(world, "admin", "/console/router/experiments", **fields)
    assert (status, place.endswith("?said=begun")) == (303, True), body
    _, body = await look(world, "viewer", place)
    assert 'class="interval"' in body
    assert "Stop the experiment" not in body  # it is not for viewers
    place = place.partition("?")[0]
    assert (await post(world, "viewer", f"{place}/stop"))[0] == 403
    assert (await post(world, "admin", f"{place}/kill", reason="harm"))[:2] == (303, f"{place}?said=killed")
    _, body = await look(world, "admin", "/console/router/experiments")
    assert "Ended at once" in body
    status, _, body = await post(world, "admin", "/console/router/experiments", **{**fields, "name": "x", "share-1": "10"})
    assert (status, "shares of at least" in body) == (422, True)


async def test_an_experiment_may_have_eight_variants_each_with_its_interval(tmp_path: Path) -> None:
    names = ["now", *(f"new{number}" for number in range(1, 8))]
    async with a_world(tmp_path, router__prompts=dict.fromkeys(names, "Be brief.")) as world:
        fields = {"name": "many", "about": "prompts"}
        for room, name in enumerate(names, 1):
            fields |= {f"name-{room}": name, f"value-{room}": name, f"share-{room}": "12.5"}
        status, place, body = await post(world, "admin", "/console/router/experiments", **fields)
        assert status == 303, body
        _, body = await look(world, "viewer", place)
        assert (body.count('class="interval"'), body.count('<th scope="row">')) == (7, 8)


async def test_decisions_are_listed_page_by_page_and_lead_to_their_pages(world: World) -> None:
    first = await SqlDecisions(world.desk.store).get(await decision(world))
    more = [replace(first, id=ids.new("dec"), at=first.at + timedelta(seconds=number)) for number in range(51)]
    await world.desk.store.commit(*map(SqlDecisions(world.desk.store).record, more))
    _, body = await look(world, "viewer", "/console/router")
    found = re.findall(r"/console/router/decisions/(dec_\w+)", body)
    next_ = re.search(r"/console/router\?before=(dec_\w+)", body)
    assert next_ is not None
    assert (len(found), next_[1]) == (50, found[-1])
    _, body = await look(world, "viewer", next_[0])
    older = re.findall(r"/console/router/decisions/(dec_\w+)", body)
    assert (len(older), set(older) & set(found), 'rel="next"' in body) == (2, set(), False)


async def test_a_model_is_written_down_without_its_key_ever_being_repeated(world: World) -> None:
    fields = {"name": "mini", "kind": "openai", "model": MARKUP, "variable": "OPENAI_API_KEY"}
    status, _, body = await post(world, "operator", "/console/models/add", **fields)
    assert (status, "thor models add mini" in body, "<img" in body) == (200, True, False)
    status, _, body = await post(world, "operator", "/console/models/add", **{**fields, "variable": "sk-live-1"})
    assert (status, "sk-live-1" in body) == (422, False)
    status, _, body = await post(world, "operator", "/console/models/add", **{**fields, "file": "/run/secrets/openai"})
    assert (status, "in one place" in body) == (422, True)
    assert (await post(world, "prod", "/console/models/add", **fields))[0] == 403


async def test_a_model_that_does_not_answer_is_told_of_where_it_is_tried(tmp_path: Path) -> None:
    away = {"name": "away", "kind": "compatible", "model": "m", "url": "http://127.0.0.1:9/v1", "local": True}
    async with a_world(tmp_path, models__providers=[away]) as world:
        assert "Try away" in (await look(world, "operator", "/console/models"))[1]
        assert "Try away" not in (await look(world, "viewer", "/console/models"))[1]
        status, _, body = await post(world, "operator", "/console/models/try", name="away")
        assert (status, 'role="alert"' in body, "Trying away" in body) == (200, True, True)
        assert (await post(world, "viewer", "/console/models/try", name="away"))[0] == 403
        assert (await post(world, "operator", "/console/models/try", name="nobody"))[0] == 404


async def test_states_of_breakers_are_for_who_looks_after_them(world: World) -> None:
    assert "calls failed" in (await look(world, "platform", "/console/models"))[1]
    _, body = await look(world, "viewer", "/console/models")
    assert ("multilingual-e5-small" in body, "calls failed" in body) == (True, False)
