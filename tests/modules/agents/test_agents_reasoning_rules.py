"""How reasoning hangs together: what may be noted, what evidence makes of hypotheses, what a contest makes of all that rests on it."""

import math
from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.errors import Conflict, Invalid
from hulk.modules.agents.domain.reasoning import Case, Draft, Review, Verdict, id_of, rests_on, standings, weighed
from hulk.modules.agents.domain.reasoning.case import DEEPEST, SETTLED
from hulk.modules.agents.domain.reasoning.reviewing import open_dispute, require_reviewable
from support.minds import NOON, a_case, a_decision, a_hypothesis, a_task, an_inference, grown, some_evidence


def hypothesis(key: str = "h") -> str:
    return id_of("hypothesis", "acme", a_task(), key)


# What may be noted ---------------------------------------------------------------------------------------------------------------

WHOLE = (a_decision(), an_inference("i", ["e"]), some_evidence("e", ("h", 1.0)), a_hypothesis())


def test_what_is_noted_stands_after_what_it_rests_on_in_whatever_order_it_came() -> None:
    for order in permutations(WHOLE):
        kinds = [one.kind for one in a_case(*order).objects.values()]
        assert kinds.index("evidence") < kinds.index("inference") < kinds.index("decision")
        assert kinds.index("hypothesis") < kinds.index("evidence")


@pytest.mark.parametrize(
    ("some", "where", "why"),
    [
        pytest.param([an_inference("i", [])], "i", "needs evidence", id="an inference from nothing"),
        pytest.param([a_decision("d", [])], "d.inferences", "at least one inference", id="a decision from nothing"),
        pytest.param([an_inference("i", ["e"])], "i.evidence", "no evidence", id="evidence that is not there"),
        pytest.param([a_decision("d", ["i"])], "d.inferences", "no inference", id="an inference that is not there"),
        pytest.param([some_evidence("e", ("h", 1.0))], "e.bearings", "no hypothesis", id="a hypothesis that is not there"),
        pytest.param(
            [an_inference("a", inferences=["b"]), an_inference("b", inferences=["c"]), an_inference("c", inferences=["a"])],
            "inferences", "a > b > c > a|b > c > a > b|c > a > b > c", id="three in a circle",
        ),
        pytest.param([an_inference("a", inferences=["a"])], "inferences", "a > a", id="one that rests on itself"),
        pytest.param([a_hypothesis("h", " ")], "h", "says nothing", id="a hypothesis that says nothing"),
        pytest.param([a_hypothesis("h", "x" * 2_001)], "h", "2000 characters", id="too long"),
        pytest.param([a_hypothesis(), some_evidence("e", ("h", 2.1))], "e.bearings", "bans", id="evidence that settles all"),
        pytest.param([a_hypothesis(), some_evidence("e", ("h", math.nan))], "e.bearings", "bans", id="a weight that is no number"),
        pytest.param([a_hypothesis(), some_evidence("e", ("h", 1), ("h", 1))], "e.bearings", "once", id="bearing twice on the same"),
        pytest.param([a_hypothesis(), a_hypothesis()], "", "the same key", id="two under one key"),
        pytest.param(
            [some_evidence("e"), an_inference("i", ["e"]), a_decision("d", autonomy="approve")], "d.approver", "approved",
            id="approved by nobody",
        ),
        pytest.param(
            [some_evidence("e"), an_inference("i", ["e"]), a_decision("d", autonomy="suggest", calls=("tcl_1",))], "d.calls", "suggested",
            id="suggested, and done",
        ),
        pytest.param([], "", "1 to 200", id="nothing"),
    ],
)  # fmt: skip
def test_what_cannot_be_reasoned_so_is_refused_with_where_it_is_wrong(some: Sequence[Draft], where: str, why: str) -> None:
    with pytest.raises(Invalid) as refused:
        a_case(*some)
    found = {place: str(text) for place, text in refused.value.fields}
    assert any(part in found[where] for part in why.split("|"))


def test_objects_of_another_task_are_not_there() -> None:
    elsewhere = id_of("evidence", "acme", a_task("two"), "e")
    with pytest.raises(Invalid, match="no evidence"):
        a_case(some_evidence("e"), an_inference("i", [elsewhere]))


