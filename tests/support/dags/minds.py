"""Models that behave as the step says that asks them: `[mood:key]` in its goal."""

import asyncio
import json
import random
import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from hulk.kernel import ids
from hulk.kernel.errors import Refused, Unavailable
from hulk.modules.agents.domain.talk import Thought, Wish
from hulk.modules.agents.ports import Question, Weighed
from support.dags.plans import Drawn, plan_of_work
from support.dags.shop import kept

_MOOD = re.compile(r"\[(\w+):(\w+)\]")
WORST = 400
"""Tokens that a question may take at the most."""
RIGHT = '{"n": 3, "note": "é"}'
_WRONG = {
    "once": "não sei", "twice": '{"n": "três"}', "nan": '{"n": NaN}', "half": '{"n": 1, "note": "\\ud800"}', "deep": "[" * 100_000,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Minds:
    """`Models`; each question is noted in a file."""

    drawn: Drawn
    notes: Path

    async def weigh(self, question: Question) -> Weighed:
        """See `Models`."""
        mood, key = _mood(question)
        worst = 10**6 if mood == "greedy" else WORST

        async def ask() -> Thought:
            tools = [one.name for one in question.tools]
            kept(self.notes, {"task": question.task, "key": key, "mood": mood, "p0": question.p0, "tools": tools})
            wishes = () if question.form is not None or not tools or _heard(question) else _wishes(mood, key)
            text = "" if wishes else await self._said(mood, question)
            tokens = random.randint(1, WORST)
            return Thought(text=text, wishes=wishes, model="twin", tokens=tokens, cost=str(Decimal(tokens) / 500_000))

        return Weighed(tokens=worst, cost=Decimal(worst) / 500_000, ask=ask)

    async def _said(self, mood: str, question: Question) -> str:
        """Something wrong the first time, or each time, and else what is right; those that are told so after that may mend it."""
        if mood == "plan":
            return self._plan(question)
        told = sum(turn.who == "assistant" and not turn.wishes for turn in question.turns)
        if mood == "twice" or (told == 0 and mood in _WRONG):
            return _WRONG[mood]
        await _hindered(mood)
        return RIGHT

    def _plan(self, question: Question) -> str:
        again = any("plano anterior" in turn.text for turn in question.turns)
        chance = random.Random(self.drawn.seed)
        told = sum(turn.who == "assistant" for turn in question.turns)
        plan = plan_of_work(chance, again=again)
        for step in plan["steps"]:
            step["agent"] = self.drawn.agents[0].name
        if told == 0 and chance.random() < 0.3:
            plan["steps"][0]["after"] = [plan["steps"][-1]["key"], "ninguém"]
        return "[" * 50_000 if told == 0 and chance.random() < 0.1 else json.dumps(plan)


async def _hindered(mood: str) -> None:
    """What keeps a model of that mood from answering."""
    match mood:
        case "flaky" if random.random() < 0.5:
            raise Unavailable("The model is away.")
        case "dead":
            raise Unavailable("The model is away for good.")
        case "refuse":
            raise Refused("The model will not.")
        case "hangs":
            await asyncio.Event().wait()
        case "slow":
            await asyncio.sleep(0.3)


def _mood(question: Question) -> tuple[str, str]:
    found = _MOOD.search(question.turns[1].text)
    if found is not None:
        return found.group(1), found.group(2)
    planning = question.form is not None and "steps" in question.form.get("properties", {})
    return ("plan", "plan") if planning else ("right", "joined")


def _heard(question: Question) -> bool:
    return any(turn.who == "tool" for turn in question.turns)


def _wishes(mood: str, key: str) -> tuple[Wish, ...]:
    """Tools that a model of that mood wants before it answers."""
    item = json.dumps({"item": key, "mood": "right"})
    wanted: dict[str, list[tuple[str, str]]] = {
        "thief": [("shop__cancel", '{"order": 1}'), ("shop__cancel", "[]"), ("nothing", "{"), ("shop.cancel", '{"order": NaN}')],
        "buyer": [("shop__order", item), ("shop__buy", item), ("shop__order", '{"item": "\\ud800"}')],
        "looker": [("shop__look", json.dumps({"item": key, "mood": "secret"})), ("web__post", item)],
    }
    return tuple(Wish(id=ids.new("req"), name=name, arguments=arguments) for name, arguments in wanted.get(mood, ()))
