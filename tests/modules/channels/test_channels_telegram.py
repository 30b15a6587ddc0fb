"""The Telegram channel against its twin: what goes out and what becomes of it, what comes in by both ways, and that it proves itself."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from hulk.kernel.errors import Exhausted, Forbidden, HulkError, NotFound, Refused, TooLarge, Unauthenticated, Unavailable
from hulk.modules.channels.adapters.telegram import Bot, Polling, TelegramDoor, TelegramLine, Webhook
from hulk.modules.channels.adapters.telegram.api import bot
from hulk.modules.channels.domain import Arrival, Attached, Button, Outgoing, split
from hulk.modules.channels.ports import Refusal, Request, Uncertain, Unknowable
from support.ports import free_port
from support.twins.telegram import TOKEN, Twin, telegram_twin, updates

SECRET = "s" * 32
NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def running() -> Iterator[Twin]:
    with telegram_twin(speed=200) as made:
        yield made


@pytest.fixture
def twin(running: Twin) -> Twin:
    running.reset()
    return running


@pytest.fixture
async def asks(twin: Twin) -> AsyncIterator[Bot]:
    async with bot(twin.url, "telegram", lambda: TOKEN) as made:
        yield made


@pytest.fixture
def line(asks: Bot) -> TelegramLine:
    return TelegramLine(asks, lambda: datetime.now(UTC))


def message(text: str = "Olá", **more: Any) -> Outgoing:
    return Outgoing(
        id="msg_1", tenant="default", channel="telegram", text=text, language="pt", created=NOW, due=NOW, **{"address": "1001", **more}
    )


# Sending -----------------------------------------------------------------------------------------------------------------------


async def test_an_answer_goes_out_with_its_parts_and_buttons_to_where_it_was_asked(twin: Twin, line: TelegramLine) -> None:
    buttons = (Button("👍 Bom", "g" * 64), Button("👎 Ruim", "b.1"), Button("Mais", "c.1"))
    sent = await line.send(message("**Olá** 😀 `x`", address="-1009/3", about="55", buttons=buttons), [])
    [got] = twin.state()["sent"]
    assert sent.id == str(got["message"]["message_id"])
    assert (got["told"]["chat_id"], got["told"]["message_thread_id"], got["told"]["text"]) == (-1009, 3, "Olá 😀 x")
    assert [one["type"] for one in got["told"]["entities"]] == ["bold", "code"]
    assert got["told"]["reply_parameters"] == {"message_id": 55, "allow_sending_without_reply": True}
    assert [[one["text"] for one in row] for row in got["told"]["reply_markup"]["inline_keyboard"]] == [["👍 Bom", "👎 Ruim"], ["Mais"]]


async def test_what_is_sent_is_as_the_bot_api_has_it(twin: Twin, line: TelegramLine) -> None:
    methods = pytest.importorskip("aiogram.methods")
    await line.send(message("[a](https://x.y) **b**", about="5", buttons=(Button("a", "b"),)), [])
    await line.working("1001")
    await line.working("-1009/3")
    kinds = {"sendMessage": methods.SendMessage, "sendMessageDraft": methods.SendMessageDraft, "sendChatAction": methods.SendChatAction}
    asked = twin.state()["asked"]
    assert [one["method"] for one in asked] == list(kinds)
    for one in asked:
        assert not kinds[one["method"]].model_validate(one["told"]).model_extra


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("😀" * 3000, id="emoji count twice"),
        pytest.param("**palavra** e `código`. " * 600, id="many parts"),
        pytest.param("```py\n" + "x = 1\n" * 1500 + "```", id="a long block of code"),
        pytest.param("مرحبا بالعالم. " * 500, id="right to left"),
    ],
)
async def test_a_long_answer_goes_out_in_parts_that_telegram_takes(twin: Twin, line: TelegramLine, text: str) -> None:
    ticks = iter(range(1000))
    line.ticks = lambda: float(next(ticks))
    for part in split(text, line.limits.text, utf16=line.limits.utf16):
        await line.send(message(part), [])
    assert all(len(one["told"]["text"].encode("utf-16-le")) <= 8192 for one in twin.state()["sent"])


@pytest.mark.parametrize(
    ("fault", "error", "went"),
    [
        pytest.param({"kind": "429", "retry_after": 7}, Exhausted, 0, id="too many"),
        pytest.param({"kind": "500"}, Uncertain, 0, id="it fails"),
        pytest.param({"kind": "502"}, Uncertain, 0, id="it is not reached behind its proxy"),
        pytest.param({"kind": "dropped"}, Uncertain, 1, id="it takes it and does not say so"),
        pytest.param({"kind": "cut"}, Uncertain, 0, id="it hangs up"),
        pytest.param({"kind": "page"}, Uncertain, 0, id="another answers"),
        pytest.param({"kind": "401", "says": "Unauthorized"}, Unauthenticated, 0, id="the token was taken back"),
        pytest.param({"kind": "404", "says": "Not Found"}, Unauthenticated, 0, id="the token is none"),
        pytest.param({"kind": "403", "says": "Forbidden: bot was kicked"}, Forbidden, 0, id="it was thrown out"),
        pytest.param({"kind": "400", "says": "Bad Request: TOPIC_CLOSED"}, Refused, 0, id="a topic is closed"),
        pytest.param({"kind": "413", "says": "Request Entity Too Large"}, TooLarge, 0, id="it is too large"),
    ],
)
async def test_what_a_fault_means(twin: Twin, line: TelegramLine, fault: dict[str, Any], error: type[HulkError], went: int) -> None:
    twin.fault("sendMessage", **fault)
    with pytest.raises(HulkError) as raised:
        await line.send(message(), [])
    assert type(raised.value) is error
    assert len(twin.state()["sent"]) == went
    assert TOKEN.partition(":")[2] not in str(raised.value)


async def test_nobody_there_is_surely_not_taken() -> None:
    async with bot(f"http://127.0.0.1:{free_port()}", "telegram", lambda: TOKEN) as made:
        with pytest.raises(Unavailable) as raised:
            await TelegramLine(made, lambda: NOW).send(message(), [])
    assert type(raised.value) is Unavailable


@pytest.mark.parametrize(
    ("known", "error"),
    [
        pytest.param({"blocked": [1001]}, Forbidden, id="who blocked us"),
        pytest.param({"gone": [1001]}, Refused, id="a chat that is not there"),
        pytest.param({"revoked": True}, Unauthenticated, id="a token that was taken back"),
    ],
)
async def test_whom_it_cannot_reach(twin: Twin, line: TelegramLine, known: dict[str, Any], error: type[HulkError]) -> None:
    twin.set(**known)
    with pytest.raises(error):
        await line.send(message(), [])


async def test_after_429_nothing_is_asked_until_it_is_over(twin: Twin, line: TelegramLine) -> None:
    now = [100.0]
    line.bot.ticks = lambda: now[0]
    twin.fault("sendMessage", kind="429", retry_after=30)
    for _ in range(2):
        with pytest.raises(Exhausted) as raised:
            await line.send(message(), [])
        assert raised.value.retry_after == 30
    with pytest.raises(Exhausted):
        await line.working("1002")
    assert len(twin.state()["asked"]) == 1


async def test_a_group_takes_twenty_a_minute_and_others_need_not_wait_for_it(line: TelegramLine) -> None:
    line.ticks = lambda: 5.0
    for _ in range(20):
        await line.send(message(address="-1009"), [])
    with pytest.raises(Unavailable) as raised:
        await line.send(message(address="-1009"), [])
    assert not isinstance(raised.value, Exhausted | Uncertain)
    assert raised.value.retry_after == pytest.approx(3)
    await line.send(message(address="-1010"), [])
    await line.send(message(), [])


async def test_a_group_that_moved_gets_it_where_it_is_now(twin: Twin, line: TelegramLine) -> None:
    twin.set(moved={"-1009": -2009})
    await line.send(message(address="-1009", about="5"), [])
    [got] = twin.state()["sent"]
    assert got["told"]["chat_id"] == -2009


async def test_files_go_out_as_what_they_are(twin: Twin, line: TelegramLine, tmp_path: Path) -> None:
    made = {"gráfico.png": b"\x89PNG\r\n", "fala.ogg": b"OggS", 'relatório "1".csv': b"a;b", "falso.png": b"<svg>"}
    files = [(name, tmp_path / str(place)) for place, name in enumerate(made)]
    for name, path in files:
        path.write_bytes(made[name])
    sent = await line.send(message("Pronto", buttons=(Button("a", "b"),)), files)
    got = twin.state()["sent"]
    assert [one["method"] for one in got] == ["sendMessage", "sendPhoto", "sendVoice", "sendDocument", "sendDocument"]
    assert [one["file"]["name"] for one in got[1:]] == ["gráfico.png", "fala.ogg", "relatório '1'.csv", "falso.png"]
    assert ["reply_markup" in one["told"] for one in got] == [False, False, False, False, True]
    assert sent.id == str(got[0]["message"]["message_id"])


async def test_what_went_out_before_a_fault_is_not_sent_again(twin: Twin, line: TelegramLine, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    for _ in range(2):
        twin.fault("sendDocument", kind="503")
        with pytest.raises(Unavailable):
            await line.send(message(), [("a.csv", tmp_path / "a")])
    sent = await line.send(message(), [("a.csv", tmp_path / "a")])
    got = twin.state()["sent"]
    assert [one["method"] for one in got] == ["sendMessage", "sendDocument"]
    assert sent.id == str(got[0]["message"]["message_id"])


async def test_it_cannot_be_asked_for_a_message(line: TelegramLine) -> None:
    with pytest.raises(Unknowable):
        await line.find(message())


@pytest.mark.parametrize("address", ["", "ana", "1/x", "1" * 30, "½"])
async def test_an_address_that_is_none_is_refused(line: TelegramLine, address: str) -> None:
    with pytest.raises(Refused):
        await line.send(message(address=address), [])


async def test_that_it_works_on_it_is_shown_as_each_chat_can(twin: Twin, line: TelegramLine) -> None:
    await line.working("1001/5")
    await line.working("-1009/3")
    twin.fault("sendMessageDraft", kind="400", says="Bad Request: TEXTDRAFT_PEER_INVALID")
    await line.working("1001")
    shown = twin.state()["shown"]
    assert [(one["chat_id"], one.get("message_thread_id"), one.get("action")) for one in shown] == [
        (1001, 5, None), (-1009, 3, "typing"), (1001, None, "typing"),
    ]  # fmt: skip


# Files that came ---------------------------------------------------------------------------------------------------------------


async def test_a_file_is_fetched(twin: Twin, line: TelegramLine, tmp_path: Path) -> None:
    twin.set(file=["voice-1", "olá"])
    await line.fetch(Attached(ref="voice-1"), tmp_path / "got", 100)
    assert (tmp_path / "got").read_text("utf-8") == "olá"


@pytest.mark.parametrize(
    ("ref", "most", "error"),
    [
        pytest.param("voice-1", 3, TooLarge, id="more than is taken"),
        pytest.param("large", 10**9, TooLarge, id="more than Telegram gives"),
        pytest.param("none", 100, NotFound, id="not there any more"),
    ],
)
async def test_a_file_cannot_be_had(twin: Twin, line: TelegramLine, tmp_path: Path, ref: str, most: int, error: type[HulkError]) -> None:
    twin.set(file=["voice-1", "olá"])
    with pytest.raises(error):
        await line.fetch(Attached(ref=ref), tmp_path / "got", most)


# Coming in ---------------------------------------------------------------------------------------------------------------------


@dataclass
class Taken:
    """Keeps what came in, each once; fails as often as it is told to."""

    fails: int = 0
    keys: dict[str, Arrival] = field(default_factory=dict)
    came: asyncio.Queue[Arrival] = field(default_factory=asyncio.Queue)

    async def __call__(self, arrivals: Sequence[Arrival]) -> None:
        if self.fails and arrivals:
            self.fails -= 1
            raise Unavailable("The store is away.")
        for one in arrivals:
            if one.key not in self.keys:
                self.keys[one.key] = one
                self.came.put_nowait(one)

    async def texts(self, count: int) -> list[str]:
        return [(await self.came.get()).text for _ in range(count)]


async def _unmarked(mark: str) -> None:
    raise AssertionError(mark)


@asynccontextmanager
async def _listening(listens: Polling | Webhook, taken: Taken) -> AsyncIterator[asyncio.Task[None]]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(listens.listen(taken, "", _unmarked))
        yield task
        task.cancel()


async def test_updates_are_asked_for_and_buttons_answered(twin: Twin, asks: Bot) -> None:
    twin.say(updates.message("um"))
    taken = Taken()
    async with _listening(Polling(asks, lambda: NOW), taken):
        assert await taken.texts(1) == ["um"]
        twin.say(updates.pressed("g.1"), updates.message("dois"))
        assert await taken.texts(2) == ["", "dois"]
        twin.say(updates.message("três"))
        assert await taken.texts(1) == ["três"]
    assert twin.state()["answered"] == ["99887766"]


async def test_what_could_not_be_kept_is_not_confirmed_and_comes_again(twin: Twin, asks: Bot) -> None:
    twin.say(updates.message("um"), updates.message("dois"))
    taken = Taken(fails=1)
    with pytest.raises(Unavailable, match="store"):
        await Polling(asks, lambda: NOW).listen(taken, "", _unmarked)
    assert len(twin.state()["waiting"]) == 2
    async with _listening(Polling(asks, lambda: NOW), taken):
        assert await taken.texts(2) == ["um", "dois"]


async def test_asking_takes_the_place_of_a_webhook(twin: Twin, asks: Bot) -> None:
    await asks.call("setWebhook", {"url": "https://elsewhere.example.com/x"})
    twin.say(updates.message("um"))
    taken = Taken()
    async with _listening(Polling(asks, lambda: NOW), taken):
        assert await taken.texts(1) == ["um"]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        pytest.param({"kind": "409", "says": "Conflict: terminated by other getUpdates request"}, Unavailable, id="another program asks"),
        pytest.param({"kind": "401"}, Unauthenticated, id="the token was taken back"),
        pytest.param({"kind": "502"}, Unavailable, id="it fails"),
        pytest.param({"kind": "429", "retry_after": 3}, Exhausted, id="too often"),
    ],
)
async def test_why_updates_cannot_be_had(twin: Twin, asks: Bot, fault: dict[str, Any], error: type[HulkError]) -> None:
    twin.fault("getUpdates", **fault)
    with pytest.raises(error):
        await Polling(asks, lambda: NOW).listen(Taken(), "", _unmarked)


@asynccontextmanager
async def _serving(door: TelegramDoor, taken: Taken) -> AsyncIterator[str]:
    """The door over HTTP, as the program has it: verified, kept, then answered."""

    async def hook(request: web.Request) -> web.Response:
        headers = {name.lower(): tuple(value.encode() for value in request.headers.getall(name)) for name in request.headers}
        query = {name: tuple(request.query.getall(name)) for name in request.query}
        try:
            accepted = await door.accept(Request(request.method, headers, query, await request.read(), datetime.now(UTC)))
            await taken(accepted.arrivals)
        except Refusal as refusal:
            return web.Response(status=refusal.status)
        except Unavailable:
            return web.Response(status=503)
        return web.Response(body=accepted.body, status=accepted.status, headers={"content-type": accepted.media_type})

    app = web.Application()
    app.router.add_route("*", "/v1/hooks/telegram", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1/hooks/telegram"
    await runner.cleanup()


async def _set(twin: Twin, asks: Bot, url: str) -> None:
    """Wait until Telegram calls there."""
    while (await asks.call("getWebhookInfo"))["url"] != url:
        pass


async def test_telegram_brings_updates_in_their_order_each_once_whatever_fails(twin: Twin, asks: Bot) -> None:
    taken = Taken(fails=3)
    async with _serving(TelegramDoor(asks, lambda: SECRET), taken) as url, _listening(Webhook(asks, url, lambda: SECRET), taken):
        await _set(twin, asks, url)
        numbers = twin.say(updates.message("um"), updates.message("dois"), updates.pressed("g.1"))
        assert await taken.texts(3) == ["um", "dois", ""]
        twin.again(numbers[0])
        twin.say(updates.message("três"))
        assert await taken.texts(1) == ["três"]
        while "99887766" not in twin.state()["answered"]:
            await asks.me()
    tries = [one["update"] for one in twin.state()["brought"]]
    assert tries.count(numbers[0]) == 5
    assert len(taken.keys) == 4


async def test_a_webhook_that_somebody_took_away_is_set_again(twin: Twin, asks: Bot) -> None:
    async with _listening(Webhook(asks, "http://127.0.0.1:9/x", lambda: SECRET, seconds=0.01), Taken()):
        await _set(twin, asks, "http://127.0.0.1:9/x")
        await asks.call("setWebhook", {"url": "https://elsewhere.example.com/"})
        await _set(twin, asks, "http://127.0.0.1:9/x")


# Proving itself ----------------------------------------------------------------------------------------------------------------


async def test_it_proves_itself_by_asking_and_by_its_own_address(twin: Twin, asks: Bot) -> None:
    taken = Taken()
    async with _serving(TelegramDoor(asks, lambda: SECRET), taken) as url:
        await asks.call("setWebhook", {"url": url, "secret_token": SECRET})
        checked = await TelegramLine(asks, lambda: datetime.now(UTC), url, lambda: SECRET).check()
    assert [str(text) for text, _ in checked.steps] == [
        "Telegram knows us as @hulk_twin_bot", "Telegram has 0 updates for us", f"{url} leads here",
    ]  # fmt: skip
    assert not taken.keys
    assert not twin.state()["sent"]


async def test_a_channel_that_asks_proves_itself_without_an_address(twin: Twin, line: TelegramLine) -> None:
    twin.say(updates.message("um"))
    assert [str(text) for text, _ in (await line.check()).steps][1:] == ["Telegram has 1 updates for us"]


async def test_an_address_that_leads_elsewhere_is_told(asks: Bot) -> None:
    async with _serving(TelegramDoor(asks, lambda: "t" * 32), Taken()) as url:
        await asks.call("setWebhook", {"url": url, "secret_token": SECRET})
        with pytest.raises(Refused, match="does not lead here"):
            await TelegramLine(asks, lambda: NOW, url, lambda: SECRET).check()


async def test_another_program_with_the_same_bot_is_told(asks: Bot, line: TelegramLine) -> None:
    await asks.call("setWebhook", {"url": "https://n8n.example.com/x"})
    with pytest.raises(Refused, match="another program"):
        await line.check()


async def test_that_telegram_cannot_bring_what_it_has_is_told(twin: Twin, asks: Bot) -> None:
    url = f"http://127.0.0.1:{free_port()}/v1/hooks/telegram"
    await asks.call("setWebhook", {"url": url})
    twin.say(updates.message("um"))
    while "last_error_date" not in await asks.call("getWebhookInfo"):
        pass
    line = TelegramLine(asks, lambda: datetime.now(UTC), url, lambda: SECRET)
    with pytest.raises(Unavailable, match="could not bring them"):
        await line.check()
    with pytest.raises(HulkError, match="reached"):
        await replace(line, clock=lambda: datetime(2030, 1, 1, tzinfo=UTC)).check()


async def test_a_token_that_was_taken_back_is_told(twin: Twin, line: TelegramLine) -> None:
    twin.set(revoked=True)
    with pytest.raises(Unauthenticated, match="BotFather"):
        await line.check()
