"""Plans for tests: steps that know little but what they wait for, and strategies that draw graphs of them."""

from typing import Any

from hypothesis import strategies as st

from hulk.modules.agents.domain.plan import Node, Plan, Status

KEYS = tuple("abcdefghijkl")
STATUSES: tuple[Status, ...] = ("open", "running", "done", "failed", "skipped")


def step(key: str, *after: str, **more: Any) -> Node:
    """A step that calls a tool after those, some of which it refers to."""
    named, referred = after[::2], after[1::2]
    given = {one: f"${{{one}.number}}" for one in referred}
    return Node(**{"key": key, "does": "tool", "tool": "shop.look", "agent": "buyer", "after": named, "given": given, **more})


def a_plan(*nodes: Node) -> Plan:
    """Of these steps, answering nothing."""
    return Plan(agent="buyer", origin="playbook", nodes=nodes, answer=())


@st.composite
def graphs(draw: st.DrawFn, *, circles: bool = False) -> Plan:
    """Steps in any order, each of which waits for some that come before it in a hidden order; with `circles`, for any."""
    count = draw(st.integers(1, 10))
    hidden = draw(st.permutations(KEYS[:count]))
    nodes = []
    for place, key in enumerate(hidden):
        others = hidden if circles else hidden[:place]
        after = draw(st.lists(st.sampled_from(others), max_size=4, unique=True)) if others else []
        nodes.append(step(key, *after, optional=draw(st.booleans()), p0=draw(st.integers(0, 9)) == 0))
    return a_plan(*draw(st.permutations(nodes)))
