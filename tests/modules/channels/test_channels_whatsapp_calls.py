"""Meta's calls over HTTP into a real store: each message once, whatever is repeated, reordered or fails; and what becomes of ours."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hulk.kernel.durable import Change
from hulk.kernel.errors import NotFound, Unavailable
from hulk.kernel.time import utc_now
from hulk.modules.channels.adapters.sql import SqlInbox, SqlOutbox
from hulk.modules.channels.adapters.vendor import vendor
from hulk.modules.channels.adapters.whatsapp import Graph, WhatsAppDoor, WhatsAppLine
from hulk.modules.channels.api import Hooks, hook_routes
from hulk.modules.channels.domain import Channel, Outgoing, Shown
from hulk.modules.channels.ports import Open
from hulk.modules.channels.usecases import Deliver, TakeArrivals
from hulk.runtime.store import Store
from support.channels import giving
from support.memory import Desk, Told
from support.patience import until_found
from support.served import application, served
from support.stores import a_store
from support.twins.whatsapp import APP_SECRET, NUMBER, PERSON, PHONE, TOKEN, VERIFY_TOKEN, Meta, meta
from support.twins.whatsapp.payloads import message, value, webhook

CHANNEL = Channel(name="zap", kind="whatsapp")
MESSAGE = "msg_01h455vb4pex5vsknk084sn02q"


@pytest.fixture(scope="module")
def running() -> Iterator[Meta]:
    with meta() as twin:
        yield twin


@pytest.fixture
def twin(running: Meta) -> Meta:
    running.reset()
    return running


@dataclass
class Failing:
    """A store's commit of which every so-manieth fails, some of them only after all was written."""

    store: Store
    every: int = 0
    count: int = 0

    async def __call__(self, *changes: Change[Any]) -> list[Any]:
        self.count += 1
        if self.every and self.count % self.every == 0:
            raise Unavailable("The disk is full.")
        done = await self.store.commit(*changes)
        if self.every and self.count % self.every == 1:
            raise Unavailable("The process ended before it could say so.")
        return done


@dataclass
class Scratch:
    """Files, of which there are none."""

    folder: Path

    @asynccontextmanager
    async def scratch(self) -> AsyncIterator[Path]:
        yield self.folder

    async def keep(self, tenant: str, actor: str, path: Path, reason: str) -> str:
        raise NotImplementedError

    async def path(self, blob: str) -> Path:
        raise NotFound("There is no file {id}.", id=blob)

    async def made(self, tenant: str, intent: str) -> Sequence[Shown]:
        return []


@dataclass
class Rig:
    """What takes calls and sends, over one store."""

    url: str
    client: aiohttp.ClientSession
    inbox: SqlInbox
    outbox: SqlOutbox
    desk: Desk
    deliver: Deliver
    store: Store
    twin: Meta

    async def quiet(self) -> bool:
        """Whether Meta has nothing left to tell."""
        return bool((await asyncio.to_thread(self.twin.calls))["waiting"] == 0)


@asynccontextmanager
async def rig(twin: Meta, folder: Path, every: int = 0) -> AsyncIterator[Rig]:
    async with a_store("sqlite", folder, _no_server) as store, vendor(twin.url, "WhatsApp", 5.0) as server:
        inbox, outbox, desk = SqlInbox(store), SqlOutbox(store), Desk()
        line = WhatsAppLine(Graph(server, "v25.0", lambda: TOKEN), NUMBER, lambda: APP_SECRET, utc_now)
        take = TakeArrivals(inbox, outbox, desk, Told(), Failing(store, every), utc_now)
        door = WhatsAppDoor(NUMBER, lambda: APP_SECRET, lambda: VERIFY_TOKEN)
        hooks = Hooks({"zap": Open(channel=CHANNEL, line=line, door=door)}, take, giving(store, CHANNEL, line), utc_now)
        deliver = Deliver(
            channel="zap", holder="me", line=line, outbox=outbox, files=Scratch(folder), trail=Told(), commit=store.commit, clock=utc_now
        )
        async with served(application([hook_routes(hooks)])) as client:
            url = str(client._base_url).rstrip("/")
            yield Rig(f"{url}/v1/hooks/zap", client, inbox, outbox, desk, deliver, store, twin)


