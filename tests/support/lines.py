"""Every kind of channel's line with its vendor's twin, told apart by nothing but what stands here.

A new kind is a function that gives a `Rig`, and a line of `RIGS`. What a vendor cannot do stands in `CANNOT`, with the reason.
"""

import asyncio
import email
import email.policy
import json
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, ExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

from hulk.modules.channels.adapters.alexa import AlexaLine, certificates
from hulk.modules.channels.adapters.email import EmailLine, Login, Place
from hulk.modules.channels.adapters.email import ImapServer as Imap
from hulk.modules.channels.adapters.email import SmtpServer as Smtp
from hulk.modules.channels.adapters.mattermost import MattermostEdits, MattermostLine, Server
from hulk.modules.channels.adapters.telegram import TelegramEdits, TelegramLine
from hulk.modules.channels.adapters.telegram.api import bot as telegram_bot
from hulk.modules.channels.adapters.vendor import vendor
from hulk.modules.channels.adapters.webhook import WebhookLine
from hulk.modules.channels.adapters.whatsapp import Graph, WhatsAppLine
from hulk.modules.channels.adapters.wyoming import Allowed, WyomingLine, WyomingServes
from hulk.modules.channels.domain import Arrival, Attached, Outgoing
from hulk.modules.channels.ports import Edits, Line, Reply, Told
from hulk.runtime.language import voice
from support.alexa import amazon_twin
from support.mailboxes import line as email_line
from support.mailboxes import with_file
from support.mattermost import HOOK, Chat
from support.ports import free_port
from support.twins.email import ADDRESS, PASSWORD, email_twin
from support.twins.email import Twin as Mailbox
from support.twins.systems import System, system
from support.twins.systems.mattermost import DIRECT, made_id
from support.twins.systems.receiver import SECRET
from support.twins.telegram import TOKEN as TELEGRAM_TOKEN
from support.twins.telegram import Twin as Telegram
from support.twins.telegram import telegram_twin
from support.twins.whatsapp import APP_SECRET, NUMBER, PERSON, PHONE, Meta, meta
from support.twins.whatsapp import TOKEN as META_TOKEN

Fault: TypeAlias = Literal["too much", "away", "broken", "lost", "never"]
"""The next message: too much was sent; it is surely not taken now; the vendor breaks; it is taken, and nobody says so; it never will be."""
Can: TypeAlias = Literal["send", "find", "tell", "fetch", "be revoked"]
CANNOT: dict[tuple[str, Can], str] = {
    ("alexa", "send"): "she speaks only when she is spoken to: answers are given in responses",
    ("alexa", "find"): "nobody knows what was heard",
    ("alexa", "fetch"): "she brings no files",
    ("alexa", "be revoked"): "there is no token: Amazon proves each of its requests",
    ("telegram", "find"): "the Bot API has no place for a handle of ours, and no way to ask for a message",
    ("webhook", "tell"): "it is not asked: it knows by the id what it has, so a message is sent again",
    ("webhook", "fetch"): "a webhook brings no files",
    ("whatsapp", "find"): "Meta cannot be asked; it tells by itself, with the handle, what became of a message",
    ("wyoming", "send"): "it is spoken to, and answers: answers are given in responses",
    ("wyoming", "find"): "nobody knows what was heard",
    ("wyoming", "fetch"): "it brings no files",
    ("wyoming", "be revoked"): "there is no token: the protocol asks nobody who they are",
}


def _not_there(*_: Any) -> Any:
    raise AssertionError("this vendor has no such thing (CANNOT)")


@dataclass(frozen=True, kw_only=True)
class Rig:
    """A line with its twin as it was at first. `gone` is the same line where nobody listens.

    `address` is one that it takes; `fault` has the next message go wrong; `texts` are what people can read; `revoke` has the vendor know us
    no more; `file` has somebody send one of that content."""

    line: Line
    gone: Line
    address: str
    fault: Callable[[Fault], Any] = _not_there
    texts: Callable[[], list[str]] = list
    revoke: Callable[[], Any] = _not_there
    file: Callable[[str], Attached] = _not_there
    missing: Attached = field(default_factory=lambda: Attached(ref="none"))
    reply: dict[str, Any] | None = None
    edits: Edits | None = None
    """What changes messages, where the channel can; then also:"""
    here: str = ""
    """An address where it can."""
    fault_of: Callable[[Literal["put", "remove"], Fault], Any] = _not_there
    """The next change goes wrong."""
    gone_by: Callable[[str], Any] = _not_there
    """Somebody deletes what the channel calls so."""
    locked: Callable[[str], Any] = _not_there
    """It may not be changed any more."""

    def message(self, text: str = "Foram 17 pedidos.", **more: Any) -> Outgoing:
        """One that it takes."""
        now = datetime.now(UTC)
        made = Outgoing(
            id="msg_01h455vb4pex5vsknk084sn02q", tenant="default", channel="chat", address=self.address, text=text, language="pt",
            created=now, due=now, attempts=1, reply=self.reply or {},
        )  # fmt: skip
        return replace(made, **more)


