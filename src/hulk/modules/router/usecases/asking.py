"""What is asked of a model: its prompt, what it may hold, what it may cost."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from hulk.kernel.errors import Forbidden
from hulk.kernel.text import Language
from hulk.modules.finops import OwnPrice, Planned, Priced, Usage
from hulk.modules.router.domain.asked import Asked, parts_of_prompt, tools_in
from hulk.modules.router.domain.decision import Question
from hulk.modules.router.domain.labels import Labels
from hulk.modules.router.domain.model import Message, Model, Prompt, most_input_tokens
from hulk.modules.router.domain.sensitivity import Classified, Find, Remembering, Sensitivity, classified_parts

_LONG = 10_000
"""Characters above which a scan is given a thread of its own."""

INSTRUCTIONS: dict[Language, str] = {
    "pt": "Você é o Hulk, um assistente de operações. Responda em português do Brasil, de forma direta e curta, em Markdown."
    " Se não souber, diga que não sabe. Você não tem acesso a arquivos nem a sistemas.",
    "en": "You are Hulk, an operations assistant. Answer in English, directly and briefly, in Markdown."
    " If you do not know, say so. You have no access to files or systems.",
}


@dataclass(frozen=True, slots=True)
class Scan:
    """Say what a prompt holds: all of it is looked at, with what people have said of where it comes from."""

    labels: Labels = field(default_factory=Labels)
    find: Find = field(default_factory=Remembering)

    async def __call__(self, prompt: Prompt, channel: str = "", collections: Sequence[str] = (), *, p0: bool = False) -> Classified:
        """`p0`: whoever asks says that it must stay in the company. A long one is scanned in a thread of its own."""
        parts = list(parts_of_prompt(prompt))
        given: list[Sensitivity] = [*self.labels.given(channel, tools_in(prompt), collections), "p0" if p0 else "public"]
        if sum(len(part.text or "") for part in parts) <= _LONG:
            return classified_parts(parts, given, self.find)
        return await asyncio.to_thread(classified_parts, parts, given, self.find)

    async def question(self, question: Question) -> Asked:
        """What a model would be asked for that question."""
        prompt = prompt_of(question)
        return Asked(
            prompt=prompt, tenant=question.tenant, intent=question.intent, key=question.key, language=question.language,
            scan=await self(prompt, question.channel, p0=question.private), text=question.text, channel=question.channel,
            agent=question.agent, person=question.person, episode=question.intent,
        )  # fmt: skip


def prompt_of(question: Question) -> Prompt:
    """What a model is asked for that question: with what was said before, which is looked at and paid for like it."""
    asked = Prompt.plain(INSTRUCTIONS[question.language], question.text)
    before = tuple(Message.of("assistant" if one.ours else "user", one.text) for one in question.turns)
    return replace(asked, messages=(*asked.messages[:-1], *before, *asked.messages[-1:]))


def kept_in(model: Model, scan: Classified) -> Forbidden:
    """Why a model outside is not asked."""
    return Forbidden(
        "{model} is not asked: the text holds what must stay in the company ({labels}), and only a model with local: true may see it.",
        model=model.name,
        labels=", ".join(scan.labels),
    )


def planned(asked: Asked, model: Model, prompt: Prompt, key: str, attempt: int = 1) -> Planned:
    """The call as it is paid for, at the most tokens that it may take."""
    most = model.most_output_tokens if prompt.most_output_tokens is None else prompt.most_output_tokens
    return Planned(
        key=key,
        tenant=asked.tenant,
        intent=asked.intent,
        subject=asked.decision,
        decision=asked.decision,
        attempt=attempt,
        channel=asked.channel or None,
        agent=asked.agent or None,
        person=asked.person or None,
        priced=priced(model),
        most=Usage(input_tokens=most_input_tokens(model, prompt), output_tokens=most),
    )


def priced(model: Model) -> Priced:
    """What the price of a model is looked up by."""
    known = model.input_price is not None and model.output_price is not None
    own = OwnPrice(input=model.input_price, output=model.output_price) if known else None  # type: ignore[arg-type]  # known says so
    return Priced(provider=model.name, model=model.model, url=model.url, local=model.local, own=own)
