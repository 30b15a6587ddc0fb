"""What operators see and do of channels, asked of a running Hulk over HTTP."""

import json
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from hulk.apps.channel_tail import Tail
from hulk.apps.client import connected
from hulk.apps.whereabouts import Server
from hulk.kernel.time import utc_now
from hulk.modules.channels.adapters.sql import SqlContacts
from hulk.modules.channels.adapters.webhook import signature
from hulk.modules.channels.domain import State
from hulk.modules.channels.usecases import code_hash
from support.callers import World, a_world
from support.channel_things import a_contact, a_conversation, a_handed_conversation, a_message, an_arrival
from support.patience import until_found
from support.subjects import person
from support.writes import newest, told

SHOP = {"name": "shop", "tenant": "acme", "secret": "s" * 32}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A running Hulk with the channel `shop` of acme's."""
    async with a_world(tmp_path) as made:
        yield made


async def got(world: World, path: str, who: str = "admin") -> Any:
    """What somebody is shown there."""
    status, body = await world.call(who, "GET", path)
    assert status == 200, body
    return body


async def test_a_channel_is_shown_with_what_came_in_and_what_did_not_go_out(world: World) -> None:
    await an_arrival(world)
    for state in ("waiting", "unknown", "unknown", "sent"):
        await a_message(world, state, due=utc_now() + timedelta(hours=1))
    [found] = (await got(world, "/v1/channels", "viewer"))["channels"]
    assert (found["channel"], found["kind"], found["messages"]) == ("shop", "webhook", {"waiting": 1, "unknown": 2})
    assert None not in (found["last_arrival"], found["last_sent"], found["next_due"])

    async def attended() -> bool:
        return bool((await got(world, "/v1/channels/shop"))["process"])

    await until_found(attended)
    assert (await got(world, "/v1/channels/shop"))["status"] == "untried"


async def test_a_channel_that_works_proves_it_by_a_message_of_its_own_that_comes_in(world: World) -> None:
    tried = await world.made("operator", "/v1/channels/shop/check")
    assert (tried["ok"], [one["proved"] for one in tried["steps"]]) == (True, ["What is signed with the secret comes in"])
    assert (await got(world, "/v1/channels/shop"))["check"] == tried
    assert (await got(world, "/v1/channel-arrivals"))["arrivals"] == [], "it was no message to anybody"


async def test_one_that_does_not_work_says_why_and_is_failing_until_it_does(tmp_path: Path) -> None:
    away = {**SHOP, "url": "http://127.0.0.1:9/hulk"}
    async with a_world(tmp_path, channels__webhook=[away]) as world:
        since = await newest(world)
        for _ in range(2):
            tried = await world.made("operator", "/v1/channels/shop/check")
            assert (tried["ok"], tried["problem"]) == (False, {"code": "unavailable", "detail": "shop cannot be reached."})
        assert (await got(world, "/v1/channels/shop"))["status"] == "failing"
        events = [one.data for one in await told(world, since) if one.type == "hulk.channel.checked.v1"]
        assert [(one["before"] and one["before"]["ok"], one["after"]["ok"]) for one in events] == [(None, False), (False, False)]
        metrics = (await world.call("admin", "GET", "/metrics"))[1].decode()
        assert 'hulk_channel_check_ok{channel="shop"} 0.0' in metrics


@pytest.mark.long
async def test_it_is_tried_now_and_then_without_being_asked(tmp_path: Path) -> None:
    async with a_world(tmp_path, channels__check_every="11s") as world:

        async def tried() -> bool:
            return str((await got(world, "/v1/channels/shop"))["status"]) == "ok"

        await until_found(tried, within=60)


