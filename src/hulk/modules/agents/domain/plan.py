"""A plan: steps that hand on to each other, as a directed graph without cycles. Pure rules.

    anomalies ─┬─> tickets (each: ${anomalies.follow_ups})
    forecast ──┴─> summary (a model, at most 3,000 tokens) ──> answer

A step (`Node`) calls a tool, has a model think, or asks a person. It says what it is handed (`given`, which may refer to what earlier ones
gave), of which form that must be (`input`) and what it gives (`output`), what makes that good enough (`accept`), how many tokens and
seconds it may take, and which tools it may use.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from hulk.kernel.errors import Refused
from hulk.kernel.records import JsonObject
from hulk.kernel.text import Language
from hulk.modules.agents.domain.references import names_in

Does: TypeAlias = Literal["tool", "think", "person"]
Origin: TypeAlias = Literal["playbook", "single", "split"]
"""Declared in a file; one step of a model; made by a model that split the work."""
Status: TypeAlias = Literal["open", "running", "done", "failed", "skipped"]
OVER: frozenset[Status] = frozenset(("done", "failed", "skipped"))
GIVEN = frozenset(("parameters", "task", "item", "index", "values"))
"""What may be referred to besides steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One step. `after` are the keys of all that it waits for; `each` refers to a list: done for every `item` of that, at most `most`.
    `tokens` caps a model's step, `seconds` is its time without waiting for people. `cites`: its answer must name sources, of those that it
    was shown. `otherwise` is what it gives when no model may be asked. What it finds speaks for the hypothesis `tells` when `so` refers to
    something that is there and not empty, else against it. An `optional` one may fail."""

    key: str
    does: Does
    title: Mapping[Language, str] = field(default_factory=dict)
    agent: str = ""
    after: tuple[str, ...] = ()
    optional: bool = False
    p0: bool = False
    seconds: float = 600.0
    given: JsonObject = field(default_factory=dict)
    tool: str = ""
    each: str = ""
    most: int = 20
    goal: Mapping[Language, str] = field(default_factory=dict)
    tools: tuple[str, ...] = ()
    input: JsonObject = field(default_factory=dict)
    output: JsonObject = field(default_factory=dict)
    accept: JsonObject = field(default_factory=dict)
    cites: bool = False
    tokens: int = 0
    otherwise: Mapping[Language, str] = field(default_factory=dict)
    tells: Mapping[Language, str] = field(default_factory=dict)
    so: str = ""

    @property
    def waits_for(self) -> frozenset[str]:
        """The keys of the steps that it needs: those named, and those that it refers to."""
        named = names_in(self.given, self.each, self.goal, self.otherwise)
        return frozenset({*self.after, *(named - GIVEN)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A piece of the answer: Markdown that refers to what steps gave; left out when one of those that it `needs` gave nothing. `each`
    refers to a list: the text is there once for every `item`, at most `most`, on lines of their own."""

    text: Mapping[Language, str]
    needs: tuple[str, ...] = ()
    each: str = ""
    most: int = 20

    @property
    def rests_on(self) -> frozenset[str]:
        """The steps that must be done for it."""
        return frozenset({*self.needs, *(names_in(self.text, self.each) - GIVEN)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The steps in the order in which they were written, and what is answered from them. `version` counts plans of a task from 1;
    `ledger` is what was known and guessed when it was made."""

    agent: str
    origin: Origin
    nodes: tuple[Node, ...]
    answer: tuple[Block, ...]
    version: int = 1
    ledger: "Ledger" = field(default_factory=lambda: Ledger())

    def node(self, key: str) -> Node:
        """The step of that key, which is there."""
        return next(one for one in self.nodes if one.key == key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The task ledger of Magentic-One (Fourney et al. 2024, arXiv 2411.04468): what is known, what is to be looked up, what is guessed."""

    facts: tuple[str, ...] = ()
    to_find: tuple[str, ...] = ()
    guesses: tuple[str, ...] = ()


def require_sound(plan: Plan, agents: Mapping[str, Sequence[str]], most: int) -> None:
    """Raises `Refused` for a plan that cannot be carried out. `agents` gives the patterns of tools of each agent that may take part."""
    if not plan.nodes:
        raise Refused("The plan has no steps.")
    if len(plan.nodes) > most:
        raise Refused("The plan has {count} steps; at most {most} are taken.", count=len(plan.nodes), most=most)
    keys = [node.key for node in plan.nodes]
    if (twice := next((key for key in keys if keys.count(key) > 1 or key in GIVEN), None)) is not None:
        raise Refused("The plan has the step “{key}” twice, or that name means something else.", key=twice)
    for node in plan.nodes:
        _require_known(node, keys, agents)
    if (cycle := cycle_in(plan.nodes)) is not None:
        raise Refused("The plan goes in a circle: {steps}. No step of a circle can begin.", steps=" > ".join(cycle))
    for block in plan.answer:
        if missing := sorted(block.rests_on - set(keys)):
            raise Refused("The answer refers to “{missing}”, and there is no such step.", missing=missing[0])


def _require_known(node: Node, keys: Sequence[str], agents: Mapping[str, Sequence[str]]) -> None:
    if missing := sorted(node.waits_for - set(keys)):
        raise Refused(
            "The step “{key}” waits for “{missing}”, and there is no such step; there are: {keys}.", key=node.key, missing=missing[0],
            keys=", ".join(keys),
        )  # fmt: skip
    if node.agent not in agents:
        raise Refused("The step “{key}” is for the agent “{agent}”, and there is none of that name here.", key=node.key, agent=node.agent)
    if node.does == "tool" and not node.tool:
        raise Refused("The step “{key}” calls a tool and does not say which.", key=node.key)
    if node.does == "think" and node.tokens < 1:
        raise Refused("The step “{key}” has a model think and no tokens to do it with.", key=node.key)
    if not node.seconds > 0:  # nor what is no number
        raise Refused("The step “{key}” should have ended before it begins: its time is {seconds} s.", key=node.key, seconds=node.seconds)


def cycle_in(nodes: Sequence[Node]) -> Sequence[str] | None:
    """The keys of a circle, the first one again at its end; None when there is none."""
    after = {node.key: node.waits_for for node in nodes}
    left = dict(after)
    while free := [key for key, waits in left.items() if not waits & left.keys()]:
        for key in free:
            del left[key]
    if not left:
        return None
    path = [next(iter(left))]
    while path[-1] not in path[:-1]:
        path.append(next(key for key in sorted(left[path[-1]]) if key in left))
    return path[path.index(path[-1]) :]


@dataclass(frozen=True, slots=True)
class Board:
    """How far a plan is. Changes only with what is recorded, so that the same ends always lead to the same next steps."""

    plan: Plan
    states: Mapping[str, Status]

    @classmethod
    def of(cls, plan: Plan, done: Mapping[str, Status] | None = None) -> "Board":
        """At its beginning; `done` is what an earlier plan has come to."""
        return cls(plan, {node.key: (done or {}).get(node.key, "open") for node in plan.nodes})

    def moved(self, *keys: str, to: Status) -> "Board":
        """With these steps there."""
        return replace(self, states={**self.states, **dict.fromkeys(keys, to)})

    def ready(self, most: int) -> Sequence[Node]:
        """Steps that may begin now, so that at most `most` are under way."""
        under_way = sum(1 for status in self.states.values() if status == "running")
        open_ones = (node for node in self.plan.nodes if self.states[node.key] == "open" and self._free(node))
        return [node for node, _ in zip(open_ones, range(max(0, most - under_way)), strict=False)]

    def doomed(self) -> Sequence[Node]:
        """Steps that can never begin, since something they need has come to nothing: all of them, in turn."""
        found: list[Node] = []
        lost = {key for key, status in self.states.items() if status in ("failed", "skipped")}
        for _ in self.plan.nodes:
            more = [one for one in self.plan.nodes if self.states[one.key] == "open" and one not in found and one.waits_for & lost]
            found += more
            lost |= {one.key for one in more}
        return found

    @property
    def over(self) -> bool:
        """Whether nothing can begin or end any more."""
        return all(status in OVER for status in self.states.values())

    @property
    def broken(self) -> Sequence[Node]:
        """Steps that failed and had to be done."""
        return [node for node in self.plan.nodes if self.states[node.key] == "failed" and not node.optional]

    def _free(self, node: Node) -> bool:
        return all(self.states[key] == "done" for key in node.waits_for)


def tainted(plan: Plan, sources: frozenset[str]) -> frozenset[str]:
    """The keys of steps that are P0: those that say so or are found to be (`sources`), and all that are fed by one, however far on."""
    found = set(sources) | {node.key for node in plan.nodes if node.p0}
    while more := {node.key for node in plan.nodes if node.key not in found and node.waits_for & found}:
        found |= more
    return frozenset(found)


def in_order(nodes: Sequence[Node]) -> Iterator[Node]:
    """The steps so that each comes after all that it waits for; there is no circle."""
    left = {node.key: node for node in nodes}
    while left:
        for key in [key for key, node in left.items() if not node.waits_for & left.keys()]:
            yield left.pop(key)
