"""Whatever is sent over gRPC, Hulk is never at fault: no INTERNAL, no UNKNOWN, and it goes on serving. Longer with HULK_TEST_SEEDS.

In the long run each message follows from its seed and its index; a new server begins with each seed. HULK_TEST_MESSAGES is how many,
HULK_TEST_FIRST_SEED where it begins.
"""

import asyncio
import contextlib
import os
import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from hulk.apps.ticketing import lease_holders
from hulk.kernel.tenancy import Principal
from hulk_client.tickets.v1 import tickets_pb2 as pb
from support.rpc import TICKETS, Served, tickets_served
from support.stores import a_store
from support.tickets import ADMIN, service_over

EXAMPLES = max(100, 20 * int(os.environ.get("HULK_TEST_SEEDS", "0")))
METHODS = {method.name: method for method in TICKETS.methods}
OUR_FAULT = {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN}
SERVICES = (TICKETS, health_pb2.DESCRIPTOR.services_by_name["Health"], reflection_pb2.DESCRIPTOR.services_by_name["ServerReflection"])


LONG = int(os.environ.get("HULK_TEST_MESSAGES", "100_000"))
FIRST = int(os.environ.get("HULK_TEST_FIRST_SEED", "0"))
OF_A_SEED = 10_000
AT_ONCE = 16
LIMIT = 0.3
"""Seconds. Who waits for tickets that do not come is not to hold the others up."""


def _examples(streaming: bool) -> int:
    """A stream is heard for a moment each time: fewer of those."""
    return EXAMPLES // 10 if streaming else EXAMPLES