def test_a_later_note_may_rest_on_an_earlier_one_by_key_or_id() -> None:
    first = a_case(some_evidence("e"))
    whole = grown(first, an_inference("i", ["e"]), an_inference("j", list(first.objects)))
    assert [one.place for one in whole.objects.values()] == [0, 1, 2]


def test_what_is_noted_again_is_there_once_and_never_changes() -> None:
    case = a_case(*WHOLE)
    assert grown(case, *WHOLE) == case
    with pytest.raises(Conflict, match="something else"):
        grown(case, a_hypothesis("h", "Another statement."))


def test_a_chain_of_inferences_has_an_end() -> None:
    chain = [
        some_evidence("e"),
        an_inference("i0", ["e"]),
        *(an_inference(f"i{n}", inferences=[f"i{n - 1}"]) for n in range(1, DEEPEST - 1)),
    ]
    case = a_case(*chain)
    with pytest.raises(Invalid, match=str(DEEPEST)):
        grown(case, an_inference("more", inferences=[f"i{DEEPEST - 2}"]))


@st.composite
def graphs(draw: st.DrawFn) -> Mapping[int, Sequence[int]]:
    """What each of some things rests on: some of those before it."""
    size = draw(st.integers(1, 14))
    return {one: draw(st.lists(st.integers(0, one - 1), unique=True, max_size=3)) if one else [] for one in range(size)}


def _drafts(graph: Mapping[int, Sequence[int]]) -> list[Draft]:
    return [an_inference(f"i{one}", [] if below else [f"e{one}"], [f"i{other}" for other in below]) for one, below in graph.items()]


@given(graph=graphs(), tainted=st.sets(st.integers(0, 13)), order=st.randoms(use_true_random=False))
def test_taint_is_never_lost_on_the_way(graph: Mapping[int, Sequence[int]], tainted: set[int], order: Any) -> None:
    evidence = [some_evidence(f"e{one}", excerpt="cpf 529.982.247-25" if one in tainted else "Nothing.") for one in graph]
    some = [*evidence, *_drafts(graph)]
    order.shuffle(some)
    case = a_case(*some)
    for one in case.objects.values():
        assert set(one.labels) >= {label for below in _all_below(case, one.id) for label in case.objects[below].labels}
    assert all(case.objects[id_of("evidence", "acme", a_task(), f"e{one}")].labels == ("cpf",) for one in tainted if one in graph)


@given(graph=graphs(), back=st.tuples(st.integers(0, 13), st.integers(0, 13)))
def test_a_circle_is_found_wherever_it_is(graph: Mapping[int, Sequence[int]], back: tuple[int, int]) -> None:
    early, late = (min(one, len(graph) - 1) for one in back)
    closed = {**graph, early: [*{*graph[early], late}]}
    some = [*(some_evidence(f"e{one}") for one in graph), *_drafts(closed)]
    if late == early or early in _closure(graph, late):
        with pytest.raises(Invalid, match="circle"):
            a_case(*some)
    else:
        assert len(a_case(*some).objects) == 2 * len(graph)


def _all_below(case: Case, id_: str) -> set[str]:
    return _closure({one.id: rests_on(one.what) for one in case.objects.values()}, id_)


def _closure(graph: Mapping[Any, Sequence[Any]], start: Any) -> set[Any]:
    """Naively: all that it rests on, near or far."""
    found, waiting = set[Any](), list(graph[start])
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting.extend(graph[one])
    return found


# What evidence makes of hypotheses -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weights", "status"),
    [
        pytest.param([], "open", id="no evidence"),
        pytest.param([0.5], "undecided", id="a little for it"),
        pytest.param([0.7, 0.7], "supported", id="enough for it"),
        pytest.param([-2.0], "refuted", id="much against it"),
        pytest.param([2.0, -1.5], "undecided", id="much for it and against it"),
        pytest.param([0.0], "undecided", id="what says nothing"),
    ],
)
def test_a_hypothesis_is_what_its_evidence_makes_of_it(weights: Sequence[float], status: str) -> None:
    case = a_case(a_hypothesis(), *(some_evidence(f"e{place}", ("h", weight)) for place, weight in enumerate(weights)))
    assert weighed(case, hypothesis()).status == status


