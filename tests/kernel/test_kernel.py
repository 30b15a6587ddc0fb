"""Laws of the words that all of Hulk shares."""

import json
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from hulk.kernel import ids
from hulk.kernel.errors import Exhausted, NotFound, Refused, Unavailable, retold, told
from hulk.kernel.events import GENESIS, Event, link, seal
from hulk.kernel.money import Money
from hulk.kernel.records import from_json, to_json
from hulk.kernel.tenancy import DEFAULT_TENANT, Grant, Principal, Role, Verb, everywhere
from hulk.kernel.text import Text, Voice, writable
from hulk.kernel.time import SetBack, from_iso, iso

MOMENTS = some.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1), timezones=some.just(UTC))  # noqa: DTZ001
JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(), lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner)
)
EVENT = Event(
    type="hulk.test.done.v1",
    subject="tkt_1",
    tenant="acme",
    actor="local",
    data={"a": 1},
    id="evt_1",
    time=datetime(2026, 1, 1, tzinfo=UTC),
)


@given(some.integers(0, (1 << 48) - 1), some.binary(min_size=10, max_size=10))
def test_a_uuid7_has_its_version_variant_and_time(milliseconds: int, random: bytes) -> None:
    made = ids.uuid7(milliseconds, random)
    assert (made.version, made.variant, made.int >> 80) == (7, uuid.RFC_4122, milliseconds)


@given(some.uuids())
def test_an_id_gives_its_uuid_back(value: uuid.UUID) -> None:
    assert ids.uuid_of(ids.typeid("tkt", value)) == value


def test_the_example_of_the_typeid_specification() -> None:
    assert ids.typeid("prefix", uuid.UUID("01890a5d-ac96-774b-bcce-b302099a8057")) == "prefix_01h455vb4pex5vsknk084sn02q"


@given(some.integers(0, (1 << 48) - 2), some.binary(min_size=10, max_size=10), some.binary(min_size=10, max_size=10))
def test_later_ids_sort_later(milliseconds: int, one: bytes, other: bytes) -> None:
    assert ids.typeid("int", ids.uuid7(milliseconds, one)) < ids.typeid("int", ids.uuid7(milliseconds + 1, other))


@pytest.mark.parametrize(
    "text", ["", "tkt", "tkt_", "int_01h455vb4pex5vsknk084sn02q", "tkt_01h455vb4pex5vsknk084sn02", "tkt_81h455vb4pex5vsknk084sn02q"]
)
def test_what_is_no_id_of_that_kind_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="tkt_"):
        ids.parse(text, "tkt")


@given(some.lists(some.text(), max_size=4), some.lists(some.text(), max_size=4))
def test_derived_ids_are_the_same_for_the_same_parts_only(one: list[str], other: list[str]) -> None:
    clean = [[part.replace("\x00", "") for part in parts] for parts in (one, other)]
    assert (ids.derived("dec", *clean[0]) == ids.derived("dec", *clean[1])) == (clean[0] == clean[1])


@given(MOMENTS)
def test_a_moment_travels_as_text_that_sorts(moment: datetime) -> None:
    assert from_iso(iso(moment)) == moment
    assert (iso(moment) < iso(datetime(2100, 1, 1, tzinfo=UTC))) == (moment < datetime(2100, 1, 1, tzinfo=UTC))


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    day: date
    price: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outer:
    at: datetime
    said: Text
    inner: tuple[Inner, ...] = ()
    names: frozenset[str] = frozenset()


@given(MOMENTS, some.dates(), some.decimals(allow_nan=False, allow_infinity=False), some.text())
def test_a_record_comes_back_from_json_as_it_was(at: datetime, day: date, price: Decimal, word: str) -> None:
    record = Outer(at=at, said=Text("{a} of {b}", a=word, b=Text("x")), inner=(Inner(day=day, price=price), Inner(day=day)))
    back = from_json(Outer, json.loads(json.dumps(to_json(record))))
    assert (back.at, back.inner, str(back.said)) == (record.at, record.inner, str(record.said))


def test_a_record_with_an_unknown_key_is_refused() -> None:
    with pytest.raises(ExceptionGroup):
        from_json(Inner, {"day": "2026-01-01", "new": 1})


def test_a_text_is_said_in_the_readers_words_with_its_inner_texts() -> None:
    words = {"{count} files": "{count} arquivos", "in {where}": "em {where}", "here": "aqui"}
    voice = Voice("pt", lambda msgid: words.get(msgid, msgid))
    assert voice.say(Text("in {where}", where=Text("here"))) == "em aqui"
    assert str(Text("{count} files", count=2)) == "2 files"


@pytest.mark.parametrize(
    ("value", "digits", "pt", "en"),
    [
        pytest.param(1234567, 0, "1.234.567", "1,234,567", id="thousands"),
        pytest.param(1234.5, 2, "1.234,5", "1,234.5", id="decimals, no idle zeros"),
        pytest.param(100.0, 2, "100", "100", id="whole"),
        pytest.param(-0.126, 2, "-0,13", "-0.13", id="negative"),
    ],
)
def test_numbers_are_written_as_the_reader_does(value: float, digits: int, pt: str, en: str) -> None:
    assert (Voice("pt", str).number(value, digits), Voice("en", str).number(value, digits)) == (pt, en)