async def test_a_signed_ping_is_answered_by_who_has_the_secret_and_asks_nothing(world: World) -> None:
    key, body, at = b"s" * 32, json.dumps({"type": "ping"}).encode(), str(int(time.time())).encode()

    async def sent(signed: bytes) -> tuple[int, Any]:
        headers = {"webhook-id": "ping_1", "webhook-timestamp": at.decode(), "webhook-signature": signed.decode()}
        async with world.session.post(f"{world.url}/v1/hooks/shop", data=body, headers=headers) as answer:
            return answer.status, await answer.read()

    status, said = await sent(signature(key, b"ping_1", at, body))
    assert (status, json.loads(said)) == (200, {"pong": signature(key, b"ping_1", b"0", b"pong").decode()})
    assert (await sent(signature(b"t" * 32, b"ping_1", at, body)))[0] == 401
    assert (await got(world, "/v1/channel-arrivals"))["arrivals"] == []
    metrics = (await world.call("admin", "GET", "/metrics"))[1].decode()
    assert 'hulk_channel_refused_total{channel="shop",status="401"} 1.0' in metrics


async def test_messages_are_paged_from_the_newest_back_and_on_from_any(world: World) -> None:
    ids = [await a_message(world, "sent") for _ in range(5)]

    async def page(query: str) -> list[int]:
        return [ids.index(one["message_id"]) for one in (await got(world, f"/v1/channel-messages?{query}"))["messages"]]

    assert await page("limit=2") == [4, 3]
    assert await page(f"limit=2&before={ids[3]}") == [2, 1]
    assert await page(f"after={ids[2]}") == [3, 4]
    assert await page("state=unknown&state=failed") == []
    assert await page("channel=shop&limit=1") == [4]
    assert (await world.call("prod", "GET", "/v1/channel-messages?channel=shop"))[0] == 404


async def test_a_message_of_which_nobody_knows_is_shown_with_why_and_sent_again_by_who_saw_it_so(world: World) -> None:
    id_ = await a_message(world)
    path = f"/v1/channel-messages/{id_}"
    seen = await got(world, path, "operator")
    assert seen["problem"] == {"code": "uncertain", "detail": "The process that was sending it ended."}
    old = {"if-match": '"0123456789abcdef"'}
    assert (await world.call("operator", "POST", f"{path}/again", headers=old))[0] == 409
    status, again = await world.call("operator", "POST", f"{path}/again", headers={"if-match": seen["etag"]})
    assert (status, again["state"]) == (200, "waiting")
    assert (await world.call("operator", "POST", f"{path}/again", headers={"if-match": seen["etag"]}))[0] == 409, "another did"

    async def sent() -> bool:
        return str((await got(world, path))["state"]) == "sent"

    await until_found(sent)


DECIDED: dict[tuple[State, str], int] = {
    ("waiting", "again"): 409, ("sending", "again"): 409, ("sent", "again"): 409, ("failed", "again"): 200, ("unknown", "again"): 200,
    ("waiting", "withdraw"): 200, ("sending", "withdraw"): 409, ("sent", "withdraw"): 409, ("failed", "withdraw"): 200,
    ("unknown", "withdraw"): 200, ("withdrawn", "withdraw"): 409,
}  # fmt: skip


async def test_only_what_is_not_sure_to_go_out_is_sent_again_and_only_what_did_not_go_out_is_withdrawn(world: World) -> None:
    found = dict[tuple[State, str], int]()
    for state, act in DECIDED:
        id_ = await a_message(world, state, due=utc_now() + timedelta(hours=1))
        found[state, act] = (await world.call("operator", "POST", f"/v1/channel-messages/{id_}/{act}"))[0]
    assert found == DECIDED


