"""The pages of runs, dead letters, queues, schedules and stories: what they show, and what is done from them."""

import html
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, update

from hulk.apps.story import MOST_STEPS
from hulk.kernel.time import utc_now
from hulk.runtime.scheduler.tables import schedule_table
from hulk.runtime.workflows.tables import failure_table, run_table, step_table
from support.callers import World, a_world
from support.subjects import intent, run, schedule
from support.writes import a_dead_run, a_run, newest, told

MARKUP = "<script>alert(1)</script><img src=x onerror=alert(1)>"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A running Hulk."""
    async with a_world(tmp_path) as made:
        yield made


async def look(world: World, path: str, who: str = "operator") -> tuple[int, str]:
    status, body = await world.call(who, "GET", path)
    return status, body.decode() if isinstance(body, bytes) else str(body)


async def press(world: World, path: str, who: str = "operator", **fields: str) -> tuple[int, str, str]:
    """A form of ours is sent: status, where it leads, what is shown."""
    headers = {"x-api-key": world.keys[who], "origin": world.url, "accept-language": "en"}
    async with world.session.post(world.url + path, data=fields, headers=headers, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("location", ""), await answer.text()


async def status_of(world: World, run_id: str) -> str:
    return str((await world.call("operator", "GET", f"/v1/runs/{run_id}"))[1]["status"])


def problem(text: str = "the disk is away", code: str = "unavailable") -> dict[str, Any]:
    return {"code": code, "text": {"msgid": "{reason}", "values": {"reason": text}}}


async def a_failed_run(world: World, **values: Any) -> str:
    return await a_run(world, **{"status": "failed", "dead": True, "ended": utc_now(), "error": problem(), **values})


async def add_steps(world: World, run_id: str, many: int) -> None:
    """So many recorded steps, a second apart."""
    begin = utc_now() - timedelta(seconds=many)
    rows = [
        {"run": run_id, "position": number, "name": f"row-{number}", "value": {"row": number}, "began": at, "recorded": at}
        for number in range(many) for at in (begin + timedelta(seconds=number),)
    ]  # fmt: skip
    await world.desk.helm.store.commit(lambda tx: tx.execute(insert(step_table), rows))


async def test_a_failed_run_tells_why_first_and_is_executed_again_from_its_page(world: World) -> None:
    failed = await a_failed_run(world)
    status, body = await look(world, f"/console/runs/{failed}")
    assert status == 200
    assert body.index("the disk is away") < body.index("Timeline")
    assert f'data-action="/console/runs/{failed}/replay"' in body
    assert await press(world, f"/console/runs/{failed}/replay") == (303, f"/console/runs/{failed}?said=replayed", "")
    assert await status_of(world, failed) != "failed"


async def test_who_may_only_look_is_offered_nothing_to_do_and_no_payload(world: World) -> None:
    failed = await a_failed_run(world)
    _, body = await look(world, f"/console/runs/{failed}", "viewer")
    assert "the disk is away" in body
    assert "data-ask" not in body
    assert "/payloads/" not in body
    assert (await look(world, f"/console/runs/{failed}/payloads/input", "viewer"))[0] == 403


@pytest.mark.parametrize(
    ("deed", "values", "fields", "said", "becomes"),
    [
        pytest.param("cancel", {"status": "waiting"}, {"reason": "wrong file"}, "cancelled", "cancelled", id="call off"),
        pytest.param("resolve", {"status": "needs_attention"}, {}, "resolved", "cancelled", id="decide: call off"),
        pytest.param("resolve", {"status": "needs_attention"}, {"step": "1"}, "resolved", "held", id="decide: go on from a step"),
        pytest.param("discard", {"status": "failed", "dead": True}, {}, "discarded", "failed", id="a dead letter is dealt with"),
        pytest.param("replay", {"status": "failed"}, {"step": "0", "reason": "mended"}, "replayed", "held", id="again from a step"),
    ],
)
async def test_a_run_is_steered_from_its_page(
    world: World, deed: str, values: dict[str, Any], fields: dict[str, str], said: str, becomes: str
) -> None:
    one = await a_run(world, **values)
    await add_steps(world, one, 2)
    status, place, _ = await press(world, f"/console/runs/{one}/{deed}", **fields)
    assert (status, place) == (303, f"/console/runs/{one}?said={said}")
    assert await status_of(world, one) in (becomes, "pending", "running")


async def signals_of(world: World, run_id: str) -> list[str]:
    timeline = (await world.call("operator", "GET", f"/v1/runs/{run_id}"))[1]["timeline"]
    return [entry["name"] for entry in timeline if entry["kind"] == "signal"]


async def test_a_signal_is_left_for_a_run_that_waits_once_however_often_it_is_pressed(world: World) -> None:
    one = await a_run(world, status="waiting", awaits="approved")
    _, body = await look(world, f"/console/runs/{one}")
    assert "the signal <code>approved</code>" in body
    key = body.partition('name="key" value="')[2].partition('"')[0]
    fields = {"name": "approved", "key": key, "payload": '{"by": "Ana"}', "reason": "ok"}
    since = await newest(world)
    for _ in range(2):
        assert await press(world, f"/console/runs/{one}/signal", **fields) == (303, f"/console/runs/{one}?said=signalled", "")
    assert await signals_of(world, one) == ["approved"]
    [entry] = [row for row in await told(world, since) if row.type == "hulk.run.signalled.v1"]
    assert (entry.subject, entry.data["reason"], entry.data["after"]["signal"]) == (one, "ok", "approved")
    assert 'name="key" value="' in (await look(world, f"/console/runs/{one}"))[1]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        pytest.param({"payload": "yes, please"}, "no JSON from line 1, column 1", id="what is no JSON"),
        pytest.param({"payload": "[" * 100_000}, "nested too deeply", id="a thousand brackets"),
        pytest.param({"name": ""}, "length must be at least 1", id="without a name"),
        pytest.param({"name": "child"}, "nobody else", id="what only Hulk may say"),
        pytest.param({"name": "tkt_01m7y5yr6fe5hvadg4t960z6tv"}, "decide on the ticket", id="in a ticket's place"),
    ],
)
async def test_a_signal_that_cannot_be_left_is_explained(world: World, fields: dict[str, str], said: str) -> None:
    one = await a_run(world, status="waiting", awaits="approved")
    status, _, body = await press(world, f"/console/runs/{one}/signal", **{"name": "approved", "key": "k", "payload": "", **fields})
    assert (status, said in html.unescape(body), await signals_of(world, one)) == (422, True, []), body


async def test_signals_are_offered_where_they_are_heard_and_to_whoever_may_send_them(world: World) -> None:
    waits = await a_run(world, status="waiting", awaits="approved")
    ended = await a_run(world, status="completed", awaits="approved", ended=utc_now())
    decided = await a_run(world, workflow="ticket", status="waiting", awaits="tkt_01m7y5yr6fe5hvadg4t960z6tv")
    offered = {one: f"/console/runs/{one}/signal" in (await look(world, f"/console/runs/{one}"))[1] for one in (waits, ended, decided)}
    assert offered == {waits: True, ended: False, decided: False}
    assert "/console/tickets/tkt_01m7y5yr6fe5hvadg4t960z6tv" in (await look(world, f"/console/runs/{decided}"))[1]
    assert "/signal" not in (await look(world, f"/console/runs/{waits}", "viewer"))[1]
    for who, status in (("viewer", 403), ("stranger", 404), ("prod", 404)):
        assert (await press(world, f"/console/runs/{waits}/signal", who, name="approved", key="k"))[0] == status


async def test_a_copy_from_a_step_is_led_to(world: World) -> None:
    one = await a_run(world, status="completed", ended=utc_now())
    await add_steps(world, one, 3)
    status, place, _ = await press(world, f"/console/runs/{one}/fork", step="2")
    copy = place.partition("?")[0].rpartition("/")[2]
    assert (status, (await world.call("viewer", "GET", f"/v1/runs/{copy}"))[1]["copy_of"]) == (303, one)
    assert (await press(world, f"/console/runs/{one}/fork", step=""))[0] == 422
    assert (await press(world, f"/console/runs/{one}/fork", step="two"))[0] == 422


async def test_what_runs_are_about_is_shown_as_text(world: World) -> None:
    one = await a_failed_run(world, workflow=MARKUP, queue=MARKUP[:60], error=problem(MARKUP, MARKUP), input={"text": MARKUP}, intent=None)
    await world.desk.helm.store.commit(
        lambda tx: tx.execute(insert(failure_table), [{"run": one, "epoch": 1, "at": utc_now(), "error": problem(MARKUP), "due": None}])
    )
    pages = (
        "/console/", "/console/runs", f"/console/runs/{one}", f"/console/runs/{one}/payloads/input", "/console/dead-letters",
        "/console/queues", f"/console/trace/{one}", f"/console/runs?workflow={MARKUP}",
    )  # fmt: skip
    for page in pages:
        status, body = await look(world, page)
        assert status == 200, page
        assert "<img src=x" not in body, page
        assert "<script>alert" not in body, page
    assert html.escape(MARKUP, quote=False) in (await look(world, f"/console/runs/{one}"))[1].replace("&#39;", "'")


async def test_filters_stand_in_the_address_and_lead_through_the_pages(world: World) -> None:
    for _ in range(52):
        await a_failed_run(world)
    other = await a_run(world, status="waiting")
    _, body = await look(world, "/console/runs?status=failed&queue=default&since=2020-01-01T00:00")
    assert other not in body
    assert '<option value="failed" selected>' in body
    older = html.unescape(body.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0])
    assert older.startswith("/console/runs?status=failed&queue=default&since=2020-01-01T00%3A00&after=")
    assert (await look(world, older))[1].count('<tr><td><a href="/console/runs/run_') == 2
    assert "No run fits." in (await look(world, "/console/runs?until=2020-01-01T00:00"))[1]
    assert (await look(world, "/console/runs?since=yesterday"))[0] == 422
    assert (await look(world, "/console/runs?status=gone"))[0] == 422


async def test_a_run_with_very_many_steps_is_shown_in_parts(world: World) -> None:
    one = await a_failed_run(world)
    await add_steps(world, one, 1000)
    _, body = await look(world, f"/console/runs/{one}")
    assert body.count("<rect") < 300
    assert "<code>row-999</code>" in body
    assert "<code>row-799</code>" not in body
    _, body = await look(world, f"/console/runs/{one}?before=800")
    assert "<code>row-799</code>" in body
    assert f"/console/runs/{one}?before=1000" in body
    _, body = await look(world, f"/console/runs/{one}?only=trouble")
    assert "row-" not in body
    assert "the disk is away" in body
    _, body = await look(world, f"/console/trace/{one}")
    assert body.count("row-") == MOST_STEPS


async def test_a_payload_is_shown_in_part_and_downloaded_as_a_file(world: World) -> None:
    one = await a_run(world, input={"rows": ["x" * 100] * 5000})
    await add_steps(world, one, 1)
    _, body = await look(world, f"/console/runs/{one}/payloads/input")
    assert "Only the beginning is shown" in body
    assert len(body) < 60_000
    assert "&#34;row&#34;: 0" in (await look(world, f"/console/runs/{one}/payloads/0"))[1]
    async with world.session.get(f"{world.url}/v1/runs/{one}/payloads/input", headers={"x-api-key": world.keys["operator"]}) as answer:
        assert answer.headers["content-disposition"] == "attachment"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert len(await answer.read()) > 500_000
    for part, status in (("7", 404), ("result", 404), ("-1", 404), ("x", 404)):
        assert (await look(world, f"/console/runs/{one}/payloads/{part}"))[0] == status, part


async def test_a_run_that_was_deleted_meanwhile_is_told_of_as_gone(world: World) -> None:
    one = await a_run(world, status="completed", ended=utc_now())
    assert (await look(world, f"/console/runs/{one}"))[0] == 200
    await world.desk.helm.store.commit(lambda tx: tx.execute(delete(run_table).where(run_table.c.id == one)))
    status, body = await look(world, f"/console/runs/{one}")
    assert (status, f"There is no run {one}." in body) == (404, True)


async def test_dead_letters_are_dealt_with_after_a_look_at_which(world: World) -> None:
    alike = [await a_failed_run(world) for _ in range(3)]
    other = await a_failed_run(world, error=problem(code="refused"))
    _, body = await look(world, "/console/dead-letters?workflow=review&code=unavailable")
    assert all(f"/console/runs/{one}" in body for one in alike)
    assert other not in body
    status, _, body = await press(world, "/console/dead-letters/plan", deed="replay", workflow="review", code="unavailable")
    assert status == 200
    assert "3 dead letters" in body
    assert all(one in body for one in alike)
    assert await status_of(world, alike[0]) == "failed"
    later = await a_failed_run(world)
    before = body.partition('name="ended_before" value="')[2].partition('"')[0]
    which = {"deed": "replay", "workflow": "review", "code": "unavailable", "ended_before": before}
    assert (await press(world, "/console/dead-letters", **which))[:2] == (303, "/console/dead-letters?said=replayed")
    assert [await status_of(world, one) == "failed" for one in (*alike, other, later)] == [False, False, False, True, True]


async def test_the_newest_of_a_kind_of_failure_is_one_step_away(world: World) -> None:
    await a_failed_run(world)
    newest = await a_failed_run(world)
    _, body = await look(world, "/console/")
    assert "/console/dead-letters/newest?workflow=review&amp;code=unavailable" in body
    async with world.session.get(
        f"{world.url}/console/dead-letters/newest?workflow=review&code=unavailable",
        headers={"x-api-key": world.keys["viewer"]}, allow_redirects=False,
    ) as answer:  # fmt: skip
        assert (answer.status, answer.headers["location"]) == (303, f"/console/runs/{newest}")
    assert (await look(world, "/console/dead-letters/newest?code=gone"))[0] == 303


async def test_dealing_with_dead_letters_without_saying_which_is_refused(world: World) -> None:
    await a_dead_run(world)
    assert (await press(world, "/console/dead-letters", deed="replay"))[0] == 422
    assert (await press(world, "/console/dead-letters", deed="burn", code="x"))[0] == 404
    assert (await press(world, "/console/dead-letters/plan", "viewer", deed="replay", code="x"))[0] == 403


async def test_a_queue_is_paused_by_who_may_and_tells_who_did(world: World) -> None:
    await a_run(world, status="waiting")
    assert (await press(world, "/console/queues/default/pause", "admin", reason="the disk is moved"))[0] == 403
    assert "data-ask" not in (await look(world, "/console/queues", "admin"))[1]
    assert (await press(world, "/console/queues/default/pause", "platform", reason="the disk is moved"))[0] == 303
    _, body = await look(world, "/console/queues", "platform")
    assert "the disk is moved" in body
    assert "/console/queues/default/resume" in body
    assert (await press(world, "/console/queues/default/resume", "platform"))[0] == 303
    assert (await press(world, "/console/queues/nowhere/pause", "platform", reason="x"))[0] == 404
    assert (await press(world, "/console/queues/default/burn", "platform"))[0] == 404
    assert (await press(world, "/console/breakers/nothing/reset", "platform"))[0] == 404


async def test_a_schedule_is_made_changed_and_removed_from_its_page(world: World) -> None:
    new = {
        "name": f"disk {MARKUP[:40]}",
        "kind": "cron",
        "when": "30 8 * * mon-fri",
        "timezone": "America/Sao_Paulo",
        "text": "Is the disk full?",
    }
    status, place, _ = await press(world, "/console/schedules", **new)
    assert (status, place.startswith("/console/schedules/sch_"), place.endswith("?said=saved")) == (303, True, True)
    _, body = await look(world, "/console/schedules")
    assert "<script>" not in body
    assert "30 8 * * mon-fri" in body
    (one,) = (await world.call("viewer", "GET", "/v1/schedules"))[1]["schedules"]
    here = f"/console/schedules/{one['schedule_id']}"
    for deed, paused in (("pause", True), ("resume", False), ("run", False)):
        assert (await press(world, f"{here}/{deed}"))[0] == 303
        assert (await world.call("viewer", "GET", f"/v1/schedules/{one['schedule_id']}"))[1]["paused"] is paused
    assert (await press(world, f"{here}/pause", here="1"))[1] == f"{here}?said=paused"
    assert (await press(world, f"{here}/remove", "viewer"))[0] == 403
    assert (await press(world, f"{here}/remove", reason="no longer"))[1] == "/console/schedules?said=removed"
    assert (await world.call("viewer", "GET", "/v1/schedules"))[1]["schedules"] == []


async def a_daily(world: World) -> dict[str, Any]:
    """A schedule of acme's, as the API shows it."""
    intent = {"text": "Is the disk full?", "language": "en"}
    made: dict[str, Any] = await world.made(
        "admin", "/v1/schedules", name="disk", cron="0 8 * * *", timezone="America/Sao_Paulo", intent=intent
    )
    return made