def test_the_same_source_counts_once_however_often_it_is_noted() -> None:
    case = a_case(a_hypothesis(), *(some_evidence(f"e{place}", ("h", weight), of="x") for place, weight in enumerate((0.7, 0.4, 0.7))))
    assert weighed(case, hypothesis()).bans == 0.7
    assert weighed(grown(case, some_evidence("against", ("h", -0.7), of="x")), hypothesis()).confidence == 0.5


_WEIGHTS = st.lists(st.floats(-2, 2), max_size=6)


@given(weights=_WEIGHTS, more=st.floats(0, 2), order=st.randoms(use_true_random=False))
def test_confidence_is_the_odds_of_the_sum_and_grows_with_what_supports(weights: list[float], more: float, order: Any) -> None:
    evidence = [some_evidence(f"e{place}", ("h", weight)) for place, weight in enumerate(weights)]
    case = a_case(a_hypothesis(), *evidence)
    order.shuffle(evidence)
    found = weighed(case, hypothesis())
    assert found == weighed(a_case(a_hypothesis(), *evidence), hypothesis())
    assert math.log10(found.confidence / (1 - found.confidence)) == pytest.approx(sum(weights), abs=1e-3)
    assert weighed(grown(case, some_evidence("more", ("h", more))), hypothesis()).confidence >= found.confidence
    assert (found.status == "supported") == (bool(weights) and found.confidence >= SETTLED)


# What a contest makes of what rests on it ----------------------------------------------------------------------------------------


def said(object_: str, verdict: Verdict, place: int = 0) -> Review:
    return Review(id=f"rev_{place}", tenant="acme", task=a_task(), object=object_, place=place, verdict=verdict, by="person:ana", at=NOON)


@given(graph=graphs(), contested=st.sets(st.integers(0, 13)), withdrawn=st.sets(st.integers(0, 13)))
def test_doubt_and_falls_travel_as_far_as_anything_rests_on_it(
    graph: Mapping[int, Sequence[int]], contested: set[int], withdrawn: set[int]
) -> None:
    reviews = [said(str(one), "contested", one) for one in contested | withdrawn]
    reviews += [said(str(one), "withdrawn", 100 + one) for one in withdrawn]
    found = standings({str(one): [str(other) for other in below] for one, below in graph.items()}, reviews)
    for one in graph:
        below = _closure(graph, one)
        expected = (
            "withdrawn" if one in withdrawn else "fallen" if below & withdrawn else "contested" if one in contested
            else "in_doubt" if below & contested else "stands"
        )  # fmt: skip
        assert found[str(one)] == expected


@given(graph=graphs(), contested=st.sets(st.integers(0, 13)))
def test_what_is_upheld_leaves_no_doubt_behind(graph: Mapping[int, Sequence[int]], contested: set[int]) -> None:
    reviews = [said(str(one), "contested", one) for one in contested] + [said(str(one), "upheld", 100 + one) for one in contested]
    found = standings({str(one): [str(other) for other in below] for one, below in graph.items()}, reviews)
    assert set(found.values()) == {"stands"}


@pytest.mark.parametrize(
    ("before", "verdict", "error"),
    [
        pytest.param([], "upheld", "nothing to settle", id="what nobody contests is not settled"),
        pytest.param(["contested"], "contested", "contested already", id="it is contested once at a time"),
        pytest.param(["contested"], "confirmed", "contested already", id="nor confirmed meanwhile"),
        pytest.param(["contested", "withdrawn"], "contested", "for good", id="what is withdrawn stays so"),
        pytest.param(["contested", "upheld"], "withdrawn", "nothing to settle", id="what was settled is settled"),
    ],
)
def test_what_may_not_be_said_of_it_next(before: Sequence[Verdict], verdict: Verdict, error: str) -> None:
    reviews = [said("inf_1", one, place) for place, one in enumerate(before)]
    with pytest.raises(Conflict, match=error):
        require_reviewable(reviews, "inf_1", verdict, "because")


def test_what_was_upheld_may_be_contested_again() -> None:
    before: tuple[Verdict, ...] = ("contested", "upheld", "contested")
    reviews = [said("inf_1", one, place) for place, one in enumerate(before)]
    assert require_reviewable(reviews[:2], "inf_1", "contested", "because") is None
    assert require_reviewable(reviews, "inf_1", "withdrawn", "") == reviews[2] == open_dispute(reviews, "inf_1")
