"""Channels in the running program: what they need of the other modules."""

import hmac
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fastapi import APIRouter

from hulk.apps.bootstrap.modules import Modules
from hulk.apps.deciding import Decisions, MayDecide, Undecided
from hulk.apps.ground import Ground
from hulk.apps.uploads import Uploads
from hulk.kernel.durable import Change
from hulk.kernel.errors import NotFound
from hulk.kernel.tenancy import Principal
from hulk.kernel.time import Clock, utc_now
from hulk.modules.channels import Asking, Shown
from hulk.modules.channels.api import Hooks, hook_routes, people_routes
from hulk.modules.channels.api import channel_routes as routes_of
from hulk.modules.channels.settings import ChannelsSettings, VoiceSettings
from hulk.modules.channels.wiring import Answering, Around, Channels, Needs, answering, voice_of, wired
from hulk.modules.channels.wiring import Ground as ChannelGround
from hulk.modules.identity import Identity
from hulk.modules.identity.settings import IdentitySettings
from hulk.modules.intents import AcceptIntent, Asked, Intents
from hulk.modules.router import Feedback, LearningActs, Turn
from hulk.modules.skills import Source
from hulk.modules.tickets import TicketActs, Tickets
from hulk.runtime.language import voice
from hulk.runtime.telemetry import current_traceparent
from hulk.runtime.workflows import Workflows


@dataclass(frozen=True, slots=True)
class Asks:
    """Begins intents for those who ask by channels."""

    accept: AcceptIntent

    async def __call__(self, asking: Asking) -> tuple[str, Change[bool]]:
        """See `channels.ports.Ask`."""
        sources = tuple(Source(kind="file", name=one.name, blob=one.blob) for one in asking.files)
        asked = Asked(
            text=asking.text, language=asking.language, sources=sources, key=asking.key, namespace=asking.namespace, agent=asking.agent,
            reason=f"channel:{asking.channel}", channel=asking.channel, private=asking.private,
            turns=tuple(Turn(one.text, ours=one.ours) for one in asking.turns),
        )  # fmt: skip
        intent, change = await self.accept.prepared(asked, asking.by, current_traceparent(), admitted=True)
        return intent.id, change


@dataclass(frozen=True, slots=True)
class Opinions:
    """Takes what people think of answers as feedback on the decision that led to each."""

    intents: Intents
    learning: LearningActs
    clock: Clock

    async def __call__(self, by: Principal, intent: str, good: bool | None, key: str) -> None:  # noqa: ARG002  # the port's
        """See `channels.ports.Feedback`. Taking it back leaves a comment that says so: what was learnt of it is outweighed, not erased."""
        found = await self.intents.get(intent)
        if found.tenant != by.tenant or found.decision is None:
            raise NotFound("There is no intent {id}.", id=intent)
        thumb: dict[bool | None, Literal["up", "down"] | None] = {True: "up", False: "down", None: None}
        given = Feedback(
            tenant=by.tenant, about="decision", subject=found.decision, by=by.actor, at=self.clock(), thumb=thumb[good],
            comment="" if good is not None else "taken back",
        )  # fmt: skip
        await self.learning.give_feedback(by, given)


@dataclass(frozen=True, slots=True)
class Kept:
    """Files of tenants, and what was made for intents."""

    uploads: Uploads
    tickets: Tickets

    def scratch(self) -> AbstractAsyncContextManager[Path]:
        """See `channels.ports.Files`."""
        return self.uploads.blobs.scratch()

    async def keep(self, tenant: str, actor: str, path: Path, reason: str) -> str:
        """See `channels.ports.Files`."""
        return (await self.uploads.keep(tenant, actor, path, reason)).id

    async def path(self, blob: str) -> Path:
        """See `channels.ports.Files`."""
        return await self.uploads.blobs.path(blob)

    async def made(self, tenant: str, intent: str) -> Sequence[Shown]:  # noqa: ARG002  # an intent is of one tenant
        """See `channels.ports.Files`."""
        return [Shown(one.blob, one.name, one.media_type) for one in await self.tickets.artefacts(intent)]


async def channels_open(stack: AsyncExitStack, ground: Ground, workflows: Workflows) -> tuple[Answering, ChannelGround]:
    """The channels of the settings, open until the stack is left, and what they stand on. Raises `Refused` for a channel that could not
    prove who calls: then nothing starts."""
    settings, identity = ground.config.section(ChannelsSettings), ground.config.section(IdentitySettings)
    around = Around(
        follow=lambda place: ground.secrets.follow(f"channels.{place}"), zone=ground.config.locale.timezone,
        url=identity.url.rstrip("/"), clock=utc_now, secret=hmac.digest(ground.audit_key, b"channels/sent", "sha256"),
    )  # fmt: skip
    secret = hmac.digest(ground.audit_key, b"channels/buttons", "sha256")
    base = ChannelGround(
        store=ground.store, runs=workflows, trail=ground.outbox, voices=voice, secret=secret, admit=workflows.admit,
        metrics=ground.telemetry.metrics, rounds=ground.rounds, check_every=settings.check_every, retention=settings.retention,
        aloud=bool(ground.config.section(VoiceSettings).tts),
    )  # fmt: skip
    if not any(settings.all()):
        return answering((), base), base
    from hulk.modules.channels.wiring.kinds import opened  # adapters of all kinds, which who has no channel does not need

    return answering(await stack.enter_async_context(opened(settings, around)), base), base


def channels_at_work(
    made: tuple[Answering, ChannelGround], ground: Ground, identity: Identity, tickets: TicketActs, modules: Modules
) -> Channels:
    """What takes what comes in, works on it, and sends what goes out."""
    heard = voice_of(ground.config.section(VoiceSettings), made[0].directory)
    needs = Needs(
        ask=Asks(modules.accept), people=identity.known, feedback=Opinions(modules.intents, modules.learning, utc_now),
        tickets=Decisions(tickets, ground.outbox), pending=Undecided(modules.tickets, modules.intents, identity.known.by_email),
        approvals=MayDecide(tickets),
        files=Kept(modules.uploads, modules.tickets), fallback=ground.config.locale.language,
        transcribe=heard.transcribe, speak=heard.speak, expects=modules.accept.expects,
    )  # fmt: skip
    return wired(*made, needs, ground.bus, sole=not ground.config.store.url)


def channel_routes(made: Channels) -> list[APIRouter]:
    """Where vendors call, and what operators do."""
    hooks = Hooks({one.name: one for one in made.answering.channels}, made.take, made.give, utc_now, made.figures)
    return [hook_routes(hooks), routes_of(made.acts), people_routes(made.acts)]