@pytest.mark.parametrize("error", [NotFound("no {x}", x=1), Refused("bad"), Unavailable("later", retry_after=1), Exhausted("full")])
def test_an_error_can_be_kept_and_told_again(error: NotFound | Refused | Unavailable) -> None:
    again = retold(json.loads(json.dumps(told(error))))
    assert (type(again), str(again), again.code) == (type(error), str(error), error.code)


@given(some.dictionaries(some.text(), JSON, max_size=3), some.integers(1, 9))
def test_a_link_depends_on_everything_it_links(data: dict[str, object], position: int) -> None:
    event = replace(EVENT, data=data)
    here = link(GENESIS, position, event)
    assert link(GENESIS, position, event) == here
    assert link("1" * 64, position, event) != here
    assert link(GENESIS, position + 1, event) != here
    for other in (
        replace(event, actor="x"),
        replace(event, subject="x"),
        replace(event, data={**data, "\x01more": 1}),
        replace(event, intent="int_1"),
    ):
        assert link(GENESIS, position, other) != here


def test_a_head_cannot_be_sealed_without_the_key() -> None:
    assert seal(b"key", "acme", 1, GENESIS) != seal(b"yek", "acme", 1, GENESIS)
    assert seal(b"key", "acme", 1, GENESIS) != seal(b"key", "acme", 2, GENESIS)


@given(some.lists(some.decimals(-(10**9), 10**9, places=6), max_size=20))
def test_money_adds_up_exactly(amounts: list[Decimal]) -> None:
    total = Money.zero("BRL")
    for amount in amounts:
        total += Money(amount, "BRL")
    assert total.amount == sum(amounts, Decimal(0))


def test_currencies_do_not_mix() -> None:
    with pytest.raises(Refused, match="BRL"):
        Money.zero("BRL") + Money.zero("USD")


@pytest.mark.parametrize(
    ("role", "reads", "writes", "approves", "manages"),
    [
        ("viewer", True, False, False, False),
        ("operator", True, True, False, False),
        ("approver", True, False, True, False),
        ("admin", True, True, True, True),
    ],
)
def test_what_a_role_may_do_to_tickets(role: Role, reads: bool, writes: bool, approves: bool, manages: bool) -> None:
    who = Principal(tenant="acme", actor="x", grants=everywhere(role))
    verbs: list[Verb] = ["read", "write", "approve", "manage"]
    assert [who.may(verb, "tickets") for verb in verbs] == [reads, writes, approves, manages]


def test_a_role_in_a_namespace_holds_there_and_nowhere_else() -> None:
    who = Principal(tenant="acme", actor="x", grants=(Grant("operator", "prod"), Grant("viewer", "test")))
    assert who.may("write", "tickets", "prod")
    assert not who.may("write", "tickets", "test")
    assert not who.may("read", "tickets", "other")
    assert not who.may("read", "tickets"), "what lies in no namespace needs a role in all"
    assert who.namespaces("read", "tickets") == frozenset({"prod", "test"})
    assert who.namespaces("write", "tickets") == frozenset({"prod"})
    assert who.namespaces("manage", "keys") == frozenset()
    assert replace(who, grants=everywhere("viewer")).namespaces("read", "tickets") is None
    assert who.roles == "operator@prod, viewer@test"


@pytest.mark.parametrize(("tenant", "may"), [(DEFAULT_TENANT, True), ("acme", False)])
def test_only_admins_of_the_installations_own_tenant_touch_what_all_share(tenant: str, may: bool) -> None:
    assert Principal(tenant=tenant, actor="x", grants=everywhere("admin")).may("manage", "platform") is may
    assert not Principal(tenant=tenant, actor="x", grants=everywhere("operator")).may("manage", "platform")


@given(some.text(some.characters()))
def test_what_is_writable_has_bytes_no_nul_and_as_many_letters(text: str) -> None:
    found = writable(text)
    assert "\0" not in found.encode().decode()
    assert len(found) == len(text)
    assert writable(found) == found


@given(some.text(some.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_what_can_be_written_is_left_as_it_is(text: str) -> None:
    assert writable(text) == text


def test_what_no_store_takes_is_replaced() -> None:
    assert writable("a\0b\ud800c\udfff 🦜\x1b") == "a�b�c� 🦜\x1b"


@given(steps=some.lists(some.tuples(some.floats(0, 3600), some.sampled_from((0.0, 0.5, -0.5, 7200.0, -2.0, -60.0, -21600.0))), max_size=20))
def test_a_clock_was_set_back_when_less_of_the_day_went_by_than_passed(steps: list[tuple[float, float]]) -> None:
    watch, now, passed = SetBack(), datetime(2026, 11, 22, 15, 0, tzinfo=UTC), 5.0
    assert not watch.seen(now, passed)
    for seconds, wrong in steps:
        now, passed = now + timedelta(seconds=seconds + wrong), passed + seconds
        assert watch.seen(now, passed) == (wrong <= -2.0)
