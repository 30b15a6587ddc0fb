"""The channels of the settings, each kind with its adapter: the only place that knows both."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from urllib.parse import urlsplit

from hulk.kernel.errors import Refused
from hulk.modules.channels.adapters.alexa import AlexaDoor, AlexaLine, certificates, roots_of
from hulk.modules.channels.adapters.email import Client, EmailLine, EmailListens, Granted, ImapServer, Login, Place, Reader, SmtpServer
from hulk.modules.channels.adapters.mattermost import MattermostDoor, MattermostEdits, MattermostLine, MattermostListens, Server, Sorter
from hulk.modules.channels.adapters.telegram import Polling, TelegramDoor, TelegramEdits, TelegramLine, Webhook
from hulk.modules.channels.adapters.telegram.api import bot
from hulk.modules.channels.adapters.telegram.door import key_of as telegram_key_of
from hulk.modules.channels.adapters.vendor import vendor
from hulk.modules.channels.adapters.webhook import WebhookDoor, WebhookLine, key_of
from hulk.modules.channels.adapters.whatsapp import Graph, WhatsAppDoor, WhatsAppLine
from hulk.modules.channels.adapters.wyoming import Allowed, WyomingLine, WyomingServes
from hulk.modules.channels.ports import Open
from hulk.modules.channels.settings import (
    AlexaSettings,
    ChannelsSettings,
    EmailSettings,
    MattermostSettings,
    TelegramSettings,
    WebhookSettings,
    WhatsAppSettings,
    WyomingSettings,
)
from hulk.modules.channels.settings.telegram import callable_by_telegram
from hulk.modules.channels.wiring.around import Around
from hulk.runtime.language import voice


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
    for place, number in enumerate(settings.whatsapp):
        yield await _whatsapp(stack, number, f"whatsapp[{place}]", around)
    for place, one_bot in enumerate(settings.telegram):
        yield await _telegram(stack, one_bot, f"telegram[{place}]", around)
    for place, team_bot in enumerate(settings.mattermost):
        yield await _mattermost(stack, team_bot, f"mattermost[{place}]", around)
    for place, mailbox in enumerate(settings.email):
        yield await _email(stack, mailbox, f"email[{place}]", around)
    for assistant in settings.wyoming:
        yield _wyoming(assistant, around)


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
        line=WebhookLine(server, path, secret, around.clock, f"{around.url}/v1/hooks/{one.name}" if around.url else ""),
    )  # fmt: skip


_LEAST_SECRET = 16


async def _whatsapp(stack: AsyncExitStack, one: WhatsAppSettings, place: str, around: Around) -> Open:
    token, app_secret, verify = (around.follow(f"{place}.{name}") for name in ("token", "app_secret", "verify_token"))
    for name, secret in (("token", token), ("app_secret", app_secret), ("verify_token", verify)):
        if len(secret()) < _LEAST_SECRET:
            raise Refused("channels.{setting} has less than {least} characters.", setting=f"{place}.{name}", least=_LEAST_SECRET)
    server = await stack.enter_async_context(vendor(one.url, "WhatsApp"))
    return Open(
        channel=one.channel("whatsapp", around.zone), door=WhatsAppDoor(one.phone_number_id, app_secret, verify),
        line=WhatsAppLine(
            Graph(server, one.version, token), one.phone_number_id, app_secret, around.clock,
            hook=f"{around.url}/v1/hooks/{one.name}" if around.url else "",
            template=(one.template, one.template_language) if one.template else None,
        ),
    )  # fmt: skip


async def _telegram(stack: AsyncExitStack, one: TelegramSettings, place: str, around: Around) -> Open:
    token, secret = around.follow(f"{place}.token"), around.follow(f"{place}.secret")
    if not token().partition(":")[0].isdecimal() or not token().partition(":")[2]:
        raise Refused("channels.{place}.token is no token of Telegram, such as 123456:ABC…: @BotFather gives them.", place=place)
    channel, url = one.channel("telegram", around.zone, progress=one.progress), _telegram_calls(one, place, around)
    asks = await stack.enter_async_context(bot(one.api, one.name, token))
    if not url:
        line = TelegramLine(asks, around.clock)
        return Open(channel=channel, line=line, listens=Polling(asks, around.clock), edits=TelegramEdits(line))
    try:
        telegram_key_of(secret())
    except Refused as error:
        raise Refused("channels.{place}.secret: {reason} Or set its listen to poll.", place=place, reason=error.text) from error
    line = TelegramLine(asks, around.clock, url, secret)
    return Open(
        channel=channel, line=line, door=TelegramDoor(asks, secret), listens=Webhook(asks, url, secret), edits=TelegramEdits(line),
    )  # fmt: skip


def _telegram_calls(one: TelegramSettings, place: str, around: Around) -> str:
    """Where Telegram calls us; empty where it is asked instead."""
    base = one.url or around.url
    if one.listen == "poll" or (one.listen == "auto" and not callable_by_telegram(base)):
        return ""
    if not callable_by_telegram(base) and one.api.startswith("https://api.telegram.org"):
        raise Refused(
            "Telegram does not call {url}: channels.{place}.url must be https on port 443, 80, 88 or 8443; or set listen to poll.",
            url=base or "-", place=place,
        )  # fmt: skip
    return f"{base}/v1/hooks/{one.name}"


async def _mattermost(stack: AsyncExitStack, one: MattermostSettings, place: str, around: Around) -> Open:
    token, command_token = around.follow(f"{place}.token"), around.follow(f"{place}.command_token")
    if not token().strip():
        raise Refused("channels.{place}.token is empty: without the token of its account nobody is sure who the bot is.", place=place)
    server = Server(await stack.enter_async_context(vendor(one.url, one.name)), token)
    hook = f"{around.url}/v1/hooks/{one.name}" if around.url else ""
    line = MattermostLine(server, hook, around.clock)
    return Open(
        channel=one.channel("mattermost", around.zone, trusts_email=one.trust_people, progress=one.progress),
        door=MattermostDoor(server, command_token, voice, one.language or "en"), line=line, edits=MattermostEdits(line),
        listens=MattermostListens(server, Sorter(server, around.clock, channels=frozenset(one.channels)), one.team),
    )  # fmt: skip


async def _email(stack: AsyncExitStack, one: EmailSettings, place: str, around: Around) -> Open:
    password, sending = around.follow(f"{place}.password"), around.follow(f"{place}.smtp_password")
    tokens = await _granted(stack, one, place, around) if one.oauth_url else None
    if tokens is None and not password().strip():
        raise Refused("channels.{place}.password is empty: without it no mailbox is opened.", place=place)
    user, secret = one.user or one.address, lambda: around.secret
    imap = ImapServer(Place(one.imap_host, one.imap_port, one.imap_security, one.ca), Login(user, password, tokens))
    smtp = SmtpServer(
        Place(one.smtp_host, one.smtp_port, one.smtp_security, one.ca),
        Login(one.smtp_user or user, lambda: sending() or password(), tokens), one.address.partition("@")[2],
    )  # fmt: skip
    return Open(
        channel=one.channel("email", around.zone, trusts_email=one.trust_people),
        line=EmailLine(
            smtp=smtp, imap=imap, address=one.address, called=one.called, secret=secret, authserv=one.authserv, folder=one.folder,
            clock=around.clock, voices=voice, sent=one.sent, probes=one.probes,
        ),
        listens=EmailListens(imap, Reader(one.address, one.authserv, secret), one.folder, around.clock),
    )  # fmt: skip


async def _granted(stack: AsyncExitStack, one: EmailSettings, place: str, around: Around) -> Granted:
    """What gives tokens for a mailbox."""
    secret, refresh, parts = around.follow(f"{place}.oauth_secret"), around.follow(f"{place}.oauth_refresh"), urlsplit(one.oauth_url)
    if not secret().strip() and not refresh().strip():
        raise Refused("channels.{place}.oauth_secret and oauth_refresh are empty: without either no token is given.", place=place)
    giver = await stack.enter_async_context(vendor(f"{parts.scheme}://{parts.netloc}", parts.netloc))
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    return Granted(giver, path, Client(id=one.oauth_client, secret=secret, refresh=refresh, scope=one.oauth_scope))


def _wyoming(one: WyomingSettings, around: Around) -> Open:
    serves = WyomingServes(
        one.host, one.port, Allowed(one.networks), voice, around.clock, one.wait.total_seconds(), one.longest, one.language or "en"
    )
    channel = replace(one.channel("wyoming", around.zone), gives=True, thumbs=False)
    return Open(channel=channel, line=WyomingLine(serves, around.clock, one.longest), serves=serves)
