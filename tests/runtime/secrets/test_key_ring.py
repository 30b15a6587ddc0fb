"""A ring of keys: who signs, and who still verifies."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.errors import NotFound, Refused
from hulk.runtime.secrets import KeyRing, keys_in

SETTLE, OVERLAP = timedelta(minutes=2), timedelta(hours=1)
BEGIN = datetime(2026, 11, 21, tzinfo=UTC)


def at(seconds: int) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def named(seconds: int) -> str:
    return at(seconds).strftime("%Y%m%dT%H%M%SZ")


moments = st.integers(-10_000, 10_000)
rings = st.sets(moments, min_size=1, max_size=6).map(
    lambda found: KeyRing.of({named(one): one for one in found}, settle=SETTLE, overlap=OVERLAP)
)


@given(rings, moments)
def test_what_signs_now_verifies_for_the_overlap_at_least(ring: KeyRing[int], now: int) -> None:
    signing = ring.current(at(now))
    assert ring.find(signing.id, at(now) + OVERLAP) == signing


@given(rings, moments, moments)
def test_what_was_signed_with_an_older_key_is_refused_in_the_end(ring: KeyRing[int], now: int, later: int) -> None:
    older = ring.current(at(min(now, later)))
    newer = ring.current(at(max(now, later)))
    assert newer.since >= older.since
    if newer != older:
        with pytest.raises(NotFound):
            ring.find(older.id, max(newer.since + SETTLE, at(max(now, later))) + OVERLAP)


@given(rings, moments, moments)
def test_a_process_that_reads_keys_late_knows_all_that_others_sign_with(ring: KeyRing[int], added: int, now: int) -> None:
    """A key is put there at its moment; who reads it within `settle` of it never meets a signature that it cannot verify."""
    if any(key.id == named(added) for key in ring.keys) or any(key.since >= at(added) for key in ring.keys):
        return
    ahead = ring.add(named(added), added)
    if at(now) < at(added) + SETTLE:
        signing = ahead.current(at(now))
        assert ring.find(signing.id, at(now)) == signing


@given(rings, moments)
def test_to_drop_what_is_over_changes_nothing(ring: KeyRing[int], now: int) -> None:
    dropped = ring.dropped(at(now))
    assert dropped.current(at(now)) == ring.current(at(now))
    assert dropped.valid(at(now)) == ring.valid(at(now)) == dropped.keys


@given(rings)
def test_no_value_is_shown(ring: KeyRing[int]) -> None:
    hidden = KeyRing.of({key.id: "hidden" for key in ring.keys}, settle=SETTLE, overlap=OVERLAP)
    assert "hidden" not in repr(hidden)


def test_a_day_may_stand_for_its_first_second() -> None:
    ring = KeyRing.of({"20261121": "new", "20261101": "old"}, settle=SETTLE, overlap=OVERLAP)
    assert [ring.current(at(seconds)).value for seconds in (-1, 119, 120)] == ["old", "old", "new"]
    assert ring.find("20261101", at(120 + 3599)).value == "old"
    with pytest.raises(NotFound, match="no key 20261101"):
        ring.find("20261101", at(120 + 3600))


@pytest.mark.parametrize("name", ["", "key", "2026-11-21", "20261301", "20261121T250000Z", "20261121T093000"])
def test_a_name_that_is_no_moment_is_refused(name: str) -> None:
    with pytest.raises(Refused, match="is the moment"):
        KeyRing.of({name: "x"}, settle=SETTLE, overlap=OVERLAP)


def test_no_keys_and_a_key_twice_are_refused() -> None:
    with pytest.raises(Refused, match="no key at all"):
        KeyRing.of({}, settle=SETTLE, overlap=OVERLAP)
    with pytest.raises(Refused, match="a key 20261121 already"):
        KeyRing.of({"20261121": "x"}, settle=SETTLE, overlap=OVERLAP).add("20261121", "y")


def test_keys_are_read_from_a_folder_and_from_one_secret(tmp_path: Path) -> None:
    (tmp_path / "..data").mkdir()
    (tmp_path / ".hidden").write_text("no")
    (tmp_path / "20261101.key").write_text("old\n")
    (tmp_path / "20261121").write_text("new")
    assert keys_in(tmp_path, str.upper) == {"20261101": "OLD", "20261121": "NEW"}
    assert keys_in('{"20261121": "new"}', str.upper) == {"20261121": "NEW"}
    for wrong in ("hidden", "[]", '{"a": 1}', tmp_path / "none"):
        with pytest.raises(Refused) as told:
            keys_in(wrong, str)
        assert "hidden" not in str(told.value)
