"""What is asked of a model: its prompt, what it may hold, what it may cost."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from hulk.kernel import ids
from hulk.kernel.errors import Forbidden
from hulk.kernel.text import Language
from hulk.modules.finops import OwnPrice, Planned, Priced, Usage
from hulk.modules.router.domain.decision import Question
from hulk.modules.router.domain.model import Model, Prompt
from hulk.modules.router.domain.policy import Circumstances, Policy, Ruling, ruling
from hulk.modules.router.domain.sensitivity import Classified, classified

_LONG = 10_000
"""Characters above which a scan is given a thread of its own."""

INSTRUCTIONS: dict[Language, str] = {
    "pt": "Você é o Hulk, um assistente de operações. Responda em português do Brasil, de forma direta e curta, em Markdown."
    " Se não souber, diga que não sabe. Você não tem acesso a arquivos nem a sistemas.",
    "en": "You are Hulk, an operations assistant. Answer in English, directly and briefly, in Markdown."
    " If you do not know, say so. You have no access to files or systems.",
}


def prompt_of(question: Question) -> Prompt:
    """What a model is asked for that question."""
    return Prompt.plain(INSTRUCTIONS[question.language], question.text)


async def scanned(text: str) -> Classified:
    """What a text holds; a long one is scanned in a thread of its own."""
    return classified(text) if len(text) <= _LONG else await asyncio.to_thread(classified, text)


def rules_of(policies: Sequence[Policy], question: Question, scan: Classified, now: datetime) -> Ruling:
    """What the policies say of a question now."""
    around = Circumstances(
        tenant=question.tenant, channel=question.channel, agent=question.agent, sensitivity=scan.sensitivity, at=now
    )  # fmt: skip
    return ruling(policies, around)


def kept_in(model: Model, scan: Classified) -> Forbidden:
    """Why a model outside is not asked."""
    return Forbidden(
        "{model} is not asked: the text holds what must stay in the company ({labels}), and only a model with local: true may see it.",
        model=model.name,
        labels=", ".join(scan.labels),
    )


def planned(question: Question, model: Model, prompt: Prompt, key: str) -> Planned:
    """The call as it is paid for, at the most tokens that it may take."""
    decision = ids.derived("dec", question.key)
    return Planned(
        key=key,
        tenant=question.tenant,
        intent=question.intent,
        subject=decision,
        decision=decision,
        channel=question.channel or None,
        agent=question.agent or None,
        person=question.person or None,
        priced=priced(model),
        most=Usage(input_tokens=prompt.most_input_tokens, output_tokens=model.most_output_tokens),
    )


def priced(model: Model) -> Priced:
    """What the price of a model is looked up by."""
    known = model.input_price is not None and model.output_price is not None
    own = OwnPrice(input=model.input_price, output=model.output_price) if known else None  # type: ignore[arg-type]  # known says so
    return Priced(provider=model.name, model=model.model, url=model.url, local=model.local, own=own)
