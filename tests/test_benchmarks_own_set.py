"""The set of our own: its rules, by tables; and that each of its cases tells a right answer from one that is nearly right."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from benchmarks.tool_use import catalogue
from benchmarks.tool_use.asking import Call, Said
from benchmarks.tool_use.checking import Expected, Offer, Wanted, numbers, same, wrong
from benchmarks.tool_use.own import Own, Question
from hypothesis import given
from hypothesis import strategies as st

from support.own_set import answer

OWN = asyncio.run(Own.loaded())
QUESTIONS = [question for _, question in OWN.questions.values()]
OFFERS = {
    "orders.list": Offer(
        "orders.list", {"most": 30, "state": "open"}, lambda given: ["state: no such"] if given.get("state") == "lost" else []
    ),
    "orders.pay": Offer("orders.pay", {}, lambda _: []),
}
LIST, PAY = Wanted(tool="orders.list", arguments={"customer": "Ana"}, free=("note",)), Wanted(tool="orders.pay", arguments={"value": 12.5})


def said(*calls: tuple[str, Mapping[str, Any] | None], text: str = "") -> Said:
    """An answer."""
    return Said(text, tuple(Call(name, arguments) for name, arguments in calls))


@pytest.mark.parametrize(
    ("wanted", "value", "is_same"),
    [
        pytest.param("Ação  já", "acao JA.", True, id="case, accents, spaces, a full stop"),
        pytest.param("ana@example.com", "Ana@Example.com", True, id="an address"),
        pytest.param("a", "b", False, id="another text"),
        pytest.param(2, 2.0, True, id="a whole number"),
        pytest.param(2, "2", False, id="a number as text"),
        pytest.param("2", 2, False, id="a text as number"),
        pytest.param(1, True, False, id="true is not one"),
        pytest.param(1234.56, 1234.56, True, id="an amount"),
        pytest.param(1234.56, 123456, False, id="an amount without its comma"),
        pytest.param("2026-11-01T00:00:00+00:00", "2026-10-31T21:00:00-03:00", True, id="the same moment elsewhere"),
        pytest.param("2026-11-01T00:00:00+00:00", "2026-11-01T00:00:00Z", True, id="Z"),
        pytest.param("2026-11-01T00:00:00+00:00", "2026-11-01T00:00:00", False, id="a moment without its zone"),
        pytest.param("2026-11-01", "2026-11-01", True, id="a day"),
        pytest.param(["a", "b"], ["A", "b"], True, id="a list"),
        pytest.param(["a", "b"], ["b", "a"], False, id="in another order"),
        pytest.param({"a": {"b": 1}}, {"a": {"b": 1.0}}, True, id="within"),
        pytest.param({"a": 1}, {"a": 1, "b": 2}, False, id="with more"),
        pytest.param({"$any": [1, {"$has": ["x"]}]}, "axb", True, id="one of them"),
        pytest.param({"$any": [1, 2]}, 3, False, id="none of them"),
        pytest.param({"$has": ["count", "> 1500.5"]}, "SELECT Count(*) WHERE total  > 1500.50", True, id="all in it"),
        pytest.param({"$has": ["count", "sum"]}, "count", False, id="not all in it"),
        pytest.param({"$anything": True}, {"x": 1}, True, id="whatever it is"),
        pytest.param({"$eq": "paid"}, {"$eq": "Paid"}, True, id="a key of MongoDB's is no rule"),
    ],
)
def test_a_value_is_what_is_wanted_when_it_means_the_same(wanted: Any, value: Any, is_same: bool) -> None:
    assert same(wanted, value) is is_same


@pytest.mark.parametrize(
    ("expected", "answered", "fault"),
    [
        pytest.param(Expected(either=((LIST,),)), said(("orders.list", {"customer": "ana"})), "", id="right"),
        pytest.param(
            Expected(either=((LIST,),)), said(("orders.list", {"customer": "ana", "state": "open"})), "", id="with a default said"
        ),
        pytest.param(Expected(either=((LIST,),)), said(("orders.list", {"customer": "ana", "note": "x"})), "", id="with what is free"),
        pytest.param(Expected(either=((LIST,),)), said(("orders.list", {"customer": "ana", "most": 5})), "called orders.list", id="more"),
        pytest.param(Expected(either=((LIST,),)), said(("orders.list", {})), "called orders.list({})", id="less"),
        pytest.param(
            Expected(either=((LIST,),)), said(("orders.list", {"state": "lost"})), "does not take these arguments", id="by schema"
        ),
        pytest.param(Expected(either=((LIST,),)), said(("orders.list", None)), "no JSON object", id="no object"),
        pytest.param(Expected(either=((LIST,),)), said(("orders.rm", {})), "there is no tool orders.rm", id="no such tool"),
        pytest.param(Expected(either=((LIST,),)), said(text="Ana has none."), "called nothing, expected orders.list", id="words only"),
        pytest.param(Expected(either=((),)), said(text="Oi!"), "", id="no call"),
        pytest.param(Expected(either=((),)), said(("orders.pay", {})), "expected nothing", id="a call too many"),
        pytest.param(
            Expected(either=((LIST, PAY),)),
            said(("orders.pay", {"value": 12.5}), ("orders.list", {"customer": "Ana"})),
            "",
            id="in any order",
        ),
        pytest.param(Expected(either=((LIST, LIST),)), said(("orders.list", {"customer": "Ana"})), "called", id="once for twice"),
        pytest.param(Expected(either=((LIST,), (PAY,))), said(("orders.pay", {"value": 12.5})), "", id="one or the other"),
        pytest.param(Expected(never=("orders.pay",)), said(("orders.pay", {"value": 1})), "must not be called", id="never"),
        pytest.param(Expected(never=("orders.pay",)), said(("orders.list", {})), "", id="another"),
        pytest.param(Expected(has=(48213.75, "vendas")), said(text="As vendas: R$ 48.213,75."), "", id="a number in Portuguese"),
        pytest.param(Expected(has=(48213.75,)), said(text="Sales: 48,213.75"), "", id="a number in English"),
        pytest.param(Expected(has=(48213.75,)), said(text="R$ 48.213,57"), "lacks 48213.75", id="another number"),
        pytest.param(Expected(some=("falta", "qual")), said(text="Qual?"), "", id="some of them"),
        pytest.param(Expected(some=("falta", "qual")), said(text="Ok."), "has none of", id="none of the words"),
        pytest.param(Expected(lacks=("segredo",)), said(text="O Segredo é…"), "has 'segredo'", id="what must not be said"),
    ],
)
def test_an_answer_is_judged_by_rules(expected: Expected, answered: Said, fault: str) -> None:
    found = wrong(expected, answered, OFFERS)
    assert fault in found
    assert bool(found) is bool(fault)


@given(st.decimals(0, 10**9, places=2))
def test_a_number_is_found_in_both_notations(value: Any) -> None:
    english = f"{value:,.2f}"
    portuguese = english.translate(str.maketrans(",.", ".,"))
    assert float(value) in numbers(f"R$ {portuguese}.")
    assert float(value) in numbers(f"{english},")


@given(st.text(max_size=60))
def test_any_text_has_numbers_or_none(text: str) -> None:
    assert all(isinstance(one, float) for one in numbers(text))


def test_there_are_enough_cases_in_both_languages_and_of_each_kind() -> None:
    assert len(QUESTIONS) >= 60
    assert min(Counter(question.language for question in QUESTIONS).values()) >= 30
    kinds = Counter(category for category, _ in OWN.questions.values())
    wanted = {"choice", "arguments", "irrelevance", "asking", "parallel", "answering", "injection", "unasked", "everything"}
    assert {name for name, count in kinds.items() if count >= 6} == wanted
    assert {question.desk for question in QUESTIONS} == {*catalogue.DESKS, "all"}


def as_said(question: Question) -> Said:
    """The right answer."""
    right = answer(question)
    if isinstance(right, str):
        return Said(right)
    return Said("", tuple(Call(name, arguments) for name, arguments in right))


def variants(question: Question) -> dict[str, Said]:
    """Answers that are nearly right."""
    right = as_said(question)
    writes = [tool.name for tool in catalogue.desk(OWN.tools, question.desk) if tool.writes]
    forbidden = writes if question.never == "writes" else [*question.never]
    more = {name: Said(right.text, (*right.calls, Call(catalogue.sent(name), {}))) for name in forbidden}
    if not right.calls:
        return more | {"says nothing": Said("Pois.")} if question.has or question.some else more
    first, *others = right.calls
    assert first.arguments is not None
    return more | {
        "does nothing": Said("Feito."),
        "leaves a call out": Said("", tuple(others)),
        "does it twice": Said("", (first, *right.calls)),
        "calls another tool": Said("", (Call("nothing", first.arguments), *others)),
        "adds a field": Said("", (Call(first.tool, {**first.arguments, "colour": "red"}), *others)),
        **{f"other {name}": Said("", (Call(first.tool, {**first.arguments, name: "another"}), *others)) for name in first.arguments},
    }


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.id)
def test_a_case_tells_the_right_answer_from_those_that_are_nearly_right(question: Question) -> None:
    assert OWN.why(question, as_said(question)) == ""
    assert [name for name, near in variants(question).items() if not OWN.why(question, near)] == []


def test_what_was_asked_and_answered_before_is_told_as_such() -> None:
    _, question = OWN.questions["answering-pt-sum"]
    system, user, called, result = OWN.asked(question)["messages"]
    assert [one["role"] for one in (system, user, called, result)] == ["system", "user", "assistant", "tool"]
    assert called["tool_calls"][0]["id"] == result["tool_call_id"]
    assert called["tool_calls"][0]["function"]["name"] == "sales_query"
    assert "48213.75" in result["content"]


def test_a_changed_case_is_another_version() -> None:
    category, question = OWN.questions["choice-pt-show"]
    changed = Own(OWN.tools, {**OWN.questions, question.id: (category, question.model_copy(update={"say": "?"}))})
    assert changed.described().version != OWN.described().version