def _now() -> datetime:
    return datetime.now(UTC)


def _nowhere() -> str:
    return f"http://127.0.0.1:{free_port()}"


_UPSETS: dict[Fault, str] = {"too much": "429 after 7", "away": "503 after 7", "broken": "500", "lost": "lost", "never": "400"}


@asynccontextmanager
async def _webhook(twin: System) -> AsyncIterator[Rig]:
    twin.reset()

    def line(server: Any) -> WebhookLine:
        return WebhookLine(server, "/hulk", lambda: SECRET, _now)

    def taken() -> list[str]:
        with urllib.request.urlopen(f"{twin.url}/taken") as response:  # noqa: S310  # our own twin
            return [one["text"] for one in json.load(response) if one["type"] == "message"]

    async with vendor(twin.url, "n8n") as server, vendor(_nowhere(), "n8n") as gone:
        yield Rig(
            line=line(server), gone=line(gone), address="shop-17", fault=lambda fault: twin.upset(_UPSETS[fault]), texts=taken,
            revoke=lambda: twin.be(secret="whsec_" + "A" * 32),
        )  # fmt: skip


@asynccontextmanager
async def _telegram(twin: Telegram) -> AsyncIterator[Rig]:
    twin.reset()
    faults: dict[Fault, dict[str, Any]] = {
        "too much": {"kind": "429", "retry_after": 7}, "away": {"kind": "503"}, "broken": {"kind": "500"}, "lost": {"kind": "dropped"},
        "never": {"kind": "400", "says": "Bad Request: TOPIC_CLOSED"},
    }  # fmt: skip

    def file(content: str) -> Attached:
        twin.set(file=["f1", content])
        return Attached(ref="f1")

    async with (
        telegram_bot(twin.url, "telegram", lambda: TELEGRAM_TOKEN) as asks,
        telegram_bot(_nowhere(), "telegram", lambda: TELEGRAM_TOKEN) as gone,
    ):
        line = TelegramLine(asks, _now)
        yield Rig(
            line=line, gone=TelegramLine(gone, _now), address="1001",
            fault=lambda fault: twin.fault("sendMessage", **faults[fault]), revoke=lambda: twin.set(revoked=True), file=file,
            texts=lambda: [one["text"] for one in twin.state()["there"]], edits=TelegramEdits(line), here="-1001/17",
            fault_of=lambda act, fault: twin.fault({"put": "editMessageText", "remove": "deleteMessage"}[act], **faults[fault]),
            gone_by=lambda id_: twin.set(erased=[int(id_)]), locked=lambda id_: twin.set(locked=[int(id_)]),
        )  # fmt: skip


@asynccontextmanager
async def _whatsapp(twin: Meta) -> AsyncIterator[Rig]:
    twin.reset()
    fields = [{"name": "messages", "version": "v25.0"}]
    twin.be(subscription={"object": "whatsapp_business_account", "callback_url": HOOK, "active": True, "fields": fields})
    codes: dict[Fault, int] = {"too much": 130429, "away": 131016, "broken": 131000, "never": 131009}

    def fault(what: Fault) -> None:
        twin.upset("lost") if what == "lost" else twin.be(code=codes[what])

    def file(content: str) -> Attached:
        twin.be(put={"77": content})
        return Attached(ref="77")

    def line(server: Any) -> WhatsAppLine:
        return WhatsAppLine(Graph(server, "v25.0", lambda: META_TOKEN), NUMBER, lambda: APP_SECRET, _now, hook=HOOK)

    async with vendor(twin.url, "WhatsApp") as server, vendor(_nowhere(), "WhatsApp") as gone:
        yield Rig(
            line=line(server), gone=line(gone), address=PERSON, reply={"to": PHONE}, fault=fault, texts=lambda: _said(twin),
            revoke=lambda: twin.be(token="another"), file=file,
        )  # fmt: skip


def _said(twin: Meta) -> list[str]:
    return [(one.get("text") or one["interactive"]["body"])["body" if "text" in one else "text"] for one in twin.sent()]