async def test_a_person_answers_in_hulk_s_place_and_hands_it_back(world: World) -> None:
    path = f"/v1/conversations/{await a_conversation(world)}"
    reply = {"text": "Olá, aqui é a Bia", "request_id": "1"}
    assert (await world.call("operator", "POST", f"{path}/replies", json=reply))[0] == 409, "Hulk answers there"
    assert (await world.made("operator", f"{path}/take"))["mode"] == "person"
    assert (await world.call("admin", "POST", f"{path}/take"))[0] == 409, "another has it"
    assert (await world.call("admin", "POST", f"{path}/replies", json=reply))[0] == 409
    since = await newest(world)
    for _ in range(2):
        await world.made("operator", f"{path}/replies", **reply)
    assert [one["text"] for one in (await got(world, path))["turns"]] == ["Oi", "Olá, Ana", "Olá, aqui é a Bia"]
    assert [one["text"] for one in (await got(world, "/v1/channel-messages"))["messages"]] == ["Olá, aqui é a Bia"]
    assert [one.type for one in await told(world, since)].count("hulk.channel.replied.v1") == 1
    assert (await world.made("admin", f"{path}/back"))["mode"] == "hulk"
    assert (await world.call("operator", "POST", f"{path}/replies", json={"text": " \u200b "}))[0] == 422


async def test_conversations_that_wait_for_a_person_are_found_and_taken_by_the_first_who_answers(world: World) -> None:
    await a_conversation(world)
    id_ = await a_handed_conversation(world)
    [found] = (await got(world, "/v1/conversations?mode=person"))["conversations"]
    assert (found["conversation_id"], found["by"]) == (id_, None)
    taken = await world.made("operator", f"/v1/conversations/{id_}/replies", text="Oi")
    assert taken["by"] == (await got(world, "/v1/me", "operator"))["actor"]


@pytest.mark.parametrize(
    ("path", "many", "key", "make"),
    [
        pytest.param("/v1/conversations", "conversations", "conversation_id", a_conversation, id="conversations"),
        pytest.param("/v1/channel-contacts", "contacts", "sender", a_contact, id="contacts"),
    ],
)
async def test_those_of_one_moment_are_told_page_by_page(world: World, path: str, many: str, key: str, make: Any) -> None:
    now = utc_now()
    made = {await make(world, **{"heard" if many == "conversations" else "seen": now}) for _ in range(3)}
    told = list[str]()
    after: str | None = ""
    while after is not None:
        page = await got(world, f"{path}?limit=1&{urlencode({'after': after})}")
        told, after = told + [one[key] for one in page[many]], page["next"]
    assert (len(told), set(told)) == (3, made)
    status, body = await world.call("admin", "GET", f"{path}?after=nothing")
    assert (status, "next" in body["detail"]) == (422, True)


async def test_a_code_is_shown_once_kept_as_its_digest_and_says_once_who_somebody_is(world: World) -> None:
    store, id_ = world.desk.helm.store, await person(world)
    new = await world.made("admin", "/v1/channel-codes", person=id_, hours=2)
    [kept] = (await got(world, "/v1/channel-codes"))["codes"]
    assert kept == {name: new[name] for name in ("person", "until", "used_by")}
    assert len(new["code"]) == 11
    spoken = await world.made("admin", "/v1/channel-codes", person=id_, digits=True)
    assert spoken["code"].replace("-", "").isdigit()
    redeem = SqlContacts(store).redeem
    for code, by, whose in ((new["code"].lower(), "shop:x", id_), (new["code"], "shop:y", None)):
        [found] = await store.commit(redeem("acme", code_hash(code), utc_now(), by))
        assert found == whose
    [late] = await store.commit(redeem("acme", code_hash(spoken["code"]), utc_now() + timedelta(hours=25), "shop:y"))
    assert late is None
    for status in (204, 404):
        assert (await world.call("admin", "DELETE", f"/v1/channel-codes/{id_}"))[0] == status
    [used] = (await got(world, "/v1/channel-codes"))["codes"]
    assert used["used_by"] == "shop:x"
    assert (await world.call("stranger", "POST", "/v1/channel-codes", json={"person": id_}))[0] == 404, "of another tenant"


