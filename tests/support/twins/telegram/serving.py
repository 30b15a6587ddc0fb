"""The twin at work: the Bot API's methods, the webhook, and what tests tell it."""

import asyncio
import contextlib
import random
import socket
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from support.twins.telegram import TOKEN, checking
from support.twins.telegram.bringing import GONE_SECONDS, KEPT_SECONDS, Bringing
from support.twins.telegram.checking import NotTaken
from support.twins.telegram.updates import BOT

_FILES = {"sendDocument": "document", "sendPhoto": "photo", "sendVoice": "voice"}
_WAIT_SECONDS = 60
_DELETABLE_SECONDS = 48 * 3600


@dataclass
class Telegram:
    """A bot, its chats, and what waits for it."""

    speed: float
    session: ClientSession
    updates: dict[int, dict[str, Any]] = field(default_factory=dict)
    past: dict[int, dict[str, Any]] = field(default_factory=dict)
    webhook: dict[str, Any] | None = None
    faults: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    known: dict[str, Any] = field(
        default_factory=lambda: {"revoked": False, "blocked": [], "gone": [], "moved": {}, "files": {}, "erased": [], "locked": []}
    )
    log: dict[str, list[Any]] = field(
        default_factory=lambda: {"sent": [], "answered": [], "shown": [], "asked": [], "brought": [], "edited": []}
    )
    held_until: float = 0.0
    last_error: tuple[int, str] | None = None
    first_gone: float | None = None
    number: int = 1000
    message: int = 500
    came: asyncio.Event = field(default_factory=asyncio.Event)
    poller: int = 0
    lines: dict[int, asyncio.Queue[int]] = field(default_factory=dict)
    group: Any = None
    began: float = field(default_factory=time.monotonic)

    @property
    def now(self) -> float:
        """Seconds since it began, as fast as they go here."""
        return (time.monotonic() - self.began) * self.speed

    # What happens ---------------------------------------------------------------------------------------------------------------

    def say(self, updates: list[dict[str, Any]]) -> list[int]:
        """They wait for the bot."""
        numbers = []
        for update in updates:
            self.number += 1
            numbers.append(self.number)
            self.updates[self.number] = self.past[self.number] = {"update_id": self.number, **update}
            self.wake(self.number)
        return numbers

    def wake(self, number: int) -> None:
        """Somebody is told that it waits."""
        self.ring()
        if self.webhook is not None:
            self.bring(number)

    def ring(self) -> None:
        """Whoever waits looks again."""
        self.came.set()
        self.came = asyncio.Event()

    def bring(self, number: int) -> None:
        """It stands in the line of its chat."""
        chat = _chat(self.updates[number])
        if chat not in self.lines:
            self.lines[chat] = asyncio.Queue()
            self.group.create_task(self._line(self.lines[chat]))
        self.lines[chat].put_nowait(number)

    async def _line(self, line: asyncio.Queue[int]) -> None:
        while True:
            number = await line.get()
            if number in self.updates and self.webhook is not None:
                await self._brought(number, Bringing(expires=self.now + KEPT_SECONDS))

    async def _brought(self, number: int, bringing: Bringing) -> None:
        while self.webhook is not None:
            status, retry_after = await self._try(number, self.webhook)
            self.log["brought"].append({"update": number, "status": status, "at": self.now, "fails": bringing.fails})
            if 200 <= status < 300:
                self.updates.pop(number, None)
                return
            wait = bringing.failed(self.now, retry_after, random.random())
            if wait is None:
                self.updates.pop(number, None)
                return
            await asyncio.sleep(wait / self.speed)

    async def _try(self, number: int, hook: dict[str, Any]) -> tuple[int, int]:
        headers = {"X-Telegram-Bot-Api-Secret-Token": hook["secret"]} if hook["secret"] else {}
        try:
            async with self.session.post(hook["url"], json=self.updates[number], headers=headers) as response:
                said = await response.json() if response.content_type == "application/json" and response.status < 300 else {}
                after = response.headers.get("Retry-After", "0")
                status = response.status
        except (ClientError, TimeoutError, OSError):
            self.last_error = (int(time.time()), "Webhook connection closed")
            return 0, 0
        if status >= 300:
            self.last_error = (int(time.time()), f"Wrong response from the webhook: {status} {response.reason}")
        self._gone(status)
        if isinstance(said, dict) and not str(said.get("method", "get")).lower().startswith(("get", "setwebhook", "deletewebhook")):
            await self._told(said)
        return status, int(after) if after.isdigit() else 0

    def _gone(self, status: int) -> None:
        if status != 410:
            self.first_gone = None
        elif self.first_gone is None:
            self.first_gone = self.now
        elif self.now > self.first_gone + GONE_SECONDS:
            self.webhook = None

    async def _told(self, said: dict[str, Any]) -> None:
        """A method in the response to a webhook is done, and what comes of it told to nobody."""
        try:
            await self.call(said.pop("method"), said, {})
        except NotTaken:
            return

    # What the bot asks ------------------------------------------------------------------------------------------------------------

    async def call(self, method: str, told: dict[str, Any], files: dict[str, bytes]) -> Any:
        """The result of a method. Raises `NotTaken`."""
        if (act := getattr(self, f"do_{method}", None)) is not None:
            return await act(told)
        if method in _FILES:
            return await self._file(method, told, files)
        raise NotTaken(404, "Not Found")

    async def do_getMe(self, _: dict[str, Any]) -> Any:  # noqa: N802  # Telegram's word
        """Who the bot is."""
        more = ("can_join_groups", "can_read_all_group_messages", "supports_inline_queries", "can_connect_to_business", "has_main_web_app")
        return {**BOT, **dict.fromkeys(more, False)}

    async def do_setWebhook(self, told: dict[str, Any]) -> Any:  # noqa: N802
        """From now on that is called."""
        fresh = self.webhook is None
        self.webhook = checking.webhook(told) if told.get("url") else None
        if fresh and self.webhook is not None:
            for number in list(self.updates):
                self.bring(number)
        return True

    async def do_deleteWebhook(self, _: dict[str, Any]) -> Any:  # noqa: N802
        """Nothing is called any more."""
        self.webhook = None
        return True

    async def do_getWebhookInfo(self, _: dict[str, Any]) -> Any:  # noqa: N802
        """How that goes."""
        url = self.webhook["url"] if self.webhook else ""
        found: dict[str, Any] = {"url": url, "has_custom_certificate": False, "pending_update_count": len(self.updates)}
        if self.last_error and self.webhook:
            found |= {"last_error_date": self.last_error[0], "last_error_message": self.last_error[1]}
        return found

    async def do_getUpdates(self, told: dict[str, Any]) -> Any:  # noqa: N802
        """Those that wait; they are gone once a later one is asked for. An offset that is far off counts from the first (TQueue.cpp)."""
        if self.webhook is not None:
            raise NotTaken(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook first")
        self.poller += 1
        self.ring()
        mine, offset = self.poller, int(told.get("offset", 0))
        if 0 < offset <= self.number + 10:
            self.updates = {number: one for number, one in self.updates.items() if number >= offset}
        until = time.monotonic() + int(told.get("timeout", 0))
        while not self.updates and (left := until - time.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.came.wait(), left)
            if self.poller != mine:
                raise NotTaken(409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running")
        return list(self.updates.values())[: int(told.get("limit", 100))]

    async def do_sendMessage(self, told: dict[str, Any]) -> Any:  # noqa: N802
        """A text."""
        text = checking.words(told.get("text"), 4096, "message text is empty")
        parts = checking.entities(text, told.get("entities") or [])
        return self._sent("sendMessage", told, {"text": text, **({"entities": parts} if parts else {})})

    async def _file(self, method: str, told: dict[str, Any], files: dict[str, Any]) -> Any:
        kind = _FILES[method]
        part = str(told.get(kind, "")).removeprefix("attach://") or kind
        if part not in files:
            raise NotTaken(400, f"Bad Request: there is no {kind} in the request")
        name, data = files[part]
        if kind == "photo" and not data.startswith((b"\x89PNG", b"\xff\xd8")):
            raise NotTaken(400, "Bad Request: IMAGE_PROCESS_FAILED")
        found: dict[str, Any] = {"file_id": f"sent-{self.message}", "file_unique_id": f"u{self.message}", "file_size": len(data)}
        made: Any = {
            "photo": [{**found, "width": 1, "height": 1}], "voice": {**found, "duration": 1}, "document": {**found, "file_name": name},
        }[kind]  # fmt: skip
        return self._sent(method, told, {kind: made}, {"name": name, "text": data.decode("latin-1")[:200]})

    async def do_editMessageText(self, told: dict[str, Any]) -> Any:  # noqa: N802
        """What the bot sent says something else from now on: `Client::process_edit_message_text_query` of tdlib/telegram-bot-api. What it
        sent itself may be changed as long as it is there (`has_edit_time_limit` in MessagesManager.cpp of tdlib/td); what was sent a while
        ago is too old where `locked` says so, as other people's are after 48 hours."""
        message = self._ours(told, "edit")
        text = checking.words(told.get("text"), 4096, "message text is empty", "MESSAGE_TOO_LONG")
        if "text" not in message:
            raise NotTaken(400, "Bad Request: there is no text in the message to edit")
        if message["message_id"] in self.known["locked"]:
            raise NotTaken(400, "Bad Request: message can't be edited")
        parts = checking.entities(text, told.get("entities") or [])
        markup = checking.keyboard(told["reply_markup"]) if told.get("reply_markup") else None
        fresh = {"text": text, **({"entities": parts} if parts else {}), **({"reply_markup": markup} if markup else {})}
        if fresh == {name: message[name] for name in ("text", "entities", "reply_markup") if name in message}:
            raise NotTaken(400, "Bad Request: message is not modified: specified new message content and reply markup are exactly the same "
                                "as a current content and reply markup of the message")  # fmt: skip
        for name in ("entities", "reply_markup"):
            message.pop(name, None)
        message |= {**fresh, "edit_date": int(time.time())}
        self.log["edited"].append({"message_id": message["message_id"], "text": text})
        return message

    async def do_deleteMessage(self, told: dict[str, Any]) -> Any:  # noqa: N802
        """What the bot sent is gone; of what is older than 48 hours that is refused."""
        message = self._ours(told, "delete")
        if time.time() - message["date"] > _DELETABLE_SECONDS or message["message_id"] in self.known["locked"]:
            raise NotTaken(400, "Bad Request: message can't be deleted for everyone")
        self.known["erased"].append(message["message_id"])
        return True

    def _ours(self, told: dict[str, Any], what: str) -> dict[str, Any]:
        chat = self._there(told)["id"]
        if not isinstance(told.get("message_id"), int):
            raise NotTaken(400, "Bad Request: message identifier is not specified")
        for one in self.log["sent"]:
            message: dict[str, Any] = one["message"]
            its, there = (message["chat"]["id"], message["message_id"]), message["message_id"] not in self.known["erased"]
            if its == (chat, told["message_id"]) and there:
                return message
        raise NotTaken(400, f"Bad Request: message to {what} not found")

    async def do_sendChatAction(self, told: dict[str, Any]) -> Any:  # noqa: N802
        """Something is going on."""
        self._there(told)
        self.log["shown"].append(told)
        return True

    async def do_sendMessageDraft(self, told: dict[str, Any]) -> Any:  # noqa: N802
        """A message in the making, in private only."""
        if self._there(told)["id"] < 0:
            raise NotTaken(400, "Bad Request: TEXTDRAFT_PEER_INVALID")
        if not told.get("draft_id"):
            raise NotTaken(400, "Bad Request: draft_id must be non-zero")
        self.log["shown"].append(told)
        return True

    async def do_answerCallbackQuery(self, told: dict[str, Any]) -> Any:  # noqa: N802
        """A button was taken note of."""
        self.log["answered"].append(told["callback_query_id"])
        return True

    async def do_getFile(self, told: dict[str, Any]) -> Any:  # noqa: N802
        """Where a file is."""
        name = told["file_id"]
        if name == "large":
            raise NotTaken(400, "Bad Request: file is too big")
        if name not in self.known["files"]:
            raise NotTaken(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        size = len(self.known["files"][name])
        return {"file_id": name, "file_unique_id": f"u-{name}", "file_size": size, "file_path": f"documents/{name}"}

    @property
    def there(self) -> list[dict[str, Any]]:
        """What people see of the bot, oldest first."""
        return [one["message"] for one in self.log["sent"] if one["message"]["message_id"] not in self.known["erased"]]

    def _there(self, told: dict[str, Any]) -> dict[str, Any]:
        chat = told.get("chat_id")
        if not isinstance(chat, int):
            raise NotTaken(400, "Bad Request: chat_id is empty")
        if moved := self.known["moved"].get(str(chat)):
            raise NotTaken(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=moved)
        if chat in self.known["gone"]:
            raise NotTaken(400, "Bad Request: chat not found")
        if chat in self.known["blocked"]:
            raise NotTaken(403, "Forbidden: bot was blocked by the user")
        return {"id": chat, "type": "private", "first_name": "A"} if chat > 0 else {"id": chat, "type": "supergroup", "title": "G"}

    def _sent(self, method: str, told: dict[str, Any], made: dict[str, Any], file: dict[str, Any] | None = None) -> Any:
        chat = self._there(told)
        if told.get("reply_markup"):
            checking.keyboard(told["reply_markup"])
        replied = told.get("reply_parameters")
        if replied and replied["message_id"] == 404 and not replied.get("allow_sending_without_reply"):
            raise NotTaken(400, "Bad Request: message to be replied not found")
        self.message += 1
        found = {"message_id": self.message, "date": int(time.time()), "chat": chat, "from": BOT, **made}
        if topic := told.get("message_thread_id"):
            found |= {"message_thread_id": topic, "is_topic_message": True}
        if told.get("reply_markup"):
            found["reply_markup"] = told["reply_markup"]
        self.log["sent"].append({"method": method, "told": told, "message": found, "file": file})
        return found


def _chat(update: dict[str, Any]) -> int:
    """By whose line it comes."""
    kind = next(one for one in update if one != "update_id")
    inside = update[kind] if isinstance(update[kind], dict) else {}
    return int((inside.get("chat") or (inside.get("message") or {}).get("chat") or inside.get("from") or {}).get("id", 0))


@dataclass
class Served:
    """The twin over HTTP."""

    telegram: Telegram

    async def method(self, request: web.Request) -> web.StreamResponse:
        """A method of the Bot API."""
        name, telegram = request.match_info["method"], self.telegram
        told, files = await _read(request)
        telegram.log["asked"].append({"method": name, "told": told})
        if request.match_info["token"] != TOKEN or telegram.known["revoked"]:
            return _said(NotTaken(401, "Unauthorized"))
        faults = telegram.faults[name] or telegram.faults["*"]
        fault = faults.pop(0) if faults else None
        if fault is None and (left := telegram.held_until - time.monotonic()) > 0:
            return _said(_too_many(max(int(left), 1)))
        if fault is not None and fault["kind"] != "dropped":
            return await self._faulty(request, fault)
        try:
            result = await telegram.call(name, told, files)
        except NotTaken as error:
            return _said(error)
        if fault is not None:
            return await _hang_up(request)
        return web.json_response({"ok": True, "result": result})

    async def _faulty(self, request: web.Request, fault: dict[str, Any]) -> web.StreamResponse:
        kind = fault["kind"]
        if kind == "cut":
            return await _hang_up(request)
        if kind == "page":
            return web.Response(text="<html>", content_type="text/html")
        if kind == "429":
            self.telegram.held_until = time.monotonic() + fault["retry_after"]
            return _said(_too_many(fault["retry_after"]))
        return _said(NotTaken(int(kind), fault.get("says", "Internal Server Error")))

    async def file(self, request: web.Request) -> web.Response:
        """A file."""
        found = self.telegram.known["files"].get(request.match_info["name"])
        if found is None or request.match_info["token"] != TOKEN:
            raise web.HTTPNotFound
        return web.Response(body=found.encode())

    async def told(self, request: web.Request) -> web.Response:
        """What a test tells it."""
        body, telegram = await request.json(), self.telegram
        match request.match_info["what"]:
            case "reset":
                telegram.webhook = None
                telegram.ring()
                self.telegram = Telegram(telegram.speed, telegram.session, group=telegram.group)
            case "say":
                return web.json_response(telegram.say(body))
            case "again":
                telegram.updates[body] = telegram.past[body]
                telegram.wake(body)
            case "fault":
                telegram.faults[body.pop("method")].append(body)
            case "set":
                if file := body.pop("file", None):
                    telegram.known["files"][file[0]] = file[1]
                telegram.known |= body
            case "state":
                told = {"waiting": list(telegram.updates), "webhook": telegram.webhook, "there": telegram.there}
                return web.json_response({**telegram.log, **told})
        return web.json_response(True)


def _too_many(seconds: int) -> NotTaken:
    return NotTaken(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


def _said(error: NotTaken) -> web.Response:
    body = {"ok": False, "error_code": error.code, "description": error.description}
    if error.parameters:
        body["parameters"] = error.parameters
    return web.json_response(body, status=error.code)


async def _hang_up(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _read(request: web.Request) -> tuple[dict[str, Any], dict[str, Any]]:
    if request.content_type == "application/json":
        return checking.read(await request.json()), {}
    told, files = dict[str, Any](), dict[str, Any]()
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            files[name] = (value.filename, value.file.read())
        else:
            told[name] = value
    return checking.read(told), files


async def _serving(speed: float) -> None:
    async with ClientSession(timeout=ClientTimeout(total=_WAIT_SECONDS)) as session, asyncio.TaskGroup() as group:
        telegram = Telegram(speed, session)
        telegram.group = group
        served, app = Served(telegram), web.Application(client_max_size=60_000_000)
        app.router.add_route("*", "/bot{token}/{method}", served.method)
        app.router.add_get("/file/bot{token}/documents/{name}", served.file)
        app.router.add_post("/twin/{what}", served.told)
        runner = web.AppRunner(app, shutdown_timeout=0)
        await runner.setup()
        listening = socket.create_server(("127.0.0.1", 0))
        await web.SockSite(runner, listening).start()
        print(listening.getsockname()[1], flush=True)
        await asyncio.Event().wait()


def serve(speed: float) -> None:
    """Until it is killed."""
    asyncio.run(_serving(speed))