@asynccontextmanager
async def _mattermost(twin: System) -> AsyncIterator[Rig]:
    twin.reset()
    chat = Chat(twin)
    async with vendor(twin.url, "chat") as asking, vendor(_nowhere(), "chat") as nobody:
        server = Server(asking, lambda: "right")
        await server.me()
        await server.client()
        line = MattermostLine(server, HOOK, _now)
        yield Rig(
            line=line, edits=MattermostEdits(line), here=DIRECT, fault_of=lambda _, fault: twin.upset(_UPSETS[fault]),
            gone_by=lambda id_: chat.does("delete", post=id_), locked=lambda _: twin.be(config={"PostEditTimeLimit": "0"}),
            gone=MattermostLine(Server(nobody, lambda: "right"), HOOK, _now), address=DIRECT,
            fault=lambda fault: twin.upset(_UPSETS[fault]), texts=lambda: [one["message"] for one in chat.ours()],
            revoke=lambda: twin.be(token="another"), missing=Attached(ref=made_id("none")),
            file=lambda content: Attached(ref=chat.does("say", message="", file=("a.csv", content))["file_ids"][0]),
        )  # fmt: skip


@asynccontextmanager
async def _alexa(twin: str) -> AsyncIterator[Rig]:
    async with certificates(twin, ()) as known, certificates(_nowhere(), ()) as gone:
        yield Rig(line=AlexaLine(known, _now), gone=AlexaLine(gone, _now), address="amzn1.ask.account.A")


@asynccontextmanager
async def _email(twin: Mailbox) -> AsyncIterator[Rig]:
    twin.reset()
    twin.set(saves=True)
    faults: dict[Fault, tuple[str, dict[str, Any]]] = {
        "too much": ("MAIL", {"reply": "421 4.7.28 Rate limit exceeded, 7 seconds"}), "away": ("MAIL", {"reply": "452 4.3.1 Disk full"}),
        "broken": ("END", {"reply": "rubbish"}), "lost": ("END", {"drop": True}), "never": ("RCPT", {"reply": "550 5.1.1 No such user"}),
    }  # fmt: skip

    def fault(what: Fault) -> None:
        stage, how = faults[what]
        twin.fault(stage, **how)

    def file(content: str) -> Attached:
        return Attached(ref=f"1700000001/{twin.brings(with_file(content.encode(), 'a.csv'))}/0")

    yield Rig(
        line=email_line(twin, sent="Sent"), gone=_nobody(twin), address="ana@example.com/0123456789abcdef", fault=fault,
        texts=lambda: [_read(one["raw"]) for one in twin.state()["taken"] if one["to"] != ADDRESS], file=file,
        revoke=lambda: twin.set(revoked=True), missing=Attached(ref="1700000001/99/0"),
    )  # fmt: skip


def _nobody(twin: Mailbox) -> EmailLine:
    place, login = Place("localhost", free_port(), "plain"), Login(ADDRESS, lambda: PASSWORD)
    return email_line(twin, imap=Imap(place, login), smtp=Smtp(place, login))


def _read(raw: str) -> str:
    """What people read of a mail."""
    body = email.message_from_bytes(raw.encode("latin-1"), policy=email.policy.default).get_body(("plain",))
    assert body is not None
    return str(body.get_content()).removesuffix("\n")


@asynccontextmanager
async def serving(serves: WyomingServes, told: Told) -> AsyncIterator[None]:
    """It serves until the block ends, and does so when it begins."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(serves.serve(told))
        while not serves.bound:  # noqa: ASYNC110  # nobody rings for it here
            await asyncio.sleep(0)
        yield
        task.cancel()


@asynccontextmanager
async def _silent(_: Arrival, __: float) -> AsyncIterator[Reply]:
    yield Reply(None)


@asynccontextmanager
async def _wyoming(_: None) -> AsyncIterator[Rig]:
    here, nobody = (WyomingServes("127.0.0.1", port, Allowed(), voice, _now) for port in (0, free_port()))
    async with serving(here, _silent):
        yield Rig(line=WyomingLine(here, _now), gone=WyomingLine(nobody, _now), address="home")


RIGS: dict[str, tuple[Callable[[], AbstractContextManager[Any]], Callable[[Any], AbstractAsyncContextManager[Rig]]]] = {
    "alexa": (amazon_twin, _alexa),
    "email": (email_twin, _email),
    "mattermost": (lambda: system("mattermost"), _mattermost),
    "telegram": (telegram_twin, _telegram),
    "webhook": (lambda: system("receiver"), _webhook),
    "whatsapp": (meta, _whatsapp),
    "wyoming": (nullcontext, _wyoming),
}
"""Of each kind what runs its vendor's twin, and what is built on that. Who speaks Wyoming has none: the others come to us."""


class Twins(dict[str, Any]):
    """Twins of vendors by the kind of channel, each started when first asked for, until the stack is left."""

    def __init__(self, stack: ExitStack) -> None:
        super().__init__()
        self._stack = stack

    def __missing__(self, kind: str) -> Any:
        """It runs from now on."""
        self[kind] = self._stack.enter_context(RIGS[kind][0]())
        return self[kind]
