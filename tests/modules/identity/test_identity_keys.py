"""The shape of API keys, and when they open. Pure."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.errors import Refused
from hulk.kernel.tenancy import everywhere
from hulk.modules.identity.domain import ApiKey, hashed, label, opens, prefix_of, tenant_name, written
from hulk.runtime.telemetry import redacted

NOW = datetime(2026, 11, 21, tzinfo=UTC)
KEY = written(bytes(range(37)))
RANDOM = st.binary(min_size=37, max_size=37)


def kept(key: str, *, expires: datetime | None = None, revoked: datetime | None = None) -> ApiKey:
    """A key as the store has it."""
    return ApiKey(
        id="key_1", tenant="acme", name="ci", grants=everywhere("operator"), prefix=prefix_of(key) or "", hash=hashed(key),
        created=NOW, expires=expires, revoked=revoked,
    )  # fmt: skip


@given(RANDOM)
def test_every_key_has_its_prefix_and_is_masked_in_logs(random: bytes) -> None:
    key = written(random)
    prefix = prefix_of(key)
    assert prefix is not None
    assert len(prefix) == 8
    assert key.startswith(f"hulk_{prefix}_")
    assert key not in str(redacted({"event": f"got {key} today"}))


@given(RANDOM, RANDOM)
def test_different_randomness_makes_different_keys(one: bytes, two: bytes) -> None:
    assert (written(one) == written(two)) == (one == two)


@given(RANDOM, st.integers(5), st.sampled_from("0aZ_é"))
def test_a_typing_mistake_is_noticed_without_the_store(random: bytes, position: int, letter: str) -> None:
    key = written(random)
    position = 5 + position % (len(key) - 5)
    mistyped = key[:position] + letter + key[position + 1 :]
    assert mistyped == key or prefix_of(mistyped) is None


@pytest.mark.parametrize("text", ["", "hulk", "hulk__", KEY[:-1], KEY + "a", KEY.upper(), f" {KEY}", f"{KEY}\n"])
def test_what_is_no_key_has_no_prefix(text: str) -> None:
    assert prefix_of(text) is None


def test_what_is_kept_does_not_give_the_key_away() -> None:
    assert KEY.rpartition("_")[2] not in repr(kept(KEY))


@pytest.mark.parametrize(
    ("key", "found", "holds"),
    [
        pytest.param(KEY, kept(KEY), True, id="the right one"),
        pytest.param(KEY, kept(KEY, expires=NOW + timedelta(seconds=1)), True, id="not yet expired"),
        pytest.param(KEY, kept(KEY, expires=NOW), False, id="expired"),
        pytest.param(KEY, kept(KEY, revoked=NOW), False, id="revoked"),
        pytest.param(KEY, kept(written(bytes(37))), False, id="another"),
        pytest.param(KEY, None, False, id="unknown"),
    ],
)
def test_a_key_opens_only_while_it_is_the_one_kept_and_holds(key: str, found: ApiKey | None, holds: bool) -> None:
    assert opens(found, key, NOW) is holds


@pytest.mark.parametrize("name", ["default", "a", "acme-2", "a" * 63])
def test_tenants_have_plain_names(name: str) -> None:
    assert tenant_name(name) == name


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a.b", "a" * 64, "a b", "é", "a\n", "a\0", "\ud800"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(Refused, match="is no name for a tenant"):
        tenant_name(name)


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\nb", "a\0b", "a\ud800"])
def test_a_key_needs_a_name_that_can_be_read(name: str) -> None:
    with pytest.raises(Refused, match="printable"):
        label(name)
