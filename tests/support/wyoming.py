"""A house with a voice assistant over a real store: the official client tells what was said, Hulk answers what it is told to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from pydantic import SecretStr
from wyoming.asr import Transcript
from wyoming.client import AsyncTcpClient
from wyoming.event import Event, Eventable

from hulk.modules.channels.adapters.wyoming import WyomingServes
from hulk.modules.channels.settings import ChannelsSettings, WebhookSettings, WyomingSettings
from hulk.modules.channels.usecases import WORKFLOW
from hulk.modules.channels.usecases.taking import always
from hulk.modules.channels.wiring import Around, AtWork, Channels, Ground, Needs, answering, wired
from hulk.modules.channels.wiring.kinds import opened
from hulk.runtime.language import voice
from hulk.runtime.store import Store
from support.channels import SECRET, Hulk
from support.memory import Desk, Told

_SECRET = "a-secret-of-a-webhook-long-enough"


@dataclass
class House:
    """A house with all that answers in it."""

    store: Store
    hulk: Hulk
    desk: Desk
    channels: Channels
    serves: WyomingServes
    clock: list[datetime]

    def client(self) -> AsyncTcpClient:
        """The official client, not yet connected."""
        return AsyncTcpClient("127.0.0.1", self.serves.bound)

    async def hears(self, text: str, *answers: str, language: str = "pt-BR", conversation: str = "c1") -> Event:
        """Somebody says that, Hulk has these answers meanwhile; what is answered."""
        return await self.told(Transcript(text=text, language=language, context={"conversation_id": conversation}), *answers)

    async def told(self, event: Eventable, *answers: str) -> Event:
        """The same for any event."""
        return await self.sent(event.event(), *answers)

    async def sent(self, event: Event, *answers: str) -> Event:
        """The same for an event as it goes over the line."""
        before = await self.came()
        async with self.client() as client, asyncio.TaskGroup() as group:
            await client.write_event(event)
            asking = group.create_task(client.read_event())
            if answers:
                await self.worked(before)
            else:
                group.create_task(self._drained(asking, before))
            for one in answers:
                await self.answers(one)
            found: Event | None = await asking
        assert found is not None
        await self.settled()
        return found

    async def settled(self) -> None:
        """What was given is known to be given, which is a moment after it was heard."""
        while any(state == "sending" for _, state in await self.states()):  # noqa: ASYNC110  # nobody rings for it here
            await asyncio.sleep(0)

    async def alone(self) -> None:
        """Nobody is connected any more."""
        while self.serves._open:  # noqa: ASYNC110  # nobody rings for it here
            await asyncio.sleep(0)

    async def _drained(self, asking: "asyncio.Task[Event | None]", before: int) -> None:
        """Work on what came in, if anything did, until it is answered."""
        while not asking.done():
            if await self.came() > before:
                await self.desk.drain()
            await asyncio.sleep(0)

    async def worked(self, arrivals: int) -> None:
        """What came in after so many is worked on, once it is kept."""
        while await self.came() <= arrivals:  # noqa: ASYNC110  # nobody rings for it here
            await asyncio.sleep(0)
        await self.desk.drain()

    async def came(self) -> int:
        """How many arrivals are kept."""
        return len(await self.channels.answering.inbox.recent("default", None, 100))

    async def answers(self, text: str, place: int = -1) -> None:
        """Hulk has the answer to what was asked."""
        intents = [one.intent for one in reversed(await self.channels.answering.inbox.recent("default", None, 100)) if one.intent]
        await self.store.commit(self.channels.answering.answer(intents[place], text, "pt", good=True))

    async def link(self, sender: str = "home", channel: str = "home") -> None:
        """They are Ana."""
        await self.store.commit(self.channels.answering.contacts.link(channel, sender, "usr_ana"))

    async def states(self, channel: str = "home") -> list[tuple[str, str]]:
        """All that was to go out there, with what became of it, oldest first."""
        return [(one.text, one.state) for one in reversed(await self.channels.answering.outbox.recent("default", channel, (), 100))]

    def at_work(self, channel: str) -> AtWork:
        """What looks after that channel."""
        return next(one for one in self.channels.at_work if one.open.name == channel)


@asynccontextmanager
async def a_house(store: Store, folder: Path, *, wait: float = 30.0, idle: float = 30.0, **more: Any) -> AsyncIterator[House]:
    """A voice assistant called `home`, and a webhook called `chat` on which Ana can be written to, too."""
    settings = ChannelsSettings(
        wyoming=(WyomingSettings(name="home", port=0, **{"guests": ("operator",), **more}),),
        webhook=(WebhookSettings(name="chat", secret=SecretStr(_SECRET)),),
    )
    clock, hulk, trail = [datetime.now(UTC)], Hulk(folder), Told()
    around = Around(follow=lambda _: lambda: _SECRET, zone="America/Sao_Paulo", url="", clock=lambda: clock[0])
    desk = Desk(commit=store.commit)
    async with opened(settings, around) as channels:
        ground = Ground(store=store, runs=desk, trail=trail, voices=voice, secret=SECRET, admit=always, clock=lambda: clock[0])
        needs = Needs(
            ask=hulk.ask,
            people=hulk,
            feedback=hulk.feedback,
            tickets=hulk.decide,
            pending=hulk.pending,
            approvals=hulk,
            files=hulk,
            fallback="pt",
        )
        made = wired(answering(channels, ground), ground, needs, cast("Any", None))
        desk.workflows[WORKFLOW] = made.arrival
        serves = next(one.serves for one in channels if one.name == "home")
        assert isinstance(serves, WyomingServes)
        serves.wait, serves.idle = wait, idle
        house = House(store, hulk, desk, made, serves, clock)
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(serves.serve(house.at_work("home").serve.told))
            while not serves.bound:  # noqa: ASYNC110  # nobody rings for it here
                await asyncio.sleep(0)
            yield house
            serving.cancel()