@pytest.mark.parametrize(
    ("fields", "becomes"),
    [
        pytest.param({"when": "15 9 * * mon"}, {"cron": "15 9 * * mon"}, id="other times"),
        pytest.param({"kind": "every", "when": "90m"}, {"every": "1h30m"}, id="times of another kind"),
        pytest.param({"timezone": "Europe/Lisbon"}, {"timezone": "Europe/Lisbon"}, id="another zone"),
        pytest.param({"missed": "skip", "text": "Is the disk full now?"}, {"missed": "skip"}, id="what is asked"),
    ],
)
async def test_a_schedule_is_changed_from_its_page_and_what_is_not_changed_stays(
    world: World, fields: dict[str, str], becomes: dict[str, Any]
) -> None:
    one = await a_daily(world)
    here, since = f"/console/schedules/{one['schedule_id']}", await newest(world)
    form = {"kind": "cron", "when": "0 8 * * *", "timezone": "America/Sao_Paulo", "missed": "run", "text": "Is the disk full?"}
    assert 'value="0 8 * * *"' in (await look(world, here))[1]
    assert (await press(world, f"{here}/change", **{**form, **fields, "reason": "summer"}))[:2] == (303, f"{here}?said=saved")
    after = (await world.call("viewer", "GET", f"/v1/schedules/{one['schedule_id']}"))[1]
    assert {name: after[name] for name in becomes} == becomes
    assert after["intent"] == {**one["intent"], "text": fields.get("text", "Is the disk full?")}
    assert [(row.type, row.data["reason"]) for row in await told(world, since)] == [("hulk.schedule.changed.v1", "summer")]
    assert "/change" not in (await look(world, here, "viewer"))[1]
    assert (await press(world, f"{here}/change", "viewer", **form))[0] == 403


