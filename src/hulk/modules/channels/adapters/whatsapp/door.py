"""Taking Meta's calls.

    GET  /v1/hooks/NAME?hub.mode=subscribe&hub.verify_token=…&hub.challenge=1158201444      once, when the address is given to Meta
    POST /v1/hooks/NAME       X-Hub-Signature-256: sha256=<HMAC-SHA256 of the raw body with the app's secret>

Meta calls at least once and in no order, and again for up to 7 days unless it is answered with 200. Source: “Create a webhook endpoint”
(developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint).
"""

import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hulk.modules.channels.adapters.whatsapp.arrivals import arrivals, cleaned
from hulk.modules.channels.domain import Arrival, Outgoing
from hulk.modules.channels.ports import Accepted, Refusal, Request

_LONGEST_CHALLENGE = 200


@dataclass(frozen=True, slots=True)
class WhatsAppDoor:
    """Takes what Meta sends to one phone number (its id)."""

    number: str
    app_secret: Callable[[], str]
    verify_token: Callable[[], str]

    async def accept(self, request: Request) -> Accepted:
        """See `Door`."""
        if request.method == "GET":
            return self._challenged(request)
        if request.method != "POST":
            raise Refusal(405, "only GET and POST")
        self._verify(request)
        return Accepted(arrivals(_payload(request.body), self.number, request.at))

    def replied(self, arrival: Arrival, message: Outgoing | None) -> Accepted:  # noqa: ARG002  # the port's
        """Answers are sent, never given at once."""
        return Accepted()

    def _challenged(self, request: Request) -> Accepted:
        said = {name: request.query.get(f"hub.{name}", ()) for name in ("mode", "verify_token", "challenge")}
        if any(len(values) != 1 for values in said.values()) or said["mode"] != ("subscribe",):
            raise Refusal(403, "not a request to verify the address")
        token, challenge = self.verify_token().encode(), said["challenge"][0]
        given = said["verify_token"][0].encode("utf-8", "surrogatepass")
        if not token or not hmac.compare_digest(given, token):
            raise Refusal(403, "the verify token is not right")
        if len(challenge) > _LONGEST_CHALLENGE or not challenge.isascii() or not challenge.isprintable():
            raise Refusal(403, "the challenge is none of Meta's")
        return Accepted(body=challenge.encode())

    def _verify(self, request: Request) -> None:
        secret, given = self.app_secret().encode(), request.header("x-hub-signature-256")
        if not secret or given is None:
            raise Refusal(401, "the signature is missing, or there more than once")
        expected = b"sha256=" + hmac.digest(secret, request.body, "sha256").hex().encode()
        if not hmac.compare_digest(given, expected):
            raise Refusal(401, "the signature is not right")


def _payload(body: bytes) -> Any:
    try:
        return cleaned(json.loads(body.decode("utf-8", "replace")))
    except (ValueError, RecursionError) as error:
        raise Refusal(400, "what is signed is no JSON") from error
