"""What a step's end says of the reasoning of its task: tools give evidence, models infer from it, acts are decisions. Pure rules."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from hulk.kernel.records import Json
from hulk.modules.agents.domain.agent import said_in
from hulk.modules.agents.domain.plan import Node, Plan
from hulk.modules.agents.domain.reasoning import Bearing, Decision, Draft, Evidence, Hypothesis, Inference, Source, sha256
from hulk.modules.agents.domain.references import filled, names_in
from hulk.modules.agents.domain.task import Made, Task

EXCERPT = 1_000
"""Characters of what a tool gave that are kept beside its digest."""
TELLING = 1.0
"""Bans: what a playbook says tells for or against a hypothesis is ten times likelier when it is so."""


def drafts_of(task: Task, node: Node, made: Made) -> Sequence[Draft]:
    """What there is to note; nothing of a step that rests on nothing."""
    if task.plan is None or made.status != "done":
        return ()
    return tuple(_noted(task, task.plan, node, made))


def _noted(task: Task, plan: Plan, node: Node, made: Made) -> Iterator[Draft]:
    before = [key for key in sorted(node.waits_for) if grounded(plan, plan.node(key))]
    match node.does:
        case "tool" if made.autonomy and before:
            yield from _decided(task, plan, node, made, before)
        case "tool" if made.calls:
            yield from _found(task, node, made)
        case "think" if before or made.calls:
            own = [f"{node.key}/{call}" for call in made.calls]
            yield from (_called(task, node, call, key, made) for call, key in zip(made.calls, own, strict=True))
            yield _inferred(plan, node, made, before, own)
        case _:
            return


def grounded(plan: Plan, node: Node) -> bool:
    """Whether something can be inferred from that step: a tool looked at something, or a model thought about what one had found."""
    if node.does == "tool":
        return not node.each and not any(plan.node(key).does == "tool" for key in node.waits_for)
    return node.does == "think" and any(grounded(plan, plan.node(key)) for key in node.waits_for)


def _found(task: Task, node: Node, made: Made) -> Iterator[Draft]:
    bearings: tuple[Bearing, ...] = ()
    if node.tells:
        yield Draft(key=f"{node.key}?", what=Hypothesis(said_in(node.tells, task.language)))
        bearings = (Bearing(f"{node.key}?", TELLING if _so(node, made) else -TELLING),)
    yield Draft(key=node.key, what=_evidence(task, node, made.calls[0], made.output, bearings), labels=_labels(made))


def _so(node: Node, made: Made) -> bool:
    """Whether what was found speaks for it."""
    if not names_in(node.so):
        return bool(made.output)
    return bool(filled(node.so, {node.key: made.output}))


def _called(task: Task, node: Node, call: str, key: str, made: Made) -> Draft:
    return Draft(key=key, what=_evidence(task, node, call, None, ()), labels=_labels(made))


def _evidence(task: Task, node: Node, call: str, output: Json, bearings: tuple[Bearing, ...]) -> Evidence:
    whole = json.dumps(output, ensure_ascii=False, sort_keys=True)
    shown = output.get("markdown") if isinstance(output, Mapping) else None
    text = str(shown) if shown else ("" if output is None else whole)
    return Evidence(
        what=said_in(node.title, task.language) or node.key, source=Source("tool_call", call), excerpt=text[:EXCERPT], digest=sha256(whole),
        bearings=bearings,
    )  # fmt: skip


def _inferred(plan: Plan, node: Node, made: Made, before: Sequence[str], own: Sequence[str]) -> Draft:
    tools = [key for key in before if plan.node(key).does == "tool"]
    thoughts = [key for key in before if plan.node(key).does == "think"]
    maker: Literal["model", "code"] = "model" if made.model else "code"
    what = Inference(
        statement=_stated(made.output), method="abduction", maker=maker, by=f"{maker}:{made.model or node.agent}",
        evidence=(*tools, *own), inferences=tuple(thoughts),
    )  # fmt: skip
    return Draft(key=node.key, what=what, labels=_labels(made))


def _decided(task: Task, plan: Plan, node: Node, made: Made, before: Sequence[str]) -> Iterator[Draft]:
    title = said_in(node.title, task.language) or node.key
    tools = tuple(key for key in before if plan.node(key).does == "tool")
    thoughts = tuple(key for key in before if plan.node(key).does == "think")
    because = Inference(statement=title, method="deduction", maker="agent", by=f"agent:{node.agent}", evidence=tools, inferences=thoughts)
    yield Draft(key=f"{node.key}/because", what=because, labels=_labels(made))
    autonomy: Literal["suggest", "approve", "act"] = made.autonomy or "act"
    calls = () if autonomy == "suggest" else made.calls
    what = Decision(what=title, inferences=(f"{node.key}/because",), autonomy=autonomy, approver=made.approver, calls=calls[:100])
    yield Draft(key=node.key, what=what, labels=_labels(made))


def _stated(output: Json) -> str:
    answer = output.get("answer") if isinstance(output, Mapping) else None
    text = str(answer) if answer else json.dumps(output, ensure_ascii=False)
    return text[:2_000]


def _labels(made: Made) -> tuple[Literal["labelled"], ...]:
    return ("labelled",) if made.p0 else ()