async def test_what_is_asked_at_a_time_that_has_passed_is_changed_all_the_same(world: World) -> None:
    body = {"name": "once", "at": "2099-12-24T18:00", "timezone": "America/Sao_Paulo", "intent": {"text": "Is the disk full?"}}
    one = await world.made("admin", "/v1/schedules", **body)
    here = f"/console/schedules/{one['schedule_id']}"
    assert 'value="2099-12-24T18:00"' in (await look(world, here))[1]
    past = update(schedule_table).where(schedule_table.c.id == one["schedule_id"]).values(expression="2020-12-24T21:00:00Z", next=None)
    await world.desk.helm.store.commit(lambda tx: tx.execute(past))
    form = {"kind": "at", "when": "2020-12-24T18:00", "timezone": "America/Sao_Paulo", "text": "Is it?"}
    assert (await press(world, f"{here}/change", **form))[0] == 303
    assert (await press(world, f"{here}/change", **{**form, "when": "2020-12-25T18:00"}))[0] == 422


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        pytest.param({"when": "30 25 * * *"}, "cron", "“hour” of the cron expression cannot be “25”", id="an hour that there is not"),
        pytest.param({"when": "30 8"}, "cron", "it has 2 fields", id="half a cron"),
        pytest.param({"kind": "every", "when": "soon"}, "every", "“soon” is no interval", id="no interval"),
        pytest.param({"kind": "at", "when": "tomorrow"}, "at", "“tomorrow” is no moment", id="no moment"),
        pytest.param({"timezone": "Europe/Berln"}, "timezone", "Europe/Berlin", id="a zone mistyped"),
        pytest.param({"name": " "}, "name", "1 to 100 printable characters", id="no name"),
    ],
)
async def test_what_is_wrong_with_a_schedule_is_said_at_the_field(world: World, fields: dict[str, str], field: str, said: str) -> None:
    form = {"name": "x", "kind": "cron", "when": "30 8 * * *", "timezone": "America/Sao_Paulo", "text": "Is the disk full?", **fields}
    headers = {"x-api-key": world.keys["operator"], "origin": world.url, "accept-language": "en", "hx-request": "true"}
    async with world.session.post(f"{world.url}/console/schedules", data=form, headers=headers) as answer:
        assert (answer.status, body := html.unescape(await answer.text())) == (422, body)
    assert f'data-field="{field}"' in body
    assert said in body


