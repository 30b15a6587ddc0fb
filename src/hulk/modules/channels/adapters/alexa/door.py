"""Takes what Amazon sends, and answers it."""

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import ValidationError

from hulk.kernel.text import Language, Text, Voice
from hulk.modules.channels.adapters.alexa.certificates import Certificates
from hulk.modules.channels.adapters.alexa.chain import chain_path, signed
from hulk.modules.channels.adapters.alexa.envelope import Envelope, age, said
from hulk.modules.channels.adapters.alexa.speech import beginning, ssml
from hulk.modules.channels.adapters.speech import plain, spoken
from hulk.modules.channels.domain import Arrival, Outgoing, split
from hulk.modules.channels.ports import Accepted, Refusal, Request

LEEWAY = timedelta(seconds=150)
LEEWAY_OF_EVENTS = timedelta(seconds=3600)
"""A request is that old at most; what Amazon tells of a skill itself (`AlexaSkillEvent.…`) may be older."""
BUDGET_SECONDS = 6.0
"""Of the 8 seconds that Amazon waits, on the way there and back included."""
LARGEST_RESPONSE = 24_000
MOST_ON_CARD = 8_000
_HELP = Text(
    "Say what you want, and begin with ask. For instance: ask how many orders there were yesterday. "
    "To tell me who you are, say: link code, and then the code."
)
_UNHEARD = Text("I did not understand that. Begin with ask, and say what you want.")


@dataclass(frozen=True, slots=True)
class AlexaDoor:
    """Of one skill. `longest` is how many characters of an answer are spoken."""

    skill: str
    certificates: Certificates
    voices: Callable[[Language], Voice]
    longest: int = 1_200
    fallback: Language = "en"

    async def accept(self, request: Request) -> Accepted:
        """See `Door`."""
        if request.method != "POST":
            raise Refusal(405, "only POST")
        await self._verify(request)
        try:
            envelope = Envelope.model_validate_json(request.body)
        except ValidationError as error:
            raise Refusal(400, "it is not as documented") from error
        asked = envelope.request
        leeway = LEEWAY_OF_EVENTS if asked.type.startswith("AlexaSkillEvent.") else LEEWAY
        if age(request.at, asked.timestamp) > leeway.total_seconds():
            raise Refusal(400, "it is not of now")
        if envelope.skills != {self.skill}:
            raise Refusal(400, "it is for another skill")
        return self._heard(envelope)

    async def _verify(self, request: Request) -> None:
        address, signature = request.header("signaturecertchainurl"), request.header("signature-256")
        if address is None or signature is None:
            raise Refusal(400, "a header is missing, or there more than once")
        path = chain_path(address)
        try:
            proof = base64.b64decode(signature, validate=True) if len(signature) <= 2000 else b""
        except binascii.Error as error:
            raise Refusal(400, "the signature is none") from error
        if base64.b64encode(proof) != signature:  # what base 64 allows besides means nothing, or something else elsewhere
            raise Refusal(400, "the signature is not written as it is made")
        if not signed(await self.certificates.signer(path, request.at), proof, request.body):
            raise Refusal(400, "the signature is not right")

    def _heard(self, envelope: Envelope) -> Accepted:
        kind, intent = envelope.request.type, envelope.request.intent
        if kind == "LaunchRequest" and envelope.who:
            return Accepted((envelope.arrival(kind="opening"),), wait=BUDGET_SECONDS)
        if kind != "IntentRequest" or intent is None or not envelope.who:
            return _response({})  # a session that ends, CanFulfillIntentRequest, events of the skill: nobody waits for words
        match intent.name:
            case "AMAZON.HelpIntent":
                return self._say(envelope, _HELP, ends=False)
            case "AMAZON.StopIntent" | "AMAZON.CancelIntent" | "AMAZON.NavigateHomeIntent":
                return self._say(envelope, Text("Until later."))
            case "AMAZON.YesIntent" | "AMAZON.NoIntent":
                return self._decided(envelope, yes=intent.name == "AMAZON.YesIntent")
        text = said(intent)
        return _waiting(envelope.arrival(text=text)) if text else self._say(envelope, _UNHEARD, ends=False)

    def _decided(self, envelope: Envelope, *, yes: bool) -> Accepted:
        """An answer to our question, or, where we asked none, to what was talked about."""
        pressed = envelope.attribute("yes" if yes else "no")
        if pressed:
            return _waiting(envelope.arrival(kind="press", pressed=pressed))
        if envelope.attribute("yes"):
            return self._say(envelope, Text("All right."))
        words = Text("Yes") if yes else Text("No")
        return _waiting(envelope.arrival(text=self.voices(envelope.language or self.fallback).say(words)))

    def _say(self, envelope: Envelope, text: Text, *, ends: bool = True) -> Accepted:
        words = self.voices(envelope.language or self.fallback).say(text)
        return _response(_speaking(ssml(words), ends=ends))

    def replied(self, arrival: Arrival, message: Outgoing | None) -> Accepted:
        """See `Door`. What asks something is put so that a yes or no answers it."""
        if message is None:
            return _response({"shouldEndSession": True})
        text, voice = spoken(message.text), self.voices(message.language)
        buttons = message.buttons[:2]
        question = "" if not buttons else buttons[0].text if len(buttons) == 1 else voice.say(Text("Was this of use?"))
        first = beginning(text, self.longest, question)
        if len(buttons) == 1 and first == text:
            buttons, question = (), ""
        ends = not question and arrival.kind != "opening" and not first.endswith("?")
        response = _speaking(ssml(first, question), ends=ends)
        attributes = dict(zip(("yes", "no"), (one.data for one in buttons), strict=False))
        return _response(_with_card(response, message) if message.intent else response, attributes)


def _waiting(arrival: Arrival) -> Accepted:
    return Accepted((arrival,), wait=BUDGET_SECONDS)


def _speaking(speech: str, *, ends: bool) -> dict[str, Any]:
    return {"outputSpeech": {"type": "SSML", "ssml": speech}, "shouldEndSession": ends}


def _with_card(response: dict[str, Any], message: Outgoing) -> dict[str, Any]:
    """With a card in the app, on which more has room than anybody wants to hear; as much as the response may have."""
    room, text = LARGEST_RESPONSE - len(_written({"response": response})) - 1_000, plain(message.text)
    most = MOST_ON_CARD - 10
    while most > 1:
        parts = split(text, most)
        first = parts[0] if parts else ""
        if len(_written(first)) <= room:
            return {**response, "card": {"type": "Simple", "title": "Hulk", "content": first + (" …" if len(parts) > 1 else "")}}
        most = most * 3 // 4
    return response


def _response(response: dict[str, Any], attributes: dict[str, str] | None = None) -> Accepted:
    body = _written({"version": "1.0", "sessionAttributes": attributes or {}, "response": response})
    return Accepted(body=body, media_type="application/json;charset=UTF-8")


def _written(data: Any) -> bytes:
    return json.dumps(data, ensure_ascii=False).encode()