async def test_somebody_is_blocked_and_linked_and_both_are_undone(world: World) -> None:
    sender, id_ = await a_contact(world), await person(world)
    path = f"/v1/channels/shop/contacts/{sender}"
    changes: list[dict[str, Any]] = [{"blocked": True}, {"person": id_}, {"blocked": False}, {"person": None}]
    since = await newest(world)
    for change in changes:
        status, found = await world.call("admin", "PATCH", path, json=change)
        assert status == 200
        assert change.items() <= found.items()
    types = [one.type.split(".")[2] for one in await told(world, since)]
    assert types == ["blocked", "linked", "unblocked", "unlinked"]
    assert (await world.call("admin", "PATCH", path, json={}))[0] == 422
    assert (await world.call("admin", "PATCH", path, json={"person": "usr_nobody"}))[0] == 404
    assert (await world.call("admin", "PATCH", "/v1/channels/shop/contacts/nobody", json={"blocked": True}))[0] == 404


async def test_somebody_is_found_by_what_is_known_of_them(world: World) -> None:
    id_ = await person(world)
    ana = await a_contact(world, name="Ana Clara Prado")
    bia = await a_contact(world, name="Bia 100%", phone="", email="Bia@Example.com", person=id_, blocked=True)
    for query, found in (
        ("text=CLARA%20p", [ana]), ("text=example.COM", [bia]), ("text=99999", [ana]), ("text=100%25", [bia]), ("text=%25%25", []),
        ("text=nobody", []), (f"text={bia}", [bia]), (f"person={id_}", [bia]), ("blocked=true", [bia]), ("blocked=false", [ana]),
        ("text=bia%20100&blocked=false", []),
    ):  # fmt: skip
        assert [one["sender"] for one in (await got(world, f"/v1/channel-contacts?{query}"))["contacts"]] == found, query
    assert (await got(world, f"/v1/channels/shop/contacts/{bia}"))["email"] == "Bia@Example.com"
    talk = await a_conversation(world, sender=ana)
    await a_conversation(world, sender=bia)
    path = f"/v1/conversations?channel=shop&sender={ana}"
    assert [one["conversation_id"] for one in (await got(world, path))["conversations"]] == [talk]
    assert (await world.call("stranger", "GET", path))[1]["conversations"] == []
    assert (await world.call("admin", "GET", f"/v1/conversations?sender={ana}"))[0] == 422


async def test_an_admin_of_a_namespace_cannot_become_somebody_of_the_tenant(tmp_path: Path) -> None:
    async with a_world(tmp_path, channels__webhook=[SHOP, {**SHOP, "name": "fair", "namespace": "prod"}]) as world:
        sender, id_ = await a_contact(world, channel="fair"), await person(world)
        path = f"/v1/channels/fair/contacts/{sender}"
        assert [one["channel"] for one in (await got(world, "/v1/channels", "prod"))["channels"]] == ["fair"]
        assert (await world.call("prod", "PATCH", path, json={"blocked": True}))[0] == 200
        assert (await world.call("prod", "PATCH", path, json={"person": id_}))[0] == 403
        assert (await world.call("prod", "POST", "/v1/channel-codes", json={"person": id_}))[0] == 403
        await a_contact(world)
        assert [one["channel"] for one in (await got(world, "/v1/channel-contacts", "prod"))["contacts"]] == ["fair"]


async def test_who_looks_on_sees_what_comes_and_what_becomes_of_it(world: World) -> None:
    await an_arrival(world)
    async with connected(Server(world.url, ()), "en", world.keys["operator"]) as client:
        lines = Tail(client, None, 20)(follow=True)
        assert (await anext(lines)).text.endswith("shop < ana [asked] Oi")
        id_ = await a_message(world, "unknown", address="a", text="two\nlines\x1b[2J")
        line = await anext(lines)
        assert line.text.endswith("shop > a [unknown] two lines [2J"), "nothing that was written moves the cursor"
        assert json.loads(line.json)["message_id"] == id_
        await lines.aclose()
