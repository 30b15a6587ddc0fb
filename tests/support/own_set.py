"""A model that answers the set of ours as its rules have it, and one that nearly does."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.tool_use.catalogue import sent
from benchmarks.tool_use.own import CallSpec, Own, Question

from support.scripted_model import Calls, Script


def example(rule: Any) -> Any:
    """A value that meets a rule."""
    if isinstance(rule, Mapping):
        if "$any" in rule:
            return example(rule["$any"][0])
        if "$has" in rule:
            return " ".join(map(str, rule["$has"]))
        return {name: example(one) for name, one in rule.items()}
    return [example(one) for one in rule] if isinstance(rule, list | tuple) else rule


def calls(specs: Sequence[CallSpec]) -> Calls:
    """As expected."""
    return [(sent(one.tool), {name: example(rule) for name, rule in one.with_.items()}) for one in specs]


def answer(question: Question) -> str | Calls:
    """A right one."""
    if question.calls:
        return calls(question.calls)
    return " ".join(["Pois.", *map(str, question.has), *map(str, question.some[:1])])


def by_request(own: Own) -> dict[str, Question]:
    """The questions by what is asked."""
    return {str(own.asked(one)["messages"]): one for _, one in own.questions.values()}


async def perfect() -> Script:
    """Who is always right."""
    known = by_request(await Own.loaded())
    return lambda body: answer(known[str(body["messages"])])
