"""Pace, quiet hours, what is remembered, commands, thumbs."""

from datetime import UTC, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.modules.channels.domain import Command, Meter, Pace, Quiet, Turn, approving, cleaned, command, remembered, waiting_after

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
NIGHT = Quiet(time(22), time(7), SAO_PAULO)
NOON = Quiet(time(12), time(13, 30), SAO_PAULO)
LATE = Quiet(time(22), time(1, 30), ZoneInfo("Europe/Lisbon"))
summer_begins, summer_ends = partial(datetime, 2026, 3, 29, tzinfo=UTC), partial(datetime, 2026, 10, 25, tzinfo=UTC)


def at(hour: int, minute: int = 0, day: int = 22) -> datetime:
    """A moment of that hour in São Paulo."""
    return datetime(2026, 11, day, hour, minute, tzinfo=SAO_PAULO).astimezone(UTC)


@pytest.mark.parametrize(
    ("quiet", "due", "sent"),
    [
        pytest.param(NIGHT, at(21, 59), at(21, 59), id="before"),
        pytest.param(NIGHT, at(22), at(7, day=23), id="in the evening"),
        pytest.param(NIGHT, at(3), at(7), id="after midnight"),
        pytest.param(NIGHT, at(7), at(7), id="at the end"),
        pytest.param(NOON, at(12, 15), at(13, 30), id="within a day"),
        pytest.param(NOON, at(13, 30), at(13, 30), id="over"),
        pytest.param(LATE, summer_ends(0, 10), summer_ends(1, 30), id="in the first of two hours that are called the same"),
        pytest.param(LATE, summer_ends(1, 10), summer_ends(1, 30), id="in the second of them"),
        pytest.param(LATE, summer_begins(0, 30), summer_begins(1, 30), id="before the hour that is left out, in which they end"),
    ],
)
def test_nothing_is_sent_in_quiet_hours(quiet: Quiet, due: datetime, sent: datetime) -> None:
    assert quiet.until(due) == sent


@given(st.lists(st.tuples(st.integers(0, 2), st.floats(0, 3)), max_size=80))
def test_a_meter_never_lets_through_more_than_the_paces(asked: list[tuple[int, float]]) -> None:
    meter = Meter(channel=Pace(rate=2, burst=3), address=Pace(rate=0.5, burst=2))
    now, sent = 0.0, list[tuple[int, float]]()
    for address, later in asked:
        now += later
        if meter.wait(str(address), now) == 0:
            meter.sent(str(address), now)
            sent.append((address, now))
    for place, (one, begin) in enumerate(sent):
        after = sent[place:]
        assert all(number <= 3 + 2 * (moment - begin) + 1e-6 for number, (_, moment) in enumerate(after, 1))
        mine = [moment for address, moment in after if address == one]
        assert all(number <= 2 + 0.5 * (moment - begin) + 1e-6 for number, moment in enumerate(mine, 1))


def test_a_channel_that_asks_for_rest_gets_it() -> None:
    meter = Meter(channel=Pace(rate=10, burst=10), address=Pace(rate=10, burst=10))
    meter.hold(7, 100)
    assert meter.wait("a", 100) == 7
    assert meter.wait("a", 107) == 0


@given(st.integers(1, 500), st.floats(0, 1, exclude_max=True))
def test_waits_grow_and_end(attempts: int, chance: float) -> None:
    wait = waiting_after(attempts, chance)
    assert timedelta(seconds=1) <= wait <= timedelta(minutes=5)
    assert waiting_after(attempts + 1, 0) >= waiting_after(attempts, 0)


def test_the_newest_turns_are_remembered_in_their_order_and_not_too_many() -> None:
    turns = tuple(Turn(f"{number} " + "x" * 990, ours=bool(number % 2), at=at(12) + timedelta(minutes=number)) for number in range(30))
    kept = remembered(turns)
    assert kept == turns[-len(kept) :]
    assert len(kept) == 6


def test_of_a_newest_turn_that_is_too_long_the_beginning_is_remembered() -> None:
    turns = (Turn("Quantos?", ours=False, at=at(12)), Turn("Em 2026 foram " + "x" * 16_000, ours=True, at=at(12, 1)))
    [kept] = remembered(turns)
    assert turns[1].text.startswith(kept.text)
    assert (len(kept.text), kept.ours) == (6_000, True)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("/ajuda", Command("help"), id="help"),
        pytest.param("/link K3M9-77QD", Command("link", "K3M9-77QD"), id="a code"),
        pytest.param("/vincular  K3M9 ", Command("link", "K3M9"), id="in Portuguese"),
        pytest.param("/start K3M977QD", Command("link", "K3M977QD"), id="a link into Telegram"),
        pytest.param("/start", Command("help"), id="the first message to a bot"),
        pytest.param("/pessoa@hulk_bot", Command("person"), id="in a group of Telegram"),
        pytest.param("/LÍNGUA en", Command("language", "en"), id="large letters"),
        pytest.param("/etc/passwd tem quantas linhas?", None, id="a path is a question"),
        pytest.param("ajuda", None, id="no stroke"),
        pytest.param("", None, id="nothing"),
        pytest.param("/link K3M9 77QD\n\nObrigada,\nAna", Command("link", "K3M9 77QD"), id="above a signature"),
        pytest.param("/language pt\nAna", Command("language", "pt"), id="with a name under it"),
        pytest.param("/pessoa\n\nAna", Command("person", "Ana"), id="alone on its line"),
        pytest.param("/link\nK3M9-77QD", Command("link", "K3M9-77QD"), id="what it takes on the next line"),
        pytest.param("/vincular\u00a0K3M9", Command("link", "K3M9"), id="after a space that does not break"),
    ],
)
def test_commands(text: str, found: Command | None) -> None:
    assert command(text) == found


@pytest.mark.parametrize(
    ("emoji", "good"),
    [
        ("👍", True),
        ("👍🏽", True),
        ("+1", True),
        (":thumbsup:", True),
        ("👎🏿", False),
        ("-1", False),
        ("❤️", None),
        ("", None),
        ("👀", None),
    ],
)
def test_thumbs(emoji: str, good: bool | None) -> None:
    assert approving(emoji) is good


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("  oi \n", "oi"),
        ("\u200b/ajuda\u200b", "/ajuda"),
        ("\u202eabc", "abc"),
        ("a\u200db", "a\u200db"),
        ("a\0b", "a\ufffdb"),
        ("مرحبا", "مرحبا"),
    ],
)
def test_what_hides_at_the_ends_is_taken_off(text: str, clean: str) -> None:
    assert cleaned(text) == clean
