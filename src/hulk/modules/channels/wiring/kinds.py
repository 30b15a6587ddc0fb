"""The channels of the settings, each kind with its adapter: the only place that knows both."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import TypeAlias
from urllib.parse import urlsplit

from hulk.kernel.time import Clock
from hulk.modules.channels.adapters.alexa import AlexaDoor, AlexaLine, certificates, roots_of
from hulk.modules.channels.adapters.vendor import vendor
from hulk.modules.channels.adapters.webhook import WebhookDoor, WebhookLine, key_of
from hulk.modules.channels.ports import Open
from hulk.modules.channels.settings import AlexaSettings, ChannelsSettings, WebhookSettings
from hulk.runtime.language import voice

Follow: TypeAlias = Callable[[str], Callable[[], str]]
"""Gives what gives a secret as it is now, by where it stands in `channels`: `telegram[0].token`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What all kinds need. `url` is where vendors reach us, without a slash at its end; empty when they cannot."""

    follow: Follow
    zone: str
    url: str
    clock: Clock


@asynccontextmanager
async def opened(settings: ChannelsSettings, around: Around) -> AsyncIterator[tuple[Open, ...]]:
    """All of them, closed with the block. Raises `Refused` for a secret with which nothing can be proved: then nothing starts."""
    async with AsyncExitStack() as stack:
        yield tuple([one async for one in _all(stack, settings, around)])


async def _all(stack: AsyncExitStack, settings: ChannelsSettings, around: Around) -> AsyncIterator[Open]:
    for skill in settings.alexa:
        yield await _alexa(stack, skill, around)
    for place, one in enumerate(settings.webhook):
        yield await _webhook(stack, one, f"webhook[{place}]", around)


async def _alexa(stack: AsyncExitStack, one: AlexaSettings, around: Around) -> Open:
    known = await stack.enter_async_context(certificates(one.certificates, roots_of(one.roots)))
    return Open(
        channel=replace(one.channel("alexa", around.zone), gives=True), line=AlexaLine(known, around.clock, one.longest),
        door=AlexaDoor(one.skill, known, voice, one.longest, one.language or "en"),
    )  # fmt: skip


async def _webhook(stack: AsyncExitStack, one: WebhookSettings, place: str, around: Around) -> Open:
    secret, parts = around.follow(f"{place}.secret"), urlsplit(one.url)
    key_of(secret())
    server = await stack.enter_async_context(vendor(f"{parts.scheme}://{parts.netloc}" if one.url else "", one.name))
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    return Open(
        channel=one.channel("webhook", around.zone, trusts_email=one.trust_people), door=WebhookDoor(secret, one.trust_people),
        line=WebhookLine(server, path, secret, around.clock),
    )  # fmt: skip
