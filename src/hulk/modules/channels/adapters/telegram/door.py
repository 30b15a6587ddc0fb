"""Taking the updates that Telegram brings: https://core.telegram.org/bots/api#setwebhook.

Telegram proves who it is by a secret of ours in `X-Telegram-Bot-Api-Secret-Token`; nothing is signed. What is not answered by 2xx is
brought again: at once, then after 2, 4, 8… seconds up to one or two minutes, for a day; meanwhile what comes after it in the same chat
waits (WebhookActor.cpp of tdlib/telegram-bot-api).

A `GET` with the secret and `?challenge=…` is answered by a proof that this is the door: so the channel proves its own address.
"""

import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hulk.kernel.errors import HulkError, Refused
from hulk.modules.channels.adapters.telegram.api import Bot
from hulk.modules.channels.adapters.telegram.updates import Reader, parsed
from hulk.modules.channels.domain import Arrival, Outgoing
from hulk.modules.channels.ports import Accepted, Refusal, Request

HEADER = "x-telegram-bot-api-secret-token"
_SECRET = re.compile(r"[A-Za-z0-9_-]{24,256}")
_CHALLENGE = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class TelegramDoor:
    """Takes updates that bring the secret."""

    bot: Bot
    secret: Callable[[], str]

    async def accept(self, request: Request) -> Accepted:
        """See `Door`."""
        self._verified(request)
        if request.method == "GET":
            return self._proof(request)
        update = parsed(request.body)
        if update is None or (arrival := await self._read(update, request)) is None:
            raise Refusal(400, "no update")
        return answered(arrival)

    def replied(self, arrival: Arrival, message: Outgoing | None) -> Accepted:  # noqa: ARG002  # the port's
        """Answers are sent, never given at once."""
        return Accepted()

    async def _read(self, update: Mapping[str, Any], request: Request) -> Arrival | None:
        """The arrival; who is mentioned in a group is compared with our name, which is asked for once."""
        if not self.bot.known() and b"@" in request.body:
            try:
                await self.bot.me()
            except HulkError as error:
                raise Refusal(503, f"it is not known what the bot is called: {error}") from error
        return Reader(self.bot.id, self.bot.known()).read(update, request.at)

    def _verified(self, request: Request) -> None:
        if request.method not in ("GET", "POST"):
            raise Refusal(405, "only POST")
        secret = request.header(HEADER)
        if secret is None:
            raise Refusal(401, "the secret is missing, or there more than once")
        expected = self.secret()
        if _SECRET.fullmatch(expected) is None or not hmac.compare_digest(secret, expected.encode()):
            raise Refusal(401, "the secret is not right")

    def _proof(self, request: Request) -> Accepted:
        (challenge, *more) = request.query.get("challenge", ("",))
        if more or _CHALLENGE.fullmatch(challenge) is None:
            raise Refusal(400, "no challenge")
        return Accepted(body=proof(self.secret(), challenge).encode())


def answered(arrival: Arrival) -> Accepted:
    """What Telegram is answered: for a button, also that it was pressed, which Telegram takes from the response."""
    if arrival.kind != "press":
        return Accepted((arrival,))
    said = {"method": "answerCallbackQuery", "callback_query_id": arrival.reply["callback"]}
    return Accepted((arrival,), body=json.dumps(said).encode(), media_type="application/json")


def key_of(secret: str) -> str:
    """The secret, if Telegram takes it and nobody guesses it. Raises `Refused`."""
    if _SECRET.fullmatch(secret) is None:
        raise Refused("The secret of a Telegram webhook is 24 to 256 letters, digits, _ and -. `openssl rand -hex 32` makes one.")
    return secret


def proof(secret: str, challenge: str) -> str:
    """What only who has the secret can say to it."""
    return hmac.digest(secret.encode(), b"hulk/telegram/door\0" + challenge.encode(), "sha256").hex()
