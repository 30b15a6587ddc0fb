"""The twin of Telegram is as Telegram: its answers and updates are read by aiogram's strict models, aiogram can work with it, and it brings
updates again when tdlib/telegram-bot-api would."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from aiohttp import web

from support.twins.telegram import TOKEN, Twin, telegram_twin, updates
from support.twins.telegram.bringing import KEPT_SECONDS, Bringing


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    with telegram_twin(speed=200) as running:
        yield running


@pytest.mark.parametrize(
    ("retry_after", "chance", "waits"),
    [
        pytest.param([0] * 9, 0.0, [0, 2, 4, 8, 16, 32, 60, 60, 60], id="at once, then doubled up to a minute"),
        pytest.param([0] * 9, 0.99, [0, 2, 4, 8, 16, 32, 64, 119.4, 119.4], id="or up to two"),
        pytest.param([7, 0, 5, 0], 0.0, [7, 2, 5, 4], id="as the answer says"),
        pytest.param([9999], 0.0, [3600], id="an hour at most"),
    ],
)
def test_an_update_that_fails_comes_again_as_tdlib_has_it(retry_after: list[int], chance: float, waits: list[float]) -> None:
    bringing = Bringing(expires=KEPT_SECONDS)
    assert [bringing.failed(0, one, chance) for one in retry_after] == pytest.approx(waits)


def test_an_update_is_dropped_that_would_come_after_a_day() -> None:
    bringing = Bringing(expires=KEPT_SECONDS)
    assert bringing.failed(KEPT_SECONDS - 10, 11, 0) is None
    assert bringing.failed(KEPT_SECONDS - 10, 10, 0) == 10


FILES = ("voice", "audio", "video", "video_note", "document", "animation", "sticker")
MADE: Mapping[str, dict[str, Any]] = {
    "message": updates.message("Olá", entities=[updates.entity("mention", "Olá", "Olá")]), "edited": updates.edited("Olá"),
    "nameless": updates.message("oi", by=updates.SOMEBODY), "post": updates.post("Aviso"), "pressed": updates.pressed("g.1"),
    "reacted": updates.reacted("👍", "👎"), "blocked": updates.blocked(),
    "topic": updates.message("oi", chat=updates.GROUP, message_thread_id=3, is_topic_message=True),
    **{kind: updates.message(**{kind: updates.file(kind)}) for kind in FILES},
    "photo": updates.message(photo=[updates.file("photo")], caption="foto"),
    "location": updates.message(location={"latitude": -23.5, "longitude": -46.6}),
    "contact": updates.message(contact={"phone_number": "+551199", "first_name": "Bia", "user_id": 5}),
}  # fmt: skip


@pytest.mark.parametrize("name", [pytest.param(one, id=one) for one in MADE])
def test_its_updates_are_telegrams(name: str) -> None:
    types = pytest.importorskip("aiogram.types")
    read = types.Update.model_validate({"update_id": 1, **MADE[name]}, strict=False)
    assert not list(_unknown(read)), "a field that the Bot API has not"
    assert read.event_type == next(iter(MADE[name]))


def _unknown(model: Any, at: str = "") -> Iterator[str]:
    """Fields that the Bot API has not, where they stand."""
    yield from (f"{at}.{one}" for one in model.model_extra or {})
    for name, value in model:
        for one in value if isinstance(value, list) else [value]:
            if hasattr(one, "model_extra"):
                yield from _unknown(one, f"{at}.{name}")


async def test_aiogram_works_with_it(twin: Twin) -> None:
    aiogram = pytest.importorskip("aiogram")
    sessions, servers = pytest.importorskip("aiogram.client.session.aiohttp"), pytest.importorskip("aiogram.client.telegram")
    async with sessions.AiohttpSession(api=servers.TelegramAPIServer.from_base(twin.url)) as session:
        bot = aiogram.Bot(TOKEN, session=session)
        assert (await bot.get_me()).username == "hulk_twin_bot"
        sent = await bot.send_message(1001, "<b>Olá</b>")
        assert not list(_unknown(sent))
        file = aiogram.types.BufferedInputFile(b"a;b", "relatório.csv")
        document = (await bot.send_document(1001, file, caption="x")).document
        assert document is not None
        assert document.file_name == "relatório.csv"
        assert await bot.set_webhook("https://hulk.example.com/x", secret_token="a" * 30)
        assert (await bot.get_webhook_info()).url == "https://hulk.example.com/x"
        with pytest.raises(aiogram.exceptions.TelegramConflictError):
            await bot.get_updates()
        assert await bot.delete_webhook()
        twin.say(MADE["message"])
        assert [one.message.text for one in await bot.get_updates() if one.message] == ["Olá"]
        await bot.get_updates(offset=10**6)
        twin.fault("sendMessage", kind="429", retry_after=1)
        with pytest.raises(aiogram.exceptions.TelegramRetryAfter, match="1 s"):
            await bot.send_message(1001, "x")


async def test_what_comes_after_one_that_fails_waits_and_other_chats_do_not() -> None:
    seen, failing = list[str](), [3]

    async def hook(request: web.Request) -> web.Response:
        update = json.loads(await request.read())
        seen.append(update["message"]["text"])
        if update["message"]["text"] == "um" and failing[0]:
            failing[0] -= 1
            raise web.HTTPServiceUnavailable
        return web.Response()

    app = web.Application()
    app.router.add_post("/", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    with telegram_twin(speed=200) as running:
        await _asked(running, "setWebhook", url=f"http://127.0.0.1:{runner.addresses[0][1]}/")
        running.say(updates.message("um"), updates.message("dois"), updates.message("outro", by=updates.SOMEBODY))
        while len(seen) < 6:
            await _asked(running, "getMe")
    await runner.cleanup()
    assert [one for one in seen if one != "outro"] == ["um", "um", "um", "um", "dois"]
    assert seen.index("outro") < seen.index("dois")


async def _asked(twin: Twin, method: str, **told: Any) -> Any:
    from aiohttp import ClientSession

    async with ClientSession() as session, session.post(f"{twin.url}/bot{TOKEN}/{method}", json=told) as response:
        return await response.json()