def _no_server() -> Any:
    raise AssertionError


async def test_the_address_is_verified_once_and_forged_calls_are_refused(twin: Meta, tmp_path: Path) -> None:
    async with rig(twin, tmp_path) as here:
        asked = {"hub.mode": "subscribe", "hub.verify_token": VERIFY_TOKEN, "hub.challenge": "1158201444"}
        async with here.client.get("/v1/hooks/zap", params=asked) as answer:
            assert (answer.status, await answer.text(), answer.content_type) == (200, "1158201444", "text/plain")
        async with here.client.post("/v1/hooks/zap", data=b"{}", headers={"x-hub-signature-256": "sha256=é"}) as answer:
            assert (answer.status, await answer.text()) == (401, "")


async def test_each_message_is_kept_once_though_calls_fail_and_come_twice_and_in_no_order(twin: Meta, tmp_path: Path) -> None:
    count = 80
    people = [f"BR.{number % 7}" for number in range(count)]
    async with rig(twin, tmp_path, every=5) as here:
        twin.be(hook=here.url, factor=0.0005, twice=0.2)
        twin.say(*(
            webhook(value(messages=[message("text", id_=f"wamid.{number}", from_user_id=who)])) for number, who in enumerate(people)
        ))  # fmt: skip
        await until_found(here.quiet, 120)
        kept = await here.inbox.recent("default", "zap", 1000)
    calls = twin.calls()
    assert sorted(one.arrival.key for one in kept) == sorted(f"wamid.{number}" for number in range(count))
    assert len(here.desk.runs) == count
    assert (calls["dropped"], calls["attempts"] > count * 1.2) == (0, True)


def _message(id_: str = MESSAGE) -> Outgoing:
    now = utc_now()
    return Outgoing(
        id=id_, tenant="default", channel="zap", address=PERSON, text="Houve 7.", language="pt", created=now, due=now, reply={"to": PHONE}
    )


async def test_a_message_of_which_nobody_knows_is_sent_as_soon_as_meta_tells_so(twin: Meta, tmp_path: Path) -> None:
    async with rig(twin, tmp_path) as here:
        twin.be(statuses=["sent", "delivered", "read"])
        twin.upset("lost")
        await here.store.commit(here.outbox.add(_message()))
        await here.deliver.once()
        assert (await here.outbox.get(MESSAGE)).state == "unknown"
        twin.be(hook=here.url)
        await until_found(here.quiet, 120)
        found = await here.outbox.get(MESSAGE)
        assert (found.state, found.sent_id) == ("sent", twin.sent()[0]["wamid"])
        await here.deliver.once()
    assert len(twin.sent()) == 1


async def test_a_message_that_was_taken_and_could_not_be_delivered_has_failed(twin: Meta, tmp_path: Path) -> None:
    async with rig(twin, tmp_path) as here:
        twin.be(hook=here.url, statuses=["failed"])
        await here.store.commit(here.outbox.add(_message()))
        await here.deliver.once()
        await until_found(here.quiet, 120)
        found = await here.outbox.get(MESSAGE)
    assert (found.state, (found.problem or {})["code"]) == ("failed", "refused")
    assert "131026" in str(found.problem)


async def test_a_token_that_was_taken_back_holds_all_until_there_is_a_new_one(twin: Meta, tmp_path: Path) -> None:
    async with rig(twin, tmp_path) as here:
        twin.be(token="another")
        await here.store.commit(here.outbox.add(_message()))
        await here.deliver.once()
        assert (await here.outbox.get(MESSAGE)).state == "waiting"
    assert "new token" in here.deliver.told_off
