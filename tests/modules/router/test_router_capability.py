"""Leave to send: only what the decision said, unaltered, in time, and no further than it may go."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.errors import Forbidden
from hulk.modules.router.domain.capability import Capability, Receipt, Sending, require

KEY = b"k" * 32
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LEAVE = Capability(decision="dec_1", tenant="acme", payload="a" * 64, reach="any", expires=NOW + timedelta(seconds=60)).sealed(KEY)
HOME = replace(LEAVE, reach="local").sealed(KEY)
OUT = Sending(model="cloud", local=False, tenant="acme", payload="a" * 64)
IN = replace(OUT, model="qwen", local=True)
RECEIPT = Receipt(
    id="rcp_1", decision="dec_1", tenant="acme", model="cloud", host="api.example.com", local=False, payload="a" * 64, body="b" * 64, at=NOW
).sealed(KEY)


@pytest.mark.parametrize(("leave", "sending"), [(LEAVE, OUT), (LEAVE, IN), (HOME, IN)], ids=["out", "in by wide leave", "in"])
def test_what_was_allowed_goes(leave: Capability, sending: Sending) -> None:
    require(leave, sending, KEY, NOW)


@pytest.mark.parametrize(
    ("leave", "sending", "now", "said"),
    [
        pytest.param(HOME, OUT, NOW, "must stay in the company", id="further than it may"),
        pytest.param(replace(HOME, reach="any"), OUT, NOW, "altered", id="widened on the way"),
        pytest.param(replace(LEAVE, expires=NOW + timedelta(days=9)), OUT, NOW, "altered", id="made to last"),
        pytest.param(LEAVE.sealed(b"x" * 32), OUT, NOW, "altered", id="of another installation"),
        pytest.param(replace(LEAVE, seal=""), OUT, NOW, "altered", id="without a mark"),
        pytest.param(LEAVE, OUT, NOW + timedelta(seconds=60), "ended at", id="at its end"),
        pytest.param(LEAVE, replace(OUT, payload="b" * 64), NOW, "something else", id="another payload"),
        pytest.param(LEAVE, replace(OUT, tenant="bolt"), NOW, "something else", id="another tenant"),
    ],
)
def test_anything_else_does_not(leave: Capability, sending: Sending, now: datetime, said: str) -> None:
    with pytest.raises(Forbidden, match=said):
        require(leave, sending, KEY, now)


OTHER: dict[str, st.SearchStrategy[Any]] = {"local": st.just(True), "at": st.datetimes(timezones=st.just(UTC))}


@given(st.sampled_from([one.name for one in fields(Receipt) if one.name != "seal"]), st.data())
def test_a_receipt_that_was_altered_anywhere_is_not_proved(name: str, data: st.DataObject) -> None:
    assert RECEIPT.proved(KEY)
    value = data.draw(OTHER.get(name, st.text()))
    assert replace(RECEIPT, **{name: value}).proved(KEY) == (value == getattr(RECEIPT, name))


@given(st.text(max_size=4), st.text(max_size=4), st.text(max_size=4), st.text(max_size=4))
def test_what_is_moved_from_one_part_to_another_has_another_mark(one: str, two: str, three: str, four: str) -> None:
    first, second = replace(LEAVE, decision=one, tenant=two), replace(LEAVE, decision=three, tenant=four)
    assert (first.sealed(KEY).seal == second.sealed(KEY).seal) == ((one, two) == (three, four))
