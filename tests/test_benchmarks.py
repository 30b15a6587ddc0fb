"""The benchmarks' harness: goals are judged right, tables show what was kept, the tasks of a killed worker are counted."""

import sys
import time
from pathlib import Path

import pytest
from benchmarks.contestants import OURS, ROOT
from benchmarks.figures import Figure, Outcome, goals
from benchmarks.gateways import measures as gateways
from benchmarks.gateways.contestants import Gateway
from benchmarks.gateways.trial import bench
from benchmarks.gateways.trial import trial as gateway_trial
from benchmarks.measures import Size, crash
from benchmarks.page import tables
from benchmarks.peers.task import SLOTS
from benchmarks.trial import Failed, trial

SMALL = Size(seconds=0.5, crash=3000, crowd=100, times=1)


@pytest.mark.parametrize(
    ("value", "goal", "met"),
    [
        pytest.param(2.9, "< 3", True, id="below"),
        pytest.param(3.0, "< 3", False, id="not below"),
        pytest.param(3.0, "<= 3", True, id="at most"),
        pytest.param(999.0, ">= 1,000 (floor 167)", False, id="thousands have a comma"),
        pytest.param(1.0, "", None, id="no goal"),
    ],
)
def test_a_figure_knows_whether_its_goal_is_met(value: float, goal: str, met: bool | None) -> None:
    assert Figure("figure", value, "ms", goal).met is met


def test_of_several_trials_the_median_counts_but_of_what_a_crash_repeats_the_worst() -> None:
    outcome = Outcome(
        "one", "light", {"crash": [{"again": 1.0, "count": 10.0}, {"again": 3.0, "count": 20.0}, {"again": 2.0, "count": 30.0}]}
    )
    assert outcome.median("crash") == {"again": 3.0, "count": 20.0}
    assert outcome.median("throughput") == {}


def test_a_run_without_its_one_record_misses_the_goal_and_the_page_says_so() -> None:
    trials = {"another": [{"count": 600.0, "not_back": 0.0, "again": 9.0, "twice": 9.0, "resumed": 2.1, "last": 2.5, "completed": 599.0}]}
    outcome = Outcome("Hulk runs, PostgreSQL", "durable", trials)
    astray = next(figure for figure in goals([outcome]) if "not completed" in figure.what)
    assert (astray.value, astray.met) == (1.0, False)
    kept = {"machine": {"python": "3.11"}, "figures": [], "contestants": [{"name": outcome.name, "kind": outcome.kind, "trials": trials}]}
    assert "| 1.00 | <= 0 | **missed** |" in tables(kept)


def test_tasks_of_a_killed_worker_come_back_and_are_counted() -> None:
    contestant = next(one for one in OURS if one.name == "Hulk light tasks")
    with trial(contestant) as running:
        aftermath = crash(running, SMALL, another=False)
    assert (aftermath["count"], aftermath["not_back"], aftermath["completed"]) == (3000, 0, -1)
    assert 0 <= aftermath["twice"] <= aftermath["again"] <= SLOTS
    assert aftermath["resumed"] < 10


def test_a_gateway_is_measured_from_its_first_good_answer_on_and_the_page_shows_it() -> None:
    passing = Gateway(
        name="Hulk", program=Path(sys.executable), arguments=("-m", "benchmarks.gateways.upstream", "{port}"),
        environment={"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    size = gateways.Size(seconds=0.2, calls=20_000)
    with bench() as table, gateway_trial(passing, table) as running:
        trials = {one.__name__: [one(running, size)] for one in (gateways.calls, gateways.streams, gateways.decisions, gateways.growth)}
    assert trials["growth"][0]["calls"] == 20_000
    assert trials["decisions"][0]["paced_count"] == 400
    shown = tables({"machine": {"python": "3.11"}, "figures": [], "contestants": [{"name": "Hulk", "kind": "gateway", "trials": trials}]})
    assert "| gateway: start to first good answer |" in shown
    assert "| Hulk | 20,000 |" in shown


def test_a_gateway_that_refuses_is_not_waited_for() -> None:
    refusing = Gateway(name="none", program=Path(sys.executable), arguments=("-m", "http.server", "{port}", "--bind", "127.0.0.1"))
    begun = time.monotonic()
    with bench() as table, pytest.raises(Failed, match="501"), gateway_trial(refusing, table):
        pass
    assert time.monotonic() - begun < 30
