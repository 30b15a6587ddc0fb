"""Asking the person at the client amid a request: “elicitation” (2025-11-25), “multi round-trip requests” (2026-07-28).

What is said there is an argument and never an approval: a program may answer without showing it to anybody, with the same key with which it
has asked. So a call that needs a person's yes gets a ticket, whoever calls.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeAlias, TypeVar

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from hulk.kernel.errors import Refused, Unavailable
from hulk.kernel.records import JsonObject
from hulk.modules.tools.domain import Question
from hulk.modules.tools.domain.form import plain_field

R = TypeVar("R")
Answers: TypeAlias = Mapping[str, JsonObject | None]
"""By the questions' keys; None of those that they would not answer."""
ROUNDS = 8
"""How often somebody is asked in one request."""


@dataclass(frozen=True, slots=True)
class Wants:
    """It goes on when these are answered; `state` is given back with the answers, and nobody can read or change it meanwhile."""

    questions: Sequence[Question]
    state: str = ""


Step: TypeAlias = Callable[[Answers, str], Awaitable[R | Wants]]


@dataclass(frozen=True, slots=True)
class Asking:
    """Whoever is at the other end of a request, who has so long to answer."""

    context: ServerRequestContext[Any, Any]
    within: timedelta

    @property
    def modern(self) -> bool:
        """Whether a request is asked again with the answers, rather than answered amid it."""
        return self.context.protocol_version in MODERN_PROTOCOL_VERSIONS

    @property
    def can(self) -> bool:
        """Whether the client says that it shows forms (an empty capability means so)."""
        declared = self.context.session.client_capabilities
        shows = None if declared is None else declared.elicitation
        return shows is not None and (shows.form is not None or shows.url is None)

    async def through(self, params: types.InputResponseRequestParams, step: Step[R]) -> R | types.InputRequiredResult:
        """What `step` comes to, with what it wants to know asked in between. Raises what it raises, `Refused`, `Unavailable`."""
        if self.modern:
            outcome = await step(_given(params), params.request_state or "")
            return _required(outcome) if isinstance(outcome, Wants) else outcome
        answers: Answers = {}
        state = ""
        for _ in range(ROUNDS):
            outcome = await step(answers, state)
            if not isinstance(outcome, Wants):
                return outcome
            answers, state = {one.key: await self._answer(one) for one in outcome.questions}, outcome.state
        raise Refused("It was asked {count} times and still wants to know more: nothing was done.", count=ROUNDS)

    async def _answer(self, question: Question) -> JsonObject | None:
        asking = self.context.session.elicit_form(question.message, question.schema, self.context.request_id)
        try:
            async with asyncio.timeout(self.within.total_seconds()):
                return _content(await asking)
        except TimeoutError as late:
            raise Unavailable("Nobody has answered within {seconds} s.", seconds=round(self.within.total_seconds())) from late
        except (MCPError, ValueError) as error:  # ValueError: an answer that is none
            raise Unavailable("Somebody had to be asked, and the program that calls could not do that.") from error

    def needed(self, message: str) -> MCPError:
        """That the client must be able to ask somebody (2026-07-28, `MissingRequiredClientCapabilityError`)."""
        form = types.ClientCapabilities(elicitation=types.ElicitationCapability(form=types.FormElicitationCapability()))
        data = types.MissingRequiredClientCapabilityErrorData(required_capabilities=form)
        return MCPError(types.MISSING_REQUIRED_CLIENT_CAPABILITY, message, data.model_dump(by_alias=True, exclude_none=True))


def _given(params: types.InputResponseRequestParams) -> Answers:
    found = (params.input_responses or {}).items()
    return {key: _content(one) for key, one in found if isinstance(one, types.ElicitResult)}


def _content(result: types.ElicitResult) -> JsonObject | None:
    return dict(result.content or {}) if result.action == "accept" else None


def _required(wants: Wants) -> types.InputRequiredResult:
    asked: Any = {one.key: _request(one) for one in wants.questions}
    return types.InputRequiredResult(input_requests=asked, request_state=wants.state or None)


def _request(question: Question) -> types.ElicitRequest:
    return types.ElicitRequest(params=types.ElicitRequestFormParams(message=question.message, requested_schema=question.schema))


def form(schema: JsonObject, given: Mapping[str, object]) -> JsonObject | None:
    """A form for what the schema requires and was not given; None when that is nothing, or no form can ask for all of it."""
    properties = schema.get("properties", {})
    missing = [name for name in schema.get("required", ()) if name not in given]
    fields = {name: plain_field(properties.get(name)) for name in missing}
    if not missing or None in fields.values():
        return None
    return {"type": "object", "properties": fields, "required": missing}