async def test_the_next_times_are_told_in_the_readers_zone_while_a_schedule_is_filled_in(world: World) -> None:
    async def times(**form: str) -> str:
        headers = {"x-api-key": world.keys["viewer"], "origin": world.url, "accept-language": "en", "cookie": "hulk-zone=Europe/Lisbon"}
        async with world.session.post(f"{world.url}/console/schedules/times", data=form, headers=headers) as answer:
            assert answer.status == 200
            return html.unescape(await answer.text())

    told_ = await times(kind="cron", when="0 8 1 1 *", timezone="America/Sao_Paulo")
    assert told_.count("<time") == 5
    assert " 11:00" in told_, "at eight in São Paulo it is eleven in Lisbon, in winter"
    assert "by the clock of America/Sao_Paulo" in told_
    assert "“hour”" in await times(kind="cron", when="0 25 * * *")
    assert (await times(kind="cron", when=" ")).strip() == ""
    assert (await world.call("viewer", "GET", "/v1/schedules"))[1] == {"schedules": []}


async def test_a_story_is_shown_as_a_tree_from_any_of_its_ids(world: World) -> None:
    for id_ in (await intent(world), await run(world)):
        status, body = await look(world, f"/console/trace/{id_}")
        assert status == 200
        assert body.count("<svg") > 5
        assert "sales.csv" in body
        [trace] = re.findall(r"trace_id=(\w+)", body)
        assert "sales.csv" in (await look(world, f"/console/trace/{trace}"))[1]
    assert (await look(world, "/console/trace/rubbish"))[0] == 422
    assert (await look(world, "/console/trace/a-b"))[0] == 404


