"""A button proves what it does, and for whom: no vendor signs it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel import ids
from hulk.kernel.errors import Refused
from hulk.modules.channels.domain import Act, Pressed, pressed, pressing

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECRET = b"s" * 32
TICKET = ids.derived("tkt", "one")


def data(act: Act = "approve", subject: str = TICKET, until: datetime = NOW + timedelta(days=1)) -> str:
    return pressing(SECRET, "telegram", "chat-1", Pressed(act, subject), until)


@pytest.mark.parametrize("act", ["approve", "reject", "good", "bad", "person", "again"])
def test_what_was_made_does_what_it_says(act: Act) -> None:
    subject = {"approve": "tkt", "reject": "tkt", "good": "int", "bad": "int", "person": "cnv", "again": "arr"}[act]
    wanted = Pressed(act, ids.derived(subject, "one"))
    made = data(act, wanted.subject)
    assert pressed(SECRET, "telegram", "chat-1", made, NOW) == wanted
    assert len(made.encode()) <= 64  # what Telegram takes


@pytest.mark.parametrize(
    ("secret", "channel", "address", "now"),
    [
        pytest.param(b"t" * 32, "telegram", "chat-1", NOW, id="another installation's"),
        pytest.param(SECRET, "whatsapp", "chat-1", NOW, id="on another channel"),
        pytest.param(SECRET, "telegram", "chat-2", NOW, id="in another conversation"),
        pytest.param(SECRET, "telegram", "chat-1", NOW + timedelta(days=1), id="too old"),
    ],
)
def test_elsewhere_or_later_it_does_nothing(secret: bytes, channel: str, address: str, now: datetime) -> None:
    with pytest.raises(Refused):
        pressed(secret, channel, address, data(), now)


@given(st.integers(0, 63), st.integers(0, 127))
def test_no_changed_data_does_anything(place: int, code: int) -> None:
    made = data()
    place %= len(made)
    changed = made[:place] + chr(code) + made[place + 1 :]
    if changed != made:
        with pytest.raises(Refused):
            pressed(SECRET, "telegram", "chat-1", changed, NOW)


@given(st.text(max_size=80))
def test_no_other_data_does_anything_or_breaks_anything(made_up: str) -> None:
    with pytest.raises(Refused):
        pressed(SECRET, "telegram", "chat-1", made_up, NOW)
