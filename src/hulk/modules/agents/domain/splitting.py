"""Splitting work: whether a plan of several steps may pay at all, what the model is asked that makes it, and how its answer is read.

Several agents take some fifteen times the tokens of a chat (Anthropic, “How we built our multi-agent research system”, 2025). So nothing is
split that does not ask for several things, and a split that comes to one step is one step. Most of what a step takes is what its tools
say of themselves, each time it is asked: so it is given those that it needs, of those that its agent has.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from hulk.kernel.errors import Refused
from hulk.kernel.records import JsonObject
from hulk.kernel.text import Language
from hulk.modules.agents.domain.agent import Agent, Limits, Said, said_in
from hulk.modules.agents.domain.plan import Block, Ledger, Node, Plan
from hulk.modules.agents.domain.talk import ANSWER, Turn, quoted, tool_of
from hulk.modules.agents.domain.task import FILES, SAID

PLANNING_TOKENS = 6_000
"""Set aside for a plan."""
MOST_TOOLS = 8
"""Tools that a plan may name for one of its steps."""
_LIST = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+\S", re.MULTILINE)
_JOIN = re.compile(
    r";|\?\s+\S|\b(?:e (?:depois|então|em seguida|também)|em seguida|depois disso|além disso"
    r"|and (?:then|also)|after that|in addition|then)\b",
    re.IGNORECASE,
)


def parts_in(text: str) -> int:
    """How many things a text asks for, as far as its form tells: points of a list, or what words like “and then” join."""
    return max(1, len(_LIST.findall(text)), 1 + len(_JOIN.findall(text.strip())))


def worth_splitting(text: str, agent: Agent) -> bool:
    """Whether a plan of several steps may pay."""
    return bool(agent.team) and parts_in(text) > 1


def single(agent: Agent, limits: Limits, text: str, *, files: bool = False, said: bool = False) -> Plan:
    """One step: the agent itself, with all its tools; `files`: the task has some; `said`: and something was said before it."""
    tools = tuple(tool for grant in agent.grants for tool in grant.tools)
    node = Node(
        key="answer", does="think", agent=agent.name, goal={"pt": text, "en": text}, tools=tools, tokens=limits.tokens,
        seconds=limits.seconds, given=(_FILES if files else {}) | (_SAID if said else {}),
    )  # fmt: skip
    answer = Block(text={"pt": "${answer.answer}", "en": "${answer.answer}"})
    return Plan(agent=agent.name, origin="single", nodes=(_literal(node),), answer=(answer,))


_FILES: JsonObject = {FILES: f"${{parameters.{FILES}}}"}
"""How a step is handed what was sent along."""
_SAID: JsonObject = {SAID: f"${{parameters.{SAID}}}"}
"""And what was said before."""


def _literal(node: Node) -> Node:
    """What a person or a model wrote refers to nothing, whatever signs are in it."""
    return replace(node, goal={language: text.replace("${", "$\u200b{") for language, text in node.goal.items()})


def form_of_plan(team: Sequence[Agent], most: int) -> JsonObject:
    """The JSON Schema of a plan as a model gives it. A step that names no `tools` has all of its agent's."""
    words = {"type": "array", "items": {"type": "string", "maxLength": 200}, "maxItems": 5}
    step = {
        "type": "object",
        "properties": {
            "key": {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,30}$"},
            "agent": {"enum": [one.name for one in team]},
            "goal": {"type": "string", "minLength": 1, "maxLength": 1000},
            "tools": {"type": "array", "items": {"type": "string"}, "maxItems": MOST_TOOLS},
            "after": {"type": "array", "items": {"type": "string"}, "maxItems": most},
        },
        "required": ["key", "agent", "goal", "after"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {
            "facts": words, "to_find": words, "guesses": words,
            "steps": {"type": "array", "items": step, "minItems": 1, "maxItems": most},
        },
        "required": ["facts", "to_find", "guesses", "steps"],
        "additionalProperties": False,
    }  # fmt: skip


_ASK = {
    "pt": "Divida o pedido entre os agentes abaixo, no menor número de passos que o resolve (um só, se bastar). Cada passo diz o agente, o "
    "objetivo (completo: quem o lê não vê o pedido), só as ferramentas do agente de que precisa (tools; nenhuma, se basta pensar) e de que "
    "passos depende (after). Anote em poucas palavras o que se sabe (facts), o que falta descobrir (to_find) e o que se supõe (guesses).",
    "en": "Split the request among the agents below, in the fewest steps that answer it (one, if that is enough). Each step says its "
    "agent, its goal (whole: whoever reads it does not see the request), just those of the agent's tools that it needs (tools; none, if "
    "thinking is enough) and which steps it depends on (after). Note in few words what is known (facts), what is to be found out (to_find) "
    "and what is guessed (guesses).",
}
_FAILED = {
    "pt": "O plano anterior parou. O que já foi feito não precisa ser feito outra vez; planeje só o que falta, de outro jeito.",
    "en": "The last plan came to a halt. What is done need not be done again; plan only what is missing, in another way.",
}


def planning(
    agent: Agent,
    team: Sequence[Agent],
    text: str,
    language: Language,
    before: str = "",
    files: Sequence[str] = (),
    said: Sequence[str] = (),
    tools: Mapping[str, Sequence[str]] | None = None,
) -> tuple[Turn, ...]:
    """What the model is asked that makes a plan; `tools` are the names of those that each agent has, `before` tells what an earlier one
    came to, `files` are the names of those that each step is handed, `said` what was said before."""
    who = "\n".join(_introduced(one, language, (tools or {}).get(one.name, ())) for one in team)
    ask = f"{_ASK[language]}\n\n{who}\n\n{text}"
    if files:
        ask += f"\n\n{quoted('files', ', '.join(files))}"
    if said:
        ask += f"\n\n{quoted(SAID, chr(10).join(said))}"
    if before:
        ask += f"\n\n{_FAILED[language]}\n\n{quoted('plan', before)}"
    return (Turn(who="system", text=said_in(agent.persona, language)), Turn(who="user", text=ask))


def _introduced(agent: Agent, language: Language, tools: Sequence[str]) -> str:
    told = f"- {agent.name}: {said_in(agent.about, language)}"
    return f"{told} (tools: {', '.join(tools)})" if tools else told


def planned(
    agent: Agent, team: Sequence[Agent], given: JsonObject, limits: Limits, version: int, done: Sequence[Node] = (), *,
    files: bool = False, tools: Mapping[str, Sequence[str]] | None = None,
) -> Plan:  # fmt: skip
    """The plan that a model gave (in the form of `form_of_plan`), with what of an earlier one is `done`. Its steps share what the task may
    take; the last puts together what the others found, where there are several and none of them was handed all the rest. Raises `Refused`
    for a tool that is not among an agent's `tools`."""
    by_name = {one.name: one for one in team}
    kept = {node.key for node in done}
    nodes = [_node(step, by_name, tools or {}, files=files) for step in given["steps"] if step["key"] not in kept]
    if len(nodes) + len(done) > 1 and not _joins([*done, *nodes]):
        nodes.append(_joining(agent, [*done, *nodes]))
    share = max(1, (limits.tokens - PLANNING_TOKENS * version) // max(1, len(nodes)))
    nodes = [replace(node, tokens=share, seconds=limits.seconds) for node in nodes]
    last = nodes[-1].key if nodes else done[-1].key
    ledger = Ledger(facts=tuple(given["facts"]), to_find=tuple(given["to_find"]), guesses=tuple(given["guesses"]))
    answer = Block(text=dict.fromkeys(("pt", "en"), f"${{{last}.answer}}"))
    return Plan(agent=agent.name, origin="split", nodes=(*done, *nodes), answer=(answer,), version=version, ledger=ledger)


def _joins(nodes: Sequence[Node]) -> bool:
    """Whether the last step is handed what all others give, and these are several: then it was made to answer, and nobody need put it
    together once more. One that goes on from a single other may be about something else that was asked for."""
    return len(nodes) > 2 and {one.key for one in nodes[:-1]} <= nodes[-1].waits_for


def _tools(step: JsonObject, agent: Agent, known: Sequence[str]) -> tuple[str, ...]:
    """Those that the step names, else all of the agent's."""
    if "tools" not in step:
        return tuple(tool for grant in agent.grants for tool in grant.tools)
    found = {name: tool_of(name, known) for name in step["tools"]}
    if (strange := next((name for name, tool in found.items() if tool is None), None)) is not None:
        raise Refused(
            "The step “{key}” wants the tool {tool}, and {agent} has none of that name; it has: {known}.", key=step["key"],
            tool=strange[:80], agent=agent.name, known=", ".join(known) or "—",
        )  # fmt: skip
    return tuple(tool for tool in found.values() if tool is not None)


def _node(step: JsonObject, by_name: dict[str, Agent], tools: Mapping[str, Sequence[str]], *, files: bool) -> Node:
    agent = by_name[step["agent"]]
    after = tuple(key for key in step["after"] if key != step["key"])
    handed: JsonObject = {"type": "object", "properties": {key: {"type": "string"} for key in after}, "required": list(after)}
    node = Node(
        key=step["key"], does="think", agent=agent.name, goal={"pt": step["goal"], "en": step["goal"]}, after=after, output=ANSWER,
        given={key: f"${{{key}.answer}}" for key in after} | (_FILES if files else {}), input=handed,
        tools=_tools(step, agent, tools.get(agent.name, ())),
    )  # fmt: skip
    return _literal(node)


_JOIN_GOAL: Said = {
    "pt": "Junte o que os passos encontraram numa só resposta ao pedido, curta e completa, dizendo de que passo vem cada afirmação.",
    "en": "Put what the steps found together into one answer to the request, short and whole, saying which step each statement is from.",
}


def _joining(agent: Agent, nodes: Sequence[Node]) -> Node:
    given = {"request": "${task.text}", **{node.key: f"${{{node.key}.answer}}" for node in nodes}}
    return Node(key="joined", does="think", agent=agent.name, goal=_JOIN_GOAL, given=given, output=ANSWER)
