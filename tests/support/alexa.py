"""A skill of Alexa's over a real store: Amazon's twin asks by HTTP, Hulk answers what it is told to."""

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from hulk.modules.channels.api import Hooks, hook_routes
from hulk.modules.channels.domain import Arrival, Outgoing
from hulk.modules.channels.ports import Accepted, Door, Open, Request
from hulk.modules.channels.settings import AlexaSettings, ChannelsSettings, WebhookSettings
from hulk.modules.channels.usecases import WORKFLOW, Deliver
from hulk.modules.channels.usecases.taking import always
from hulk.modules.channels.wiring import Around, Channels, Ground, Needs, answering, wired
from hulk.modules.channels.wiring.kinds import opened
from hulk.runtime.language import voice
from hulk.runtime.store import Store
from support.channels import SECRET, Hulk
from support.memory import Desk, Told
from support.processes import leashed
from support.program import environment
from support.twins.alexa import PERSON, SKILL, written

TESTS = Path(__file__).parents[1]
WEBHOOK_SECRET = "a-secret-of-a-webhook-long-enough"


@contextmanager
def amazon_twin() -> Iterator[str]:
    """Amazon's host and signer as a process of its own; where it listens."""
    command = [sys.executable, "-m", "support.twins.alexa", "0"]
    with subprocess.Popen(leashed(*command), cwd=TESTS, stdout=subprocess.PIPE, text=True, env=environment()) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.kill()


@dataclass
class Skill:
    """A skill with all that answers it."""

    store: Store
    hulk: Hulk
    desk: Desk
    trail: Told
    channels: Channels
    client: httpx.AsyncClient
    amazon: httpx.AsyncClient
    clock: list[datetime]

    async def hears(self, envelope: dict[str, Any]) -> dict[str, Any]:
        """Amazon sends that; what is answered."""
        response = await self.post(envelope)
        assert response.status_code == 200, response
        return cast("dict[str, Any]", response.json())

    async def post(self, envelope: dict[str, Any]) -> httpx.Response:
        """Amazon sends that."""
        body = written(envelope)
        headers = (await self.amazon.post("/signed", content=body)).json()
        return await self.client.post("/v1/hooks/alexa", content=body, headers=headers)

    async def link(self, sender: str = PERSON, channel: str = "alexa") -> None:
        """They are Ana."""
        await self.store.commit(self.channels.answering.contacts.link(channel, sender, "usr_ana"))

    async def answers(self, text: str, place: int = -1) -> None:
        """Hulk has the answer to what was asked."""
        intents = [one.intent for one in reversed(await self.channels.answering.inbox.recent("default", None, 100)) if one.intent]
        await self.store.commit(self.channels.answering.answer(intents[place], text, "pt", good=True))

    def deliverer(self, channel: str) -> Deliver:
        """What looks after the outbox of that channel."""
        return next(one.deliver for one in self.channels.at_work if one.open.name == channel)

    async def states(self, channel: str = "alexa") -> list[tuple[str, str]]:
        """All that was to go out there, with what became of it, oldest first."""
        return [(one.text, one.state) for one in reversed(await self.channels.answering.outbox.recent("default", channel, (), 100))]

    def later(self, by: timedelta) -> None:
        """Time goes on."""
        self.clock[0] += by


@dataclass(frozen=True)
class Hurried:
    """A door that gives answers less time, so that a test need not wait."""

    door: Door
    wait: float

    async def accept(self, request: Request) -> Accepted:
        """See `Door`."""
        accepted = await self.door.accept(request)
        return replace(accepted, wait=min(accepted.wait, self.wait))

    def replied(self, arrival: Arrival, message: Outgoing | None) -> Accepted:
        """See `Door`."""
        return self.door.replied(arrival, message)


def _hurried(one: Open, wait: float) -> Open:
    return replace(one, door=None if one.door is None else Hurried(one.door, wait))


@asynccontextmanager
async def a_skill(store: Store, folder: Path, twin: str, *, wait: float = 30.0, quiet: str = "", **more: Any) -> AsyncIterator[Skill]:
    """A skill called `alexa`, and a webhook called `chat` on which Ana can be written to, too, but in its `quiet` hours."""
    root = folder / "root.pem"
    async with httpx.AsyncClient(trust_env=False) as client:
        root.write_bytes((await client.get(f"{twin}/root")).content)
    settings = ChannelsSettings(
        alexa=(AlexaSettings(name="alexa", skill=SKILL, roots=str(root), certificates=twin, **more),),
        webhook=(WebhookSettings(name="chat", secret=SecretStr(WEBHOOK_SECRET), quiet=quiet),),
    )
    clock, hulk, trail = [datetime.now(UTC)], Hulk(folder), Told()
    around = Around(follow=lambda _: lambda: WEBHOOK_SECRET, zone="America/Sao_Paulo", url="", clock=lambda: clock[0])
    desk = Desk(commit=store.commit)
    async with opened(settings, around) as channels:
        ground = Ground(store=store, runs=desk, trail=trail, voices=voice, secret=SECRET, admit=always, clock=lambda: clock[0])
        needs = Needs(
            ask=hulk.ask, people=hulk, feedback=hulk.feedback, tickets=hulk.decide, pending=hulk.pending, approvals=hulk,
            files=hulk, fallback="pt",
        )  # fmt: skip
        made = wired(answering(channels, ground), ground, needs, cast("Any", None))
        desk.workflows[WORKFLOW] = made.arrival
        hooks = Hooks({one.name: _hurried(one, wait) for one in channels}, made.take, made.give, lambda: clock[0])
        application = FastAPI()
        application.include_router(hook_routes(hooks))
        transport = httpx.ASGITransport(application)
        async with (
            httpx.AsyncClient(transport=transport, base_url="http://hulk") as client,
            httpx.AsyncClient(base_url=twin, trust_env=False) as amazon,
        ):
            yield Skill(store, hulk, desk, trail, made, client, amazon, clock)
