"""What the console does with people, keys, channels, tools and the trail: as the API would, for whoever looks; names are text."""

import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hulk.kernel.time import from_iso, utc_now
from hulk.modules.console.pages.templating import FOLDER
from support.callers import World, a_world
from support.channel_things import a_contact, a_conversation, a_handed_conversation, a_message
from support.patience import until_found
from support.subjects import account, agent_task, person, tool_call
from support.writes import newest, told

NASTY = '<script>alert(1)</script><img src=x onerror="alert(2)">\'"&'


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A running Hulk."""
    async with a_world(tmp_path) as made:
        yield made


async def look(world: World, who: str, path: str) -> str:
    """The page."""
    status, body = await world.call(who, "GET", path)
    text = body.decode() if isinstance(body, bytes) else str(body)
    assert status == 200, (path, status, re.findall(r'role="alert">(.*?)<', text, re.DOTALL))
    return text


async def press(world: World, who: str, path: str, **form: str) -> tuple[int, str, str]:
    """Send a form from one of our own pages: the status, where it leads, what it shows."""
    async with world.session.post(
        world.url + path, data=form or b"", allow_redirects=False,
        headers={"x-api-key": world.keys[who], "origin": world.url, "accept-language": "en"},
    ) as answer:  # fmt: skip
        return answer.status, answer.headers.get("location", ""), await answer.text()


def escaped(page: str) -> bool:
    return "<script>alert" not in page and "<img src=x" not in page and "&lt;script&gt;alert(1)" in page


async def test_a_person_is_let_in_given_more_kept_out_and_removed(world: World) -> None:
    form = {"kind": "person", "name": "Ana", "email": "ana@example.com", "role": "viewer", "namespace": "*", "reason": "joined"}
    status, place, _ = await press(world, "admin", "/console/people/new", **form)
    assert status == 303
    place = place.partition("?")[0]
    assert (await press(world, "admin", f"{place}/grants", role="approver", namespace="prod"))[0] == 303
    assert (await press(world, "admin", f"{place}/grants", without="viewer@*"))[0] == 303
    found = (await world.call("admin", "GET", f"/v1/people/{place.rpartition('/')[2]}"))[1]
    assert found["grants"] == [{"role": "approver", "namespace": "prod"}]
    assert (await press(world, "admin", f"{place}/disable"))[0] == 303
    assert "Disabled" in await look(world, "admin", place)
    assert (await press(world, "admin", f"{place}/enable"))[0] == 303
    status, _, page = await press(world, "admin", f"{place}/code")
    assert (status, "/link " in page) == (200, True)
    assert (await press(world, "admin", f"{place}/remove"))[1] == "/console/people?said=removed"
    assert (await world.call("admin", "GET", place))[0] == 404


async def test_what_takes_something_away_asks_first_and_why(world: World) -> None:
    form = {"kind": "person", "name": "Ana", "email": "ana@example.com", "role": "viewer", "namespace": "*"}
    _, place, _ = await press(world, "admin", "/console/people/new", **form)
    page = await look(world, "admin", place)
    [button] = re.findall(r"<button[^>]*data-ask[^>]*/grants[^>]*>", page)
    [name] = re.findall(r'data-fields="([^"]+)"', button)
    fields = page.partition(f'<template id="{name}">')[2].partition("</template>")[0]
    assert re.findall(r'name="(\w+)"', fields) == ["without", "reason"]
    assert [one.name for one in FOLDER.glob("*.html") if '<button class="bad"' in one.read_text(encoding="utf-8")] == []


async def test_a_key_is_shown_once_and_opens_what_it_says(world: World) -> None:
    status, _, page = await press(world, "admin", "/console/keys/new", name="ci", role="viewer", namespace="*", expires="2099-12-31")
    assert status == 200
    [secret] = re.findall(r'<pre id="secret">(hulk_\w+)</pre>', page)
    assert (await world.call("nobody", "GET", "/v1/me", headers={"x-api-key": secret}))[1]["grants"] == [
        {"role": "viewer", "namespace": "*"}
    ]
    listed = await look(world, "admin", "/console/people")
    assert secret not in listed
    assert secret[:13] in listed
    [key] = [one for one in (await world.call("admin", "GET", "/v1/keys"))[1]["keys"] if one["name"] == "ci"]
    status, _, page = await press(world, "admin", f"/console/keys/{key['key_id']}/rotate")
    assert (status, secret in page, '<pre id="secret">hulk_' in page) == (200, False, True)
    assert (await press(world, "admin", f"/console/keys/{key['key_id']}/revoke"))[0] == 303
    assert (await world.call("nobody", "GET", "/v1/me", headers={"x-api-key": secret}))[0] == 401


async def test_of_very_many_keys_those_in_use_are_in_sight_and_the_rest_is_told_of(world: World) -> None:
    kept = await world.made("admin", "/v1/keys", name="the old one", grants=[{"role": "viewer"}])
    for _ in range(300):
        one = await world.made("admin", "/v1/keys", name="x", grants=[{"role": "viewer"}])
        assert (await world.call("admin", "DELETE", f"/v1/keys/{one['key_id']}"))[0] in (200, 204)
    page = await look(world, "admin", "/console/people")
    assert f"/console/keys/{kept['key_id']}/revoke" in page
    assert "Only 300 of " in page


async def test_a_service_account_a_namespace_and_a_tenant_are_made(world: World) -> None:
    status, place, _ = await press(world, "admin", "/console/people/new", kind="service", name="ci", role="operator", namespace="*")
    assert (status, place.startswith("/console/people/svc_")) == (303, True)
    assert (await press(world, "admin", "/console/namespaces/new", name="stage"))[0] == 303
    assert "<b>stage</b>" in await look(world, "admin", "/console/people")
    assert (await press(world, "admin", "/console/namespaces/stage/remove"))[0] == 303
    status, _, page = await press(world, "platform", "/console/tenants/new", tenant="beta")
    assert (status, '<pre id="secret">hulk_' in page) == (200, True)
    assert (await press(world, "platform", "/console/tenants/beta/quotas", storage="1000", open_tickets="unlimited"))[0] == 303
    quotas = (await world.call("platform", "GET", "/v1/tenants/beta/quotas"))[1]["quotas"]
    assert [quotas[name]["limit"] for name in ("storage", "open_tickets")] == [1000, None]
    page = await look(world, "platform", "/console/tenants/beta")
    assert 'value="1000"' in page
    assert 'value="unlimited"' in page
    status, _, page = await press(world, "platform", "/console/tenants/beta/quotas", storage="a lot")
    assert (status, "a whole number" in page) == (422, True)


@pytest.mark.parametrize("who", ["viewer", "operator", "approver", "stranger", "prod"])
async def test_who_may_not_in_the_api_may_not_here(who: str, world: World) -> None:
    ana, key = await person(world), (await world.call("admin", "GET", "/v1/keys"))[1]["keys"][0]["key_id"]
    for path in (f"/console/people/{ana}/remove", f"/console/people/{ana}/disable", f"/console/keys/{key}/revoke", "/console/tenants/new"):
        status, _, _ = await press(world, who, path, tenant="beta")
        assert status in (403, 404), path
    assert (await world.call("admin", "GET", f"/v1/people/{ana}"))[1]["disabled"] is None


async def test_names_full_of_markup_are_shown_as_text(world: World) -> None:
    await world.made("admin", "/v1/people", name=NASTY, email="eve@example.com", reason=NASTY)
    await world.made("admin", "/v1/keys", name=NASTY, grants=[{"role": "viewer"}])
    await world.made("admin", "/v1/service-accounts", name=NASTY)
    page = await look(world, "admin", "/console/people")
    assert escaped(page)
    for one in re.findall(r"/console/people/(?:usr|svc)_\w+", page):
        assert escaped(await look(world, "admin", one))


async def test_what_came_in_and_goes_out_is_shown_as_text(world: World) -> None:
    talk, out = await a_conversation(world), await a_message(world)
    await a_contact(world)
    for path in ("/console/channels", "/console/channels/shop", "/console/channels/shop?part=all", f"/console/conversations/{talk}"):
        page = await look(world, "operator", path)
        assert "<script>alert" not in page
    assert out in await look(world, "operator", "/console/channels/shop?part=all")


async def test_a_channel_is_tried_and_a_message_decided_on(world: World) -> None:
    assert (await press(world, "operator", "/console/channels/shop/check"))[0] == 303
    assert "It was not tried yet" not in await look(world, "viewer", "/console/channels/shop")
    message = await a_message(world)
    page = await look(world, "operator", "/console/channels/shop?part=all")
    [address] = {one.replace("&amp;", "&") for one in re.findall(rf'data-action="([^"]*{message}/withdraw[^"]*)"', page)}
    assert (await press(world, "viewer", address))[0] == 403
    assert (await press(world, "operator", address))[0] == 303
    assert (await world.call("viewer", "GET", f"/v1/channel-messages/{message}"))[1]["state"] == "withdrawn"
    assert (await press(world, "operator", address))[0] == 409, "it was seen otherwise"


async def test_a_contact_is_found_heard_no_more_and_said_to_be_somebody(world: World) -> None:
    ana, sender = await person(world), await a_contact(world, name=NASTY, email="zoe@example.com")
    other = await a_contact(world, name="Bia", person=ana)
    talk = await a_conversation(world, sender=sender)
    page = await look(world, "admin", "/console/contacts?text=ZOE@")
    assert (escaped(page), f"/console/contacts/shop/{sender}" in page, f"/console/contacts/shop/{other}" in page) == (True, True, False)
    here = f"/console/contacts/shop/{sender}"
    assert f'href="{here}"' in await look(world, "admin", f"/console/conversations/{talk}")
    assert f"/console/conversations/{talk}" in await look(world, "admin", here)
    who, since = {"channel": "shop", "sender": sender, "reason": "asked for it"}, await newest(world)
    for deed, more in (("block", {}), ("link", {"person": ana}), ("unblock", {}), ("unlink", {})):
        assert (await press(world, "admin", f"/console/contacts/{deed}", **who, **more))[0] == 303
        if deed == "link":
            assert escaped(await look(world, "admin", here))
            assert "Not heard" in await look(world, "admin", here)
            assert here in await look(world, "admin", f"/console/people/{ana}")
    types = [(row.type.split(".")[2], row.data["reason"]) for row in await told(world, since)]
    assert types == [(what, "asked for it") for what in ("blocked", "linked", "unblocked", "unlinked")]
    assert (await press(world, "admin", "/console/contacts/link", **who))[0] == 422
    assert (await press(world, "admin", "/console/contacts/burn", **who))[0] == 404


async def test_conversations_of_one_moment_go_on_page_by_page_and_say_who_talks(world: World) -> None:
    sender, now = await a_contact(world, name="Zoé"), utc_now()
    made = {await a_conversation(world, sender=sender, heard=now) for _ in range(51)}
    first = await look(world, "viewer", "/console/conversations?channel=shop")
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older
    second = await look(world, "viewer", unescape(older[1]))
    pages = [re.findall(r'/console/conversations/(cnv_\w+)">Zoé<', page) for page in (first, second)]
    assert ([len(page) for page in pages], {*pages[0], *pages[1]}, 'rel="next"' in second) == ([50, 1], made, False)


@pytest.mark.parametrize("who", ["viewer", "operator", "approver", "stranger", "prod"])
async def test_who_may_not_say_who_is_who_is_not_offered_it(who: str, world: World) -> None:
    sender, talk = await a_contact(world), await a_conversation(world)
    for deed in ("block", "link"):
        form = {"channel": "shop", "sender": sender, "person": await person(world)}
        assert (await press(world, who, f"/console/contacts/{deed}", **form))[0] in (403, 404)
    assert (await world.call(who, "GET", f"/console/contacts/shop/{sender}"))[0] in (403, 404)
    assert "/console/contacts/" not in str((await world.call(who, "GET", f"/console/conversations/{talk}"))[1])


async def test_an_account_is_called_otherwise_and_given_other_groups(world: World) -> None:
    ana, ci = await person(world), await account(world)
    fields = {"name": NASTY, "email": "new@example.com", "reason": "married"}
    assert (await press(world, "admin", f"/console/people/{ana}/change", **fields))[0] == 303
    found = (await world.call("admin", "GET", f"/v1/people/{ana}"))[1]
    assert (found["name"], found["email"]) == (NASTY, "new@example.com")
    assert escaped(await look(world, "admin", f"/console/people/{ana}"))
    assert (await press(world, "admin", f"/console/people/{ci}/change", name="ci", groups="gpu, night"))[0] == 303
    assert (await world.call("admin", "GET", f"/v1/service-accounts/{ci}"))[1]["groups"] == ["gpu", "night"]
    assert (await press(world, "admin", f"/console/people/{ana}/change", name="x", email="no address"))[0] == 422
    assert (await press(world, "viewer", f"/console/people/{ana}/change", name="x"))[0] == 403


async def test_a_code_for_a_channel_is_made_as_it_is_wanted_and_taken_back(world: World) -> None:
    here = f"/console/people/{await person(world)}"
    _, _, page = await press(world, "admin", f"{here}/code", hours="2", digits="1")
    [code] = re.findall(r"/link ([\w-]+)", page)
    assert code.replace("-", "").isdigit()
    assert "A code that nobody has used holds until" in await look(world, "admin", here)
    assert (await press(world, "admin", f"{here}/uncode", reason="lost"))[0] == 303
    assert "A code that nobody has used" not in await look(world, "admin", here)
    assert (await press(world, "admin", f"{here}/code", hours="soon"))[0] == 422


async def test_a_person_answers_in_a_conversation_and_gives_it_back(world: World) -> None:
    talk = await a_conversation(world)
    here = f"/console/conversations/{talk}"
    assert 'class="idle"' in await look(world, "operator", here)
    assert 'name="text"' not in await look(world, "viewer", here)
    assert (await press(world, "operator", f"{here}/take"))[0] == 303
    assert 'class="idle"' not in await look(world, "operator", here)
    assert (await press(world, "operator", f"{here}/replies", text="Good morning"))[0] == 303
    assert (await press(world, "operator", f"{here}/back"))[0] == 303
    assert (await world.call("viewer", "GET", f"/v1/conversations/{talk}"))[1]["mode"] == "hulk"
    assert await a_handed_conversation(world)


async def test_an_answer_that_is_pressed_twice_is_sent_once_and_stays_where_it_was_written_when_it_cannot_be(world: World) -> None:
    here = f"/console/conversations/{await a_handed_conversation(world)}"
    form = re.search(rf'<form[^>]*action="{here}/replies".*?</form>', await look(world, "operator", here), re.DOTALL)
    assert form is not None
    assert "hx-post" in form[0]
    key = dict(re.findall(r'name="(request_id)" value="(\w+)"', form[0]))
    for _ in range(2):
        assert (await press(world, "operator", f"{here}/replies", text="Good morning", **key))[0] == 303
    sent = (await world.call("operator", "GET", "/v1/channel-messages?channel=shop"))[1]["messages"]
    assert [one["text"] for one in sent] == ["Good morning"]
    assert (await press(world, "operator", f"{here}/back"))[0] == 303
    assert (await press(world, "operator", f"{here}/replies", text="Still there?"))[0] == 409


async def test_the_wizard_says_what_to_do_and_takes_no_secret(world: World) -> None:
    kinds = [one["kind"] for one in (await world.call("admin", "GET", "/v1/channel-kinds"))[1]["kinds"]]
    assert {"telegram", "whatsapp", "email", "webhook"} <= set(kinds)
    for kind in kinds:
        assert "<select" in await look(world, "admin", f"/console/add-channel?kind={kind}&name=x")
    page = await look(world, "admin", "/console/add-channel?kind=telegram&name=loja")
    assert "thor channels add telegram loja" in page
    assert "env:LOJA_TOKEN" in page
    assert "<code>LOJA_TOKEN</code>" in page
    assert "@BotFather" in page
    status, body = await world.call("admin", "GET", "/v1/channel-kinds/telegram?name=loja&setting=token=env:X")
    assert (status, "never here" in body["detail"]) == (422, True)


async def test_the_wizard_says_what_is_wrong_at_its_field_in_the_readers_words(world: World) -> None:
    page = await look(world, "admin", "/console/add-channel?kind=mattermost&name=shop")
    assert "there is a channel “shop” already" in page
    page = await look(world, "admin", "/console/add-channel?kind=mattermost&name=Shop!&s.url=nowhere")
    assert 'id="e-name"' in page
    page = await look(world, "admin", "/console/add-channel?kind=mattermost&name=chat&s.url=nowhere")
    assert ('id="e-url"' in page, "thor channels add" in page) == (True, False)
    status, said = await world.call("admin", "GET", "/console/add-channel?kind=email&name=mail", headers={"cookie": "hulk-language=pt"})
    assert (status, "Seu endereço, do qual vêm as respostas." in said.decode()) == (200, True)


async def test_which_variables_are_set_is_told_to_who_looks_after_this_hulk_alone(world: World) -> None:
    path = "/v1/channel-kinds/telegram?name=loja"
    assert [one["set"] for one in (await world.call("platform", "GET", path))[1]["variables"]] == [False]
    assert [one["set"] for one in (await world.call("admin", "GET", path))[1]["variables"]] == [None]
    assert (await world.call("viewer", "GET", "/v1/channel-kinds/wyoming?name=x&setting=port=["))[1]["errors"][0]["field"] == "port"


async def test_what_was_changed_is_shown_before_and_after(world: World) -> None:
    ana = await person(world)
    await world.call("admin", "PATCH", f"/v1/people/{ana}", json={"name": NASTY, "reason": NASTY})

    async def told() -> Any:
        return (await world.call("admin", "GET", f"/v1/audit?subject={ana}&type=hulk.account.changed.v1"))[1]["entries"]

    async def there() -> bool:
        return bool(await told())

    await until_found(there)
    [entry] = await told()
    assert ana in await look(world, "admin", f"/console/audit?subject={ana}")
    page = await look(world, "admin", f"/console/audit/{entry['position']}")
    assert escaped(page)
    assert "<del>x</del>" in page
    status, _, page = await press(world, "admin", "/console/audit/verification")
    assert (status, "The trail is whole" in page) == (200, True)
    assert (await press(world, "viewer", "/console/audit/verification"))[0] == 403
    async with world.session.get(f"{world.url}/v1/audit/export", headers={"x-api-key": world.keys["admin"]}) as answer:
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.content_type == "application/jsonl"


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12"])
async def test_days_are_those_of_whoever_looks(world: World, zone: str) -> None:
    here, there = utc_now().astimezone(ZoneInfo(zone)).date(), {"cookie": f"hulk-zone={zone}"}

    async def made() -> bool:
        return bool((await world.call("admin", "GET", "/v1/audit?type=hulk.key.created.v1"))[1]["entries"])

    await until_found(made)
    for days in (f"from={here}", f"before={here + timedelta(days=1)}"):
        status, page = await world.call("admin", "GET", f"/console/audit?{days}", headers=there)
        assert (status, b"hulk.key.created.v1" in page) == (200, True)
    form = {"name": "short", "role": "viewer", "expires": "2030-01-01"}
    assert (await world.call("admin", "POST", "/console/keys/new", headers={**there, "origin": world.url}, data=form))[0] == 200
    [key] = [one for one in (await world.call("admin", "GET", "/v1/keys"))[1]["keys"] if one["name"] == "short"]
    assert from_iso(key["expires"]).astimezone(ZoneInfo(zone)).isoformat()[:19] == "2030-01-01T23:59:59"


async def test_settings_are_told_with_where_they_are_from_and_no_secret(world: World) -> None:
    page = await look(world, "platform", "/console/settings?set=1")
    assert "server.rate_limit" in page
    assert "s" * 32 not in page
    status, body = await world.call("platform", "GET", "/v1/settings")
    assert status == 200
    assert "s" * 32 not in json.dumps(body)
    assert {one["origin"] for one in body["settings"]} >= {"default", "option"}


async def test_what_is_logged_is_changed_where_the_settings_are(world: World) -> None:
    before = (await world.call("platform", "GET", "/v1/log-level"))[1]["level"]
    other = "error" if before != "error" else "warning"
    try:
        assert (await press(world, "platform", "/console/settings/log-level", level=other, reason="too loud"))[:2] == (
            303, "/console/settings?said=saved",
        )  # fmt: skip
        assert f'<option value="{other}" selected>' in await look(world, "platform", "/console/settings")
        assert (await press(world, "platform", "/console/settings/log-level", level="loud"))[0] == 422
        assert (await press(world, "admin", "/console/settings/log-level", level="debug"))[0] == 403
        assert (await world.call("platform", "GET", "/v1/log-level"))[1]["level"] == other
    finally:
        await world.call("platform", "PUT", "/v1/log-level", json={"level": before})


async def test_the_bill_of_materials_names_every_part_with_its_licence_or_hash(world: World) -> None:
    async with world.session.get(f"{world.url}/v1/about/sbom", headers={"x-api-key": world.keys["viewer"]}) as answer:
        assert answer.headers["content-disposition"].startswith("attachment")
        bill = await answer.json(content_type=None)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    parts = {one["name"].lower(): one for one in bill["components"]}
    assert {"fastapi", "jinja2", "sqlalchemy"} <= set(parts)
    assert len({one["bom-ref"] for one in bill["components"]}) == len(bill["components"])
    [htmx] = [one for name, one in parts.items() if "htmx" in name]
    assert htmx["licenses"] == [{"license": {"name": "0BSD"}}]
    assert len(htmx["hashes"][0]["content"]) == 64
    page = await look(world, "viewer", "/console/about")
    assert "vendor/htmx-4.0.1.min.js" in page
    assert htmx["hashes"][0]["content"] in page


async def test_a_rule_and_a_server_are_made_and_removed(world: World) -> None:
    form = {"name": "retail", "tools": "crm.*, tickets.list", "roles": "operator, admin", "autonomy": "suggest", "reason": NASTY}
    assert (await press(world, "admin", "/console/tool-rules/new", **form))[0] == 303
    [rule] = [one for one in (await world.call("admin", "GET", "/v1/tool-rules"))[1]["rules"] if one["name"] == "retail"]
    assert (rule["tools"], rule["roles"], rule["autonomy"]) == (["crm.*", "tickets.list"], ["operator", "admin"], "suggest")
    assert (await press(world, "admin", "/console/tool-servers/new", name="sales", title=NASTY, tools="crm.*"))[0] == 303
    assert escaped(await look(world, "admin", "/console/tool-rules"))
    assert (await press(world, "viewer", "/console/tool-rules/retail/remove"))[0] == 403
    assert (await press(world, "admin", "/console/tool-rules/retail/remove"))[0] == 303
    assert (await press(world, "admin", "/console/tool-servers/sales/remove"))[0] == 303
    assert (await press(world, "admin", "/console/tool-rules/new", name="../keys", tools="x"))[0] == 404


async def test_calls_and_tasks_are_shown(world: World) -> None:
    call, task = await tool_call(world), await agent_task(world)
    assert "tickets.list" in await look(world, "admin", f"/console/tool-calls/{call}")
    assert "tickets.list" in await look(world, "admin", "/console/tools/tickets.list")
    assert "Review the sales" in await look(world, "admin", f"/console/agent-tasks/{task}")
    assert task in await look(world, "admin", "/console/agents")
    assert await account(world)


async def test_every_page_forbids_being_framed_and_loads_nothing_inline(world: World) -> None:
    for path in ("/console/people", "/console/audit", "/console/tool-rules", "/console/add-channel", "/console/login", "/console/me"):
        async with world.session.get(world.url + path, headers={"x-api-key": world.keys["admin"]}) as answer:
            body = await answer.text()
            assert (answer.status, answer.headers["x-frame-options"]) == (200, "DENY"), path
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
            assert answer.headers["cache-control"] == "no-store"
        assert not re.search(r" style=| on[a-z]+=|<style|<script>", body), path
