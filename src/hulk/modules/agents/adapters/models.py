"""Models, by way of the router: decided on, let out and paid for like anything else that is asked."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from hulk.kernel.errors import HulkError, Unavailable
from hulk.modules.agents.domain.failures import Nobody
from hulk.modules.agents.domain.talk import Offered, Thought, Turn, Wish
from hulk.modules.agents.ports import Question, Weighed
from hulk.modules.router import (
    AnswerSchema,
    Gateway,
    GatewayCall,
    Message,
    Model,
    OfferedTool,
    Prompt,
    TextPart,
    ToolCall,
    most_input_tokens,
)


@dataclass(frozen=True, slots=True)
class RouterModels:
    """`Models` over a gateway that asks one model, once. `small` are the models of which an answer says that it is of limited quality."""

    gateway: Gateway
    small: frozenset[str] = frozenset()

    async def weigh(self, question: Question) -> Weighed:
        """See `Models`. The decision is kept, as that of any question is."""
        decided = await self.gateway.decide(question.by, _call(question))
        if not decided.chain:
            refusal = decided.refusal
            raise refusal if isinstance(refusal, Unavailable) else _nobody(refusal)

        async def ask() -> Thought:
            answered = await self.gateway.complete(decided)
            completion, model = answered.completion, answered.able.model
            wishes = tuple(Wish(id=one.id, name=one.name, arguments=one.arguments) for one in completion.calls)
            return Thought(
                text=completion.text, wishes=wishes, model=model.name, tokens=completion.input_tokens + completion.output_tokens,
                written=completion.output_tokens, cost=str(answered.bill.cost.amount), limited=model.name in self.small, local=model.local,
            )  # fmt: skip

        tokens = max(_most(one.model, one.prompt) for one in decided.chain)
        return Weighed(tokens=tokens, cost=max(Decimal(one.most.amount) for one in decided.chain), ask=ask)


def _most(model: Model, prompt: Prompt) -> int:
    """The most tokens that the question may take of that model: no fewer are set aside, and no more than must be, since steps that run side
    by side draw on one account. Money is set aside for as many (`router.planned`)."""
    output = prompt.most_output_tokens if prompt.most_output_tokens is not None else model.most_output_tokens
    return most_input_tokens(model, prompt) + output


def _nobody(refusal: HulkError) -> Nobody:
    return Nobody(refusal.text)


def _call(question: Question) -> GatewayCall:
    schema = None if question.form is None else AnswerSchema(schema=question.form, strict=False)
    prompt = Prompt(
        messages=tuple(_message(turn) for turn in question.turns), tools=tuple(_tools(question.tools)), schema=schema,
        most_output_tokens=question.most_output,
    )  # fmt: skip
    return GatewayCall(
        prompt=prompt, language=question.language, wanted=question.model, agent=question.agent, episode=question.task, p0=question.p0,
        key=question.key, intent=question.intent or question.task,
    )  # fmt: skip


def _message(turn: Turn) -> Message:
    calls = tuple(ToolCall(id=one.id, name=one.name, arguments=one.arguments) for one in turn.wishes)
    return Message(role=turn.who, parts=(TextPart(text=turn.text),) if turn.text else (), calls=calls, call_id=turn.answers)


def _tools(offered: Iterable[Offered]) -> Iterable[OfferedTool]:
    return (OfferedTool(name=one.name, description=one.description, parameters=one.parameters) for one in offered)