class Running:
    """A server and a client on a loop of their own, which hypothesis' examples share."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.folder = tempfile.TemporaryDirectory()
        self.served: Served = self.runner.run(self._begin())
        self.known = self.runner.run(self._known())
        self.served.door.limit = LIMIT  # only now: what is known must be, however busy the machine

    async def _begin(self) -> Served:
        store = await self.stack.enter_async_context(a_store("sqlite", Path(self.folder.name), _no_server))
        acts = await service_over(store)

        async def admin(_: str | None, __: str) -> Principal:
            return ADMIN

        return await self.stack.enter_async_context(tickets_served(acts, authenticate=lease_holders(acts, admin)))

    async def _known(self) -> list[str]:
        """Things that there are: words that make a random message mean something."""
        stub = self.served.tickets
        schema = '{"type":"object","properties":{"n":{"type":"integer"}}}'
        await stub.RegisterKind(pb.RegisterKindRequest(kind=pb.Kind(name="report", input_schema_json=schema)))
        new = pb.NewTicket(kind="report", title="a")
        ids = [(await stub.CreateTicket(pb.CreateTicketRequest(ticket=new))).ticket_id for _ in range(3)]
        lease = await stub.LeaseTickets(pb.LeaseTicketsRequest(worker="w", kinds=["report"], most=2))
        return [*ids, lease.token, lease.lease_id]

    def code(self, path: str, data: bytes, *, streaming: bool, metadata: Any = ()) -> grpc.StatusCode:
        """How that call ends; of a stream, at most a moment of it is heard."""
        return self.runner.run(self._code(path, data, streaming, metadata))

    async def _code(self, path: str, data: bytes, streaming: bool, metadata: Any) -> grpc.StatusCode:
        channel: Any = self.served.channel
        if path.endswith("ServerReflectionInfo"):
            call = channel.stream_stream(path)(iter([data]))
            with contextlib.suppress(grpc.aio.AioRpcError):
                [_ async for _ in call]
        elif streaming:
            call = channel.unary_stream(path)(data, metadata=metadata, timeout=0.05)
        else:
            call = channel.unary_unary(path)(data, metadata=metadata)
        found: grpc.StatusCode = await call.code()
        return found

    def close(self) -> None:
        """End all."""
        self.runner.run(self.stack.aclose())
        self.runner.close()
        self.folder.cleanup()


def _no_server() -> Any:
    raise AssertionError("SQLite needs none")


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """One for all examples."""
    found = Running()
    try:
        yield found
    finally:
        found.close()


PATHS = [(f"/{service.full_name}/{method.name}", method.server_streaming) for service in SERVICES for method in service.methods]


@pytest.mark.parametrize(("path", "streaming"), PATHS, ids=[path.rpartition("/")[2] for path, _ in PATHS])
def test_bytes_that_mean_nothing(running: Running, path: str, streaming: bool) -> None:
    @settings(max_examples=_examples(streaming))
    @given(st.binary(max_size=200))
    def sent(data: bytes) -> None:
        assert running.code(path, data, streaming=streaming) not in OUR_FAULT

    sent()
    assert running.code("/grpc.health.v1.Health/Check", b"", streaming=False) is grpc.StatusCode.OK


@pytest.mark.parametrize("name", METHODS)
def test_messages_that_make_no_sense(running: Running, name: str) -> None:
    method = METHODS[name]

    @settings(max_examples=_examples(method.server_streaming))
    @given(messages(method.input_type, tuple(running.known)))
    def sent(message: Message) -> None:
        path, data = f"/{TICKETS.full_name}/{name}", message.SerializeToString()
        assert running.code(path, data, streaming=method.server_streaming) not in OUR_FAULT, message

    sent()
    assert running.code("/grpc.health.v1.Health/Check", b"", streaming=False) is grpc.StatusCode.OK


@settings(max_examples=EXAMPLES)
@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=100))
def test_metadata_that_makes_no_sense(running: Running, text: str) -> None:
    names = ("authorization", "x-api-key", "accept-language", "x-request-id", "traceparent")
    for value in (text, f"Bearer {text}", f"Bearer eyJ{text}"):
        metadata = tuple((name, value) for name in names)
        found = running.code(f"/{TICKETS.full_name}/ListKinds", b"", streaming=False, metadata=metadata)
        assert found in (grpc.StatusCode.OK, grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.RESOURCE_EXHAUSTED)
    running.served.door.gate.failures._levels.clear()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)
SPELLINGS = (
    "", "{}", "[]", "null", "{", '{"n":1e999}', '{"n":NaN}', '{"a":"\\ud800"}', '{"a":"\\u0000"}', '{"n":' + "9" * 400 + "}",
    '{"$ref":"http://example.com/x"}', '{"type":"object","$ref":"#"}', '{"pattern":"("}', '{"n":-0.0}', "[" * 1000,
)  # fmt: skip
SPELT = st.sampled_from(SPELLINGS)
SAID = ("report", "default", "#0", "key:admin", "a", "*", "\0", "person:", "0", "18446744073709551615", "é" * 300)
WORDS = st.sampled_from(SAID)


def messages(described: Descriptor, known: tuple[str, ...]) -> st.SearchStrategy[Message]:
    """Random messages of that kind, some parts of which mean something."""
    made = GetMessageClass(described)
    parts = {field.name: _values(field, known) for field in described.fields}
    return st.fixed_dictionaries({}, optional=parts).map(lambda chosen: _filled(made(), chosen))


def _filled(message: Message, chosen: dict[str, Any]) -> Message:
    """The message with those parts; of a oneof the last counts."""
    for name, value in chosen.items():
        if isinstance(value, dict):
            getattr(message, name).update(value)
        elif isinstance(value, list):
            getattr(message, name).extend(value)
        elif isinstance(value, Message):
            getattr(message, name).CopyFrom(value)
        else:
            setattr(message, name, value)
    return message


def _values(field: FieldDescriptor, known: tuple[str, ...]) -> st.SearchStrategy[Any]:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return st.dictionaries(_text(field, known), _text(field, known), max_size=4)
    one = _value(field, known)
    return st.lists(one, max_size=4) if field.is_repeated else one


def _value(field: FieldDescriptor, known: tuple[str, ...]) -> st.SearchStrategy[Any]:
    match field.cpp_type:
        case FieldDescriptor.CPPTYPE_MESSAGE:
            assert field.message_type is not None
            return messages(field.message_type, known)
        case FieldDescriptor.CPPTYPE_STRING:
            return _text(field, known)
        case FieldDescriptor.CPPTYPE_BOOL:
            return st.booleans()
        case FieldDescriptor.CPPTYPE_INT64:
            return _numbers(64)
        case FieldDescriptor.CPPTYPE_ENUM:
            return st.integers(-1, 9)
        case _:
            return _numbers(32)


def _numbers(bits: int) -> st.SearchStrategy[int]:
    """Small ones, and those at the edges."""
    most = 1 << (bits - 1)
    return st.integers(-2, 30) | st.integers(-most, most - 1) | st.sampled_from([-most, most - 1])


def _text(field: FieldDescriptor, known: tuple[str, ...]) -> st.SearchStrategy[str]:
    plain = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    words = st.sampled_from(known) | WORDS | plain
    return SPELT | words if field.name.endswith("_json") else words


# The long run ------------------------------------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(FIRST, FIRST + -(-LONG // OF_A_SEED)))
def test_no_mutated_message_finds_hulk_at_fault(seed: int) -> None:
    with contextlib.closing(Running()) as running:
        wrong = running.runner.run(_sent(running, seed))
        assert wrong == []
        assert running.code("/grpc.health.v1.Health/Check", b"", streaming=False) is grpc.StatusCode.OK


async def _sent(running: Running, seed: int) -> list[str]:
    """Send the seed's messages, some at once; gives those that Hulk was at fault for."""
    indices, wrong = iter(range(OF_A_SEED)), list[str]()

    async def several() -> None:
        for index in indices:
            rng = random.Random((seed << 40) + index)
            method = rng.choice(TICKETS.methods)
            data = _mutated(rng, _made(rng, method.input_type, tuple(running.known)).SerializeToString())
            metadata = (("authorization", f"Bearer {running.known[-2]}"),) if rng.random() < 0.2 else ()
            path = f"/{TICKETS.full_name}/{method.name}"
            code = await running._code(path, data, method.server_streaming, metadata)
            wrong.extend([f"{code}: seed {seed}, index {index}: {path} {data.hex()}"] if code in OUR_FAULT else [])

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(several())
    return wrong


