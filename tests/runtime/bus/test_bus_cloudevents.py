"""Events as CloudEvents: what goes in comes out, and no value escapes its header."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hulk.kernel.errors import Refused
from hulk.kernel.events import Event
from hulk.runtime.bus import EVENTS, STREAMS, EventType, document, from_message, subject_of, to_message
from hulk.runtime.bus.asyncapi import covers
from hulk.runtime.bus.cloudevents import decoded, encoded
from support.nats import a_bus

texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=8,
)
events = st.builds(
    Event,
    type=st.sampled_from(["hulk.ticket.completed.v1", "hulk.intent.accepted.v12"]),
    subject=texts,
    tenant=texts,
    actor=texts,
    data=st.dictionaries(texts, values),
    intent=st.none() | texts,
    trace=st.none() | texts,
    id=texts,
    time=st.datetimes(
        timezones=st.just(UTC),
        min_value=datetime(1000, 1, 1),  # noqa: DTZ001 - hypothesis wants it so
    ),
    source=texts,
)


@settings(deadline=None)
@given(events)
def test_event_survives_the_round_trip(event: Event) -> None:
    _, headers, data = to_message(event)
    assert from_message(headers, data) == event


@settings(deadline=None)
@given(texts)
def test_header_value_is_printable_ascii_without_space_and_comes_back(text: str) -> None:
    value = encoded(text)
    assert all("!" <= character <= "~" for character in value)
    assert decoded(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀", id="the binding's own example"),
        pytest.param("%e2%82%ac", "€", id="lower case is taken"),
        pytest.param("%41", "A", id="needless encoding is taken"),
        pytest.param('"a \\"b\\" %20"', 'a "b"  ', id="quoted by an older sender"),
    ],
)
def test_decoding_follows_the_binding(value: str, text: str) -> None:
    assert decoded(value) == text


def test_encoding_follows_the_binding() -> None:
    assert encoded("Euro € 😀") == "Euro%20%E2%82%AC%20%F0%9F%98%80"
    assert encoded('a"%\r\nce-tenant: other') == "a%22%25%0D%0Ace-tenant:%20other"


def test_overlong_bytes_are_refused() -> None:
    with pytest.raises(Refused, match="UTF-8"):
        decoded("%C0%A0")


@pytest.mark.parametrize(
    ("kind", "subject"),
    [("hulk.ticket.completed.v1", "hulk.ticket.completed"), ("hulk.a.v12", "hulk.a"), ("hulk.v1.a", "hulk.v1.a"), ("hulk.a", "hulk.a")],
)
def test_subject_is_the_type_without_its_version(kind: str, subject: str) -> None:
    assert subject_of(kind) == subject


@pytest.mark.parametrize(
    ("change", "data"),
    [
        pytest.param({"ce-id": None}, b"{}", id="no id"),
        pytest.param({"ce-specversion": "0.3"}, b"{}", id="another version"),
        pytest.param({"ce-time": "yesterday"}, b"{}", id="no time"),
        pytest.param({}, b"{", id="broken data"),
        pytest.param({}, b"[1]", id="data is no object"),
    ],
)
def test_message_that_is_no_event_is_refused(change: dict[str, str | None], data: bytes) -> None:
    _, headers, _ = to_message(Event(type="hulk.ticket.completed.v1", subject="tkt_1", tenant="acme", actor="local:root"))
    broken = {name: value for name, value in {**headers, **change}.items() if value is not None}
    with pytest.raises(Refused):
        from_message(broken, data)


async def test_event_with_hostile_values_crosses_a_real_server(tmp_path: Path) -> None:
    event = Event(
        type="hulk.ticket.completed.v1",
        subject="tkt_1",
        tenant="acme\r\nce-tenant: other",
        actor="joão “da” 100% 😀 ",
        data={"título": "ação"},
        trace="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    )
    subject, headers, data = to_message(event)
    async with a_bus(tmp_path) as bus:
        await bus.publish(subject, data, headers, msg_id=event.id)
        async with bus.pull(EVENTS, "test", ["hulk.ticket.>"], ack_wait=5, max_ack_pending=5) as pull:
            (message,) = await pull.fetch(1, 2)
    assert from_message(message.headers, message.data) == event
    assert message.headers["traceparent"] == event.trace


KINDS = [
    EventType(type="hulk.ticket.completed.v1", summary="A ticket was completed", data={"status": "completed"}),
    EventType(type="hulk.runtime.health.v1", summary="How the runtime is", data={"ready": True}),
]


def test_document_has_every_subject_of_every_stream_and_every_event() -> None:
    made = document(KINDS)
    addresses = {channel["address"] for channel in made["channels"].values()}
    assert {subject.replace(">", "{rest}") for stream in STREAMS for subject in stream.subjects} <= addresses
    assert {subject_of(kind.type) for kind in KINDS} <= addresses
    assert set(made["components"]["messages"]) == {kind.type for kind in KINDS}


def test_all_references_of_the_document_lead_somewhere() -> None:
    made = document(KINDS)

    def follow(node: object) -> None:
        if isinstance(node, dict):
            if "$ref" in node:
                at = made
                for step in node["$ref"].removeprefix("#/").split("/"):
                    at = at[step]
            for inner in node.values():
                follow(inner)
        elif isinstance(node, list):
            for inner in node:
                follow(inner)

    follow(made)


@pytest.mark.parametrize(
    ("pattern", "subject", "answer"),
    [
        ("a.>", "a.b.c", True),
        ("a.>", "a", False),
        ("a.*", "a.b", True),
        ("a.*", "a.b.c", False),
        ("a.b", "a.b", True),
        ("a.b", "a.c", False),
    ],
)
def test_pattern_covers(pattern: str, subject: str, answer: bool) -> None:
    assert covers(pattern, subject) is answer


def test_no_subject_belongs_to_two_streams() -> None:
    subjects = [(stream.name, subject.replace(">", "x.y")) for stream in STREAMS for subject in stream.subjects]
    for name, subject in subjects:
        takers = [stream.name for stream in STREAMS for pattern in stream.subjects if covers(pattern, subject)]
        assert takers == [name]
