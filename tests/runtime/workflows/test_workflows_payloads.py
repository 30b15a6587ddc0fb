"""What the journal cannot keep is refused where it is made, with its place and what to do, and is done no second time."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from hulk.kernel.durable import Context, Outcome
from hulk.kernel.errors import Refused, TooLarge
from hulk.kernel.records import JsonObject
from hulk.kernel.text import Text
from hulk.runtime.store import Store
from hulk.runtime.workflows.payloads import MOST_BYTES, require_kept
from support.runs import Hand, a_run, giving, steps_of

WHAT = Text("The value of the step “{name}”", name="read")


@dataclass
class Point:
    x: int = 1


class Model(BaseModel):
    x: int = 1


def looped() -> list[Any]:
    loop: list[Any] = []
    loop.append({"again": loop})
    return loop


def deep() -> list[Any]:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "place", "kind", "fix"),
    [
        pytest.param({"rows": [1, {"when": datetime.now(UTC)}]}, "value.rows[1].when", "datetime", "value.isoformat()", id="moment"),
        pytest.param({"a b": Decimal(1)}, "value['a b']", "Decimal", "its text, or a number", id="decimal"),
        pytest.param([timedelta(1)], "value[0]", "timedelta", "its text, or a number", id="duration"),
        pytest.param({1, 2}, "value", "set", "sorted(value)", id="set"),
        pytest.param({"x": b"abc"}, "value.x", "bytes", "Keep it as a blob", id="bytes"),
        pytest.param({"x": float("nan")}, "value.x", "float", "no NaN", id="nan"),
        pytest.param([float("inf")], "value[0]", "float", "no infinity", id="infinity"),
        pytest.param(["ok", "\ud83d"], "value[1]", "str", "lone surrogate", id="half a character"),
        pytest.param({(1, 2): 3}, "a key of value", "tuple", "Keys are texts.", id="key"),
        pytest.param({"p": Point()}, "value.p", "Point", "hulk.kernel.records.to_json(value)", id="dataclass"),
        pytest.param({"m": Model()}, "value.m", "Model", "model_dump", id="pydantic model"),
        pytest.param(looped(), "value[0].again", "list", "contains itself", id="loop"),
        pytest.param(object(), "value", "object", "JSON data", id="anything"),
    ],
)
def test_what_is_no_json_is_named(value: object, place: str, kind: str, fix: str) -> None:
    with pytest.raises(Refused) as caught:
        require_kept(WHAT, value)
    said = str(caught.value)
    assert said.startswith(f"The value of the step “read” cannot be kept in the journal: {place} is of type {kind}. ")
    assert fix in said


def test_what_is_too_deep_is_refused() -> None:
    with pytest.raises(Refused, match="cannot be kept in the journal"):
        require_kept(WHAT, deep())


def test_what_is_too_much_is_refused_with_the_limit_and_the_way() -> None:
    require_kept(WHAT, "x" * (MOST_BYTES - 2))
    with pytest.raises(TooLarge, match=r"“read” is 1048577 bytes of JSON; the journal keeps at most 1048576\. Pass it by reference"):
        require_kept(WHAT, "x" * (MOST_BYTES - 1))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_all_json_is_taken(value: object) -> None:
    require_kept(WHAT, value)


@pytest.mark.parametrize("value", [float("nan"), {"when": datetime.now(UTC)}, "x" * MOST_BYTES], ids=["nan", "moment", "too much"])
async def test_an_act_whose_value_cannot_be_kept_is_done_once_and_its_run_fails_saying_so(store: Store, value: Any) -> None:
    done = list[int]()

    async def act() -> Outcome[Any]:
        done.append(1)
        return Outcome(value, [lambda _: done.append(2)])

    async def body(context: Context, _: JsonObject) -> JsonObject:
        await context.step("good", giving(1))
        await context.step("bad", act)
        return {}

    row = await Hand(store).run(body)
    assert (row.status, row.error["text"]["values"]["what"]["values"]) == ("failed", {"name": "bad"})
    assert done == [1]
    assert await steps_of(store, "run_1") == [("good", 1)]


async def test_a_result_that_cannot_be_kept_is_told(store: Store) -> None:
    async def body(context: Context, _: JsonObject) -> JsonObject:
        return {"when": await context.step("good", giving(1)), "now": datetime.now(UTC)}

    row = await Hand(store).run(body)
    assert row.status == "failed"
    assert row.error["text"]["values"] | {"fix": ""} == {
        "what": {"msgid": "The result of the workflow “{name}”", "values": {"name": "flow"}},
        "place": "value.now", "type": "datetime", "fix": "",
    }  # fmt: skip


async def test_an_input_or_a_signal_that_cannot_be_kept_is_refused_at_once(store: Store) -> None:
    hand = Hand(store)
    with pytest.raises(Refused, match=r"The input of a run of “flow” cannot be kept in the journal: value\.x is of type object"):
        await hand.begin(a_run(data={"x": object()}))
    with pytest.raises(TooLarge, match="The payload of the signal “go” is"):
        hand.journal.signal("run_1", "go", "x" * MOST_BYTES, key="k")
