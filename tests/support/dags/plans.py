"""Agents and tasks drawn by a seed. What a step's model or tool will do (`mood`) is written into the step, so that it does the same in
whatever process it is executed."""

import random
from dataclasses import dataclass
from typing import Any

from hulk.kernel.records import JsonObject
from hulk.modules.agents import Agent
from hulk.modules.agents.settings import AgentFile

FORM: JsonObject = {
    "type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}, "note": {"type": "string", "maxLength": 40}},
}  # fmt: skip
"""What every step gives."""
MANY: JsonObject = {"type": "object", "required": ["n", "items"], "properties": {"items": {"type": "array"}, "count": {"type": "integer"}}}
TOOL_MOODS = ("right",) * 25 + ("refused", "away", "hangs", "broken", "other", "secret", "late")
MIND_MOODS = (
    *("right",) * 14, *("once",) * 3, "twice", "greedy", "flaky", "dead", "hangs", "thief", "buyer", "looker", "nan", "half", "deep",
)  # fmt: skip
TOOLS = ("shop.look", "shop.look", "shop.order", "shop.order", "shop.buy", "shop.keep", "web.post")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """Agents, and what one of them is asked."""

    seed: int
    agents: tuple[Agent, ...]
    asked: str
    playbook: str
    text: str


def drawn(seed: int) -> Drawn:
    """What that seed has."""
    chance = random.Random(seed)
    name = f"agent-{seed}"
    if chance.random() < 0.2:
        helper = _agent(f"helper-{seed}", chance)
        boss = _agent(name, chance, team=[helper.name])
        return Drawn(seed=seed, agents=(helper, boss), asked=name, playbook="", text=f"seed {seed}: faça isto; e depois aquilo")
    agent = _agent(name, chance, playbooks={"play": _playbook(chance)})
    return Drawn(seed=seed, agents=(agent,), asked=name, playbook="play", text=f"seed {seed}")


def _agent(name: str, chance: random.Random, **more: Any) -> Agent:
    grants = [
        {"use": ["shop.look"], "sensitive": True}, {"use": ["shop.order", "shop.keep"], "autonomy": "act"},
        {"use": ["shop.buy"], "autonomy": "approve"}, {"use": ["web.post"], "autonomy": "act"},
    ]  # fmt: skip
    limits = {
        "tokens": chance.choice([8000, 20_000, 40_000]), "parallel": chance.randint(1, 3), "turns": 4, "replans": 1,
        "cost": chance.choice([None, "0.3", "0.05"]),
    }  # fmt: skip
    file = {"name": name, "title": "T", "about": "A", "persona": "P", "tools": grants, "limits": limits, **more}
    return AgentFile.model_validate(file).agent("tests", "0" * 64)


def _playbook(chance: random.Random) -> JsonObject:
    keys = [f"k{place}" for place in range(chance.randint(3, 12))]
    steps: list[JsonObject] = []
    for key in keys:
        steps.append(_step(key, steps, chance))
    answer = [{"text": f"{one['key']}: {_reference(one)}"} for one in steps]
    if chance.random() < 0.03:
        answer.append({"text": "${k0.nothing}"})
    chance.shuffle(steps)
    examples = {"pt": ["faça a compra", "compre o que falta", "cuide do estoque"]}
    return {"title": "Jogo", "examples": examples, "steps": steps, "answer": answer}


def _reference(step: JsonObject) -> str:
    """To the number that it gives."""
    return f"${{{step['key']}.{'count' if 'each' in step else 'n'}}}"


def _step(key: str, before: list[JsonObject], chance: random.Random) -> JsonObject:
    waits = chance.sample(before, min(len(before), chance.choice([0, 1, 1, 2, 3])))
    given = {f"from_{one['key']}": _reference(one) for one in waits}
    takes: JsonObject = {"type": "object", "required": sorted(given), "properties": {name: {"type": "integer"} for name in given}}
    if given and chance.random() < 0.04:
        takes["properties"][min(given)] = {"type": "string"}  # which the step before does not give
    step: JsonObject = {
        "key": key, "with": given, "takes": takes, "gives": FORM, "optional": chance.random() < 0.25, "private": chance.random() < 0.06,
        "after": [one["key"] for one in chance.sample(before, min(len(before), chance.choice([0, 0, 1])))],
    }  # fmt: skip
    if chance.random() < 0.03:
        step["minutes"] = 1e-7
    match chance.choice(["tool"] * 4 + ["think"] * 3 + ["ask"]):
        case "tool":
            _tool(step, chance)
        case "think":
            _thinks(step, chance)
        case _:
            step["ask"] = "Responda."
    return step


def _tool(step: JsonObject, chance: random.Random) -> None:
    mood = chance.choice(TOOL_MOODS)
    step["tool"] = "shop.look" if mood == "secret" else chance.choice(TOOLS)
    step["with"] |= {"item": step["key"], "mood": mood}
    step["takes"] |= {"required": [*step["takes"]["required"], "item", "mood"]}
    if step["tool"] not in ("web.post", "shop.look") and chance.random() < 0.2:
        step |= {"each": "${values.items}", "gives": {"type": "object", "required": ["items", "count"]}, "accept": {"type": "object"}}
        step["with"] |= {"item": "${item}"}
        step["gives"] = MANY | {"required": ["items", "count"]}
    if chance.random() < 0.2:
        step["accept"] = {"properties": {"n": {"minimum": 1}}}


def _thinks(step: JsonObject, chance: random.Random) -> None:
    mood = chance.choice(MIND_MOODS)
    step |= {"think": f"[{mood}:{step['key']}]", "tokens": chance.choice([2000, 3000])}
    if mood == "hangs":
        step["minutes"] = 0.15 / 60
    if mood in ("thief", "buyer", "looker") or chance.random() < 0.2:
        step["tools"] = ["shop.*", "web.post"]


def plan_of_work(chance: random.Random, *, again: bool) -> JsonObject:
    """A split of the work, as a model gives it: other moods the second time, when an earlier plan came to a halt."""
    moods = ("right", "once", "buyer") if again else ("right", "right", "once", "refuse", "dead", "buyer")
    keys = [f"s{place}{'b' if again else ''}" for place in range(chance.randint(1, 3))]
    steps = [
        {"key": key, "agent": "", "goal": f"[{chance.choice(moods)}:{key}]", "after": keys[:place][-1:] if chance.random() < 0.5 else []}
        for place, key in enumerate(keys)
    ]
    return {"facts": ["há uma loja"], "to_find": [], "guesses": [], "steps": steps}
