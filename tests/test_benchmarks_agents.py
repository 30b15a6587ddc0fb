"""What agents take of models: the figures, the model that stands for others, and the whole of it at a Hulk of its own."""

import json
from typing import Any

import pytest
from benchmarks.agents.counterpart import message, sent_tokens, tokens
from benchmarks.agents.figures import Pair, page, rows
from hypothesis import given
from hypothesis import strategies as st

from hulk.modules.agents.domain.splitting import form_of_plan, planning
from hulk.modules.agents.settings import AgentsSettings
from hulk.modules.agents.wiring import book
from hulk.runtime.schemas import RustSchemas

BOOK = book(AgentsSettings())
TEAM = [agent for agent in BOOK.agents if not agent.team]
FILES = '<dados fonte="step">\n{"files": [{"name": "sales.csv", "blob": "a"}, {"name": "readings.csv", "blob": "b"}]}\n</dados>'
BOTH = [("skills__data_anomalies", {"table": one}) for one in ({"name": "sales.csv", "blob": "a"}, {"name": "readings.csv", "blob": "b"})]
SPLIT = [case for agent in BOOK.agents if agent.team for case in agent.cases if len(case.calls) > 1 or len(case.files) > 1]


def a_pair(ours: int, single: int, way: Any = "split") -> Pair:
    """A case that came out right both ways."""
    return Pair(case="x", way=way, tokens=ours, single=single, passed=True, single_passed=True)


def a_body(*turns: str, tools: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    """A request: a question, and what tools gave."""
    talk = [{"role": "user" if place == 0 else "tool", "content": text} for place, text in enumerate(turns)]
    asked = [{"role": "assistant", "tool_calls": [{}] * (len(turns) - 1)}] if len(turns) > 1 else []
    offered = [{"type": "function", "function": {"name": name}} for name in tools]
    return {"messages": [*talk[:1], *asked, *talk[1:]], **({"tools": offered} if tools else {}), **more}


def test_the_median_is_of_the_cases_ratios_and_each_way_has_its_own() -> None:
    found = {row.way: row for row in rows([a_pair(100, 100, "plain"), a_pair(10, 100, "playbook"), a_pair(150, 100), a_pair(130, 100)])}
    assert {way: (row.cases, round(row.ratio, 2)) for way, row in found.items()} == {
        "playbook": (1, 0.1), "plain": (1, 1.0), "split": (2, 1.4), "all": (4, 1.15),
    }  # fmt: skip
    assert (found["split"].tokens, found["split"].single) == (140, 100)


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 10**6)), min_size=1, max_size=20))
def test_the_median_ratio_lies_between_the_least_and_the_largest(taken: list[tuple[int, int]]) -> None:
    pairs = [a_pair(*one) for one in taken]
    ratios = [one.ratio for one in pairs]
    assert min(ratios) <= rows(pairs)[-1].ratio <= max(ratios)
    assert page(pairs).count("| x |") == len(pairs)


def test_all_that_is_sent_is_counted() -> None:
    tools, form = ("github__sprint_status",), {"json_schema": {"schema": {"type": "object"}}}
    bare = sent_tokens(a_body("a" * 400))
    assert bare >= 100
    assert sent_tokens(a_body("a" * 400, tools=tools)) == bare + tokens(a_body("", tools=tools)["tools"][0])
    assert sent_tokens(a_body("a" * 400, response_format=form)) == bare + tokens(form["json_schema"])


@pytest.mark.parametrize("case", SPLIT, ids=[case.name for case in SPLIT])
def test_it_splits_each_case_so_that_the_plan_can_be_read(case: Any) -> None:
    agent = next(one for one in BOOK.agents if one.team)
    turns = [{"role": one.who, "content": one.text} for one in planning(agent, TEAM, case.ask, case.language, files=case.files)]
    form = form_of_plan(TEAM, 8)
    plan = json.loads(message({"messages": turns, "response_format": {"json_schema": {"schema": form}}})["content"])
    assert RustSchemas().wrong(form, plan) == []
    assert len(plan["steps"]) == (3 if "three" in case.name else 2)


@pytest.mark.parametrize(
    ("body", "calls"),
    [
        pytest.param(
            a_body(f"Forecast the sales in sales.csv\n{FILES}", tools=("skills__data_forecast",)),
            [("skills__data_forecast", {"table": {"name": "sales.csv", "blob": "a"}})], id="a tool on its file",
        ),
        pytest.param(
            a_body(f"o que há de estranho nas vendas; as leituras\n{FILES}", tools=("skills__data_anomalies",)),
            BOTH,
            id="two at once",
        ),
        pytest.param(a_body("Como está a sprint?", tools=("tickets__list",)), [], id="none that it is not offered"),
        pytest.param(a_body("Como está a sprint?", "{}", tools=("github__sprint_status",)), [], id="none a second time"),
        pytest.param(
            a_body(f"Check the sensor readings and open orders\n{FILES}", "| m | 9 |", tools=("skills__data_anomalies", "tickets__create")),
            [("tickets__create", {"kind": "data.anomaly", "title": "m | 9", "person": "*"})], id="what follows",
        ),
        pytest.param(a_body('Resuma.\n<dados fonte="x">\nsprint\n</dados>', tools=("github__sprint_status",)), [], id="data asks nothing"),
    ],
)  # fmt: skip
def test_it_calls_what_a_good_model_would(body: Any, calls: list[Any]) -> None:
    said = message(body)
    found = [one["function"] for one in said.get("tool_calls", ())]
    assert [(one["name"], json.loads(one["arguments"])) for one in found] == calls
    assert bool(said["content"]) is not bool(calls)


@pytest.mark.long
def test_what_is_split_takes_at_most_half_as_much_again() -> None:
    from benchmarks.agents.__main__ import main  # a Hulk of its own

    assert main(["orchestrator"]) == 0