def _made(rng: random.Random, described: Descriptor, known: tuple[str, ...]) -> Message:
    """A message of that kind, some of its parts left out, most times and durations; what it says means something mostly."""
    message = GetMessageClass(described)()
    for field in described.fields:
        rare = field.message_type is not None and field.message_type.full_name.startswith("google.")
        if rng.random() < (0.1 if rare else 0.85):
            _put(rng, message, field, known)
    return message


def _put(rng: random.Random, message: Message, field: FieldDescriptor, known: tuple[str, ...]) -> None:
    part, inner = getattr(message, field.name), field.message_type
    if inner is not None and inner.GetOptions().map_entry:
        part[_word(rng, field, known)] = _word(rng, field, known)
    elif inner is not None:
        (part.add() if field.is_repeated else part).CopyFrom(_made(rng, inner, known))
    elif field.is_repeated:
        part.extend([_scalar(rng, field, known) for _ in range(rng.randrange(4))])
    else:
        setattr(message, field.name, _scalar(rng, field, known))


def _scalar(rng: random.Random, field: FieldDescriptor, known: tuple[str, ...]) -> Any:
    match field.cpp_type:
        case FieldDescriptor.CPPTYPE_STRING:
            return _word(rng, field, known)
        case FieldDescriptor.CPPTYPE_BOOL:
            return rng.random() < 0.5
        case FieldDescriptor.CPPTYPE_ENUM:
            return rng.randint(-1, 9) if rng.random() < 0.1 else rng.randint(1, 3)
        case kind:
            most = (1 << (63 if kind == FieldDescriptor.CPPTYPE_INT64 else 31)) - 1
            return rng.choice((-1, most, -most)) if rng.random() < 0.1 else rng.randint(0, 3)


def _word(rng: random.Random, field: FieldDescriptor, known: tuple[str, ...]) -> str:
    """One that means something there mostly; `known` are tickets, and at the end a lease's token and id."""
    if rng.random() < 0.1:
        return rng.choice((*known, *SAID, *SPELLINGS))
    if field.name in ("ticket_id", "ticket_ids", "after"):
        return rng.choice(known[:-2])
    return known[-2] if field.name == "lease_token" else rng.choice(MEANT.get(field.name, PLAIN))


MEANT: Mapping[str, Sequence[str]] = {
    "kind": ["report"], "kinds": ["report"], "name": ["report", "other"], "namespace": ["default"], "plan_id": [""], "intent_id": [""],
    "page_token": [""], "code": ["failed"], "input_json": ["{}", '{"n":1}'], "result_json": ["{}"], "worker_group": ["x"],
    "input_schema_json": ["{}", '{"type":"object"}'], "result_schema_json": ["{}"],
}  # fmt: skip
PLAIN = ("a", "x1", "two words")


def _mutated(rng: random.Random, data: bytes) -> bytes:
    """As it was, cut short, with other bytes somewhere, or with a part of it twice."""
    here, there = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    match rng.randrange(6):
        case 0:
            return data[:here]
        case 1:
            return data[:here] + rng.randbytes(1 + rng.randrange(8)) + data[there:]
        case 2:
            return data + data[here:there]
        case _:
            return data
