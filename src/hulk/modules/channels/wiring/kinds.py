"""The channels of the settings, each kind with its adapter: the only place that knows both."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

from hulk.kernel.errors import Refused
from hulk.kernel.time import Clock
from hulk.modules.channels.adapters.mattermost import MattermostDoor, MattermostLine, MattermostListens, Server, Sorter
from hulk.modules.channels.adapters.vendor import vendor
from hulk.modules.channels.adapters.webhook import WebhookDoor, WebhookLine, key_of
from hulk.modules.channels.ports import Open
from hulk.modules.channels.settings import ChannelsSettings, MattermostSettings, WebhookSettings
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
    for place, one in enumerate(settings.webhook):
        yield await _webhook(stack, one, f"webhook[{place}]", around)
    for place, bot in enumerate(settings.mattermost):
        yield await _mattermost(stack, bot, f"mattermost[{place}]", around)


async def _webhook(stack: AsyncExitStack, one: WebhookSettings, place: str, around: Around) -> Open:
    secret, parts = around.follow(f"{place}.secret"), urlsplit(one.url)
    key_of(secret())
    server = await stack.enter_async_context(vendor(f"{parts.scheme}://{parts.netloc}" if one.url else "", one.name))
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    return Open(
        channel=one.channel("webhook", around.zone, trusts_email=one.trust_people), door=WebhookDoor(secret, one.trust_people),
        line=WebhookLine(server, path, secret, around.clock),
    )  # fmt: skip


async def _mattermost(stack: AsyncExitStack, one: MattermostSettings, place: str, around: Around) -> Open:
    token, command_token = around.follow(f"{place}.token"), around.follow(f"{place}.command_token")
    if not token().strip():
        raise Refused("channels.{place}.token is empty: without the token of its account nobody is sure who the bot is.", place=place)
    server = Server(await stack.enter_async_context(vendor(one.url, one.name)), token)
    hook = f"{around.url}/v1/hooks/{one.name}" if around.url else ""
    return Open(
        channel=one.channel("mattermost", around.zone, trusts_email=one.trust_people),
        door=MattermostDoor(server, command_token, voice, one.language or "en"), line=MattermostLine(server, hook, around.clock),
        listens=MattermostListens(server, Sorter(server, around.clock, channels=frozenset(one.channels)), one.team),
    )  # fmt: skip