async def test_a_schedule_id_leads_to_its_place(world: World) -> None:
    one = await schedule(world)
    async with world.session.get(
        f"{world.url}/console/go?to={one}", headers={"x-api-key": world.keys["viewer"]}, allow_redirects=False
    ) as answer:
        assert answer.headers["location"] == f"/console/schedules/{one}"


async def test_only_a_run_that_is_not_over_is_asked_for_each_second(world: World) -> None:
    assert 'data-every="1"' in (await look(world, f"/console/runs/{await a_run(world, status='waiting')}"))[1]
    over = await a_failed_run(world)
    await world.desk.helm.store.commit(lambda tx: tx.execute(update(run_table).where(run_table.c.id == over).values(dead=False)))
    assert 'data-every="0"' in (await look(world, f"/console/runs/{over}"))[1]


async def test_the_front_page_tells_of_intents_that_failed_lately_and_why_with_their_runs(world: World) -> None:
    """Not of what is a dead letter, which is counted there already, nor of what is long ago."""
    found = await a_failed_run(world, dead=False, workflow="intent", intent="int_01m7y5yr6fe5hvadg4t960z6tv", error=problem("no such file"))
    dead = await a_failed_run(world, workflow="intent", error=problem("the disk is away"))
    old = await a_failed_run(world, dead=False, workflow="intent", created=utc_now() - timedelta(hours=25), error=problem("long ago"))
    _, body = await look(world, "/console/")
    assert f'<a href="/console/runs/{found}">no such file</a>' in body
    assert "/console/intents/int_01m7y5yr6fe5hvadg4t960z6tv" in body
    assert (dead in body, old in body, "long ago" in body) == (False, False, False)
    _, elsewhere = await look(world, "/console/", "prod")
    assert "no such file" not in elsewhere


async def test_of_failed_runs_those_that_are_dead_letters_are_asked_for_or_left_out(world: World) -> None:
    dead, done = await a_failed_run(world), await a_failed_run(world, dead=False)
    for asked, expected in (("true", {dead}), ("false", {done})):
        for also in ("", "&code=unavailable", "&workflow=review"):
            _, found = await world.call("viewer", "GET", f"/v1/runs?status=failed&dead={asked}{also}")
            assert {one["run_id"] for one in found["runs"]} == expected, (asked, also)
