"""What every call comes through: who asks, in which language, how often, what is told of it, how errors become codes."""

import asyncio
import gc
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2, health_pb2_grpc

from hulk.kernel.errors import (
    Cancelled,
    Conflict,
    Exhausted,
    Forbidden,
    HulkError,
    Invalid,
    LeaseLost,
    NotFound,
    Refused,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from hulk.kernel.text import Text
from hulk.runtime.config import GrpcSettings
from hulk.runtime.config.settings import CertificateSettings
from hulk.runtime.http import TimedOut
from hulk.runtime.rpc import Call, Service
from hulk.runtime.telemetry import current_traceparent
from hulk_client.tickets.v1 import tickets_pb2 as pb
from hulk_client.tickets.v1.tickets_pb2_grpc import TicketServiceStub
from support.rpc import ENGLISH, TICKETS, Served, failed, key, serving
from support.served import keys_only

Act = Callable[[Any, Call], Awaitable[Message]]


class Acts:
    """A service of which only GetTicket does something: what it is given."""

    def __init__(self, act: Act) -> None:
        self.act = act

    def __getattr__(self, name: str) -> Any:
        return self.act


def doing(act: Act, **more: Any) -> Any:
    """A server whose GetTicket does that."""
    return serving([Service.of(TICKETS, Acts(act))], **more)


async def who(_: Any, call: Call) -> pb.Ticket:
    """Says who asks, and what is known of the call."""
    return pb.Ticket(actor=call.principal.actor, worker=call.request_id, title=call.voice.language, kind=current_traceparent() or "")


def raising(error: Exception) -> Act:
    """Raises it."""

    async def act(_: Any, __: Call) -> pb.Ticket:
        raise error

    return act


async def got(served: Served, metadata: Any = ENGLISH) -> pb.Ticket:
    """What GetTicket answers."""
    found: pb.Ticket = await served.tickets.GetTicket(pb.GetTicketRequest(), metadata=metadata)
    return found


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        pytest.param((), grpc.StatusCode.UNAUTHENTICATED, id="no key"),
        pytest.param((("authorization", "Bearer right"),), grpc.StatusCode.OK, id="bearer"),
        pytest.param((("authorization", "bearer  right "),), grpc.StatusCode.OK, id="bearer, written otherwise"),
        pytest.param((("x-api-key", "right"),), grpc.StatusCode.OK, id="a field of its own"),
        pytest.param((("authorization", "Basic right"),), grpc.StatusCode.UNAUTHENTICATED, id="another scheme"),
        pytest.param((("authorization", "Bearer wrong"),), grpc.StatusCode.UNAUTHENTICATED, id="wrong key"),
        pytest.param((("authorization-bin", b"Bearer right"),), grpc.StatusCode.UNAUTHENTICATED, id="bytes are no key"),
    ],
)
async def test_only_keys_come_in(metadata: Any, code: grpc.StatusCode) -> None:
    async with doing(who, authenticate=keys_only) as served:
        call = served.tickets.GetTicket(pb.GetTicketRequest(), metadata=metadata)
        assert await call.code() is code


async def test_who_guesses_keys_is_slowed_down() -> None:
    now = 0.0
    async with doing(who, authenticate=keys_only, clock=lambda: now) as served:
        for _ in range(20):
            assert (await failed(got(served, key("wrong")))).code is grpc.StatusCode.UNAUTHENTICATED
        slowed = await failed(got(served, key("right")))
        assert slowed.code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert slowed.details["RetryInfo"].retry_delay.ToTimedelta() == timedelta(seconds=2)
        now += 2
        assert (await got(served, key("right"))).actor == "key:right"


async def test_callers_have_a_rate_each() -> None:
    now = 0.0
    async with doing(who, rate=1, clock=lambda: now) as served:
        for _ in range(2):
            await got(served, key("right"))
        assert (await failed(got(served, key("right")))).code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert (await got(served, key("other"))).actor == "key:other"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        pytest.param("a-1", True, id="a sane one is kept"),
        pytest.param("a" * 129, False, id="a long one is replaced"),
        pytest.param("a b", False, id="one with a space is replaced"),
        pytest.param(None, False, id="who sends none is given one"),
    ],
)
async def test_each_call_has_an_id_that_goes_back(sent: str | None, kept: bool) -> None:
    async with doing(who) as served:
        call = served.tickets.GetTicket(pb.GetTicketRequest(), metadata=() if sent is None else (("x-request-id", sent),))
        known = (await call).worker
        assert dict(await call.trailing_metadata())["x-request-id"] == known
        assert (known == sent) is kept
        assert kept or known.startswith("req_")


async def test_a_call_speaks_the_callers_language_and_goes_on_with_its_trace() -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    async with doing(who) as served:
        found = await got(served, (("accept-language", "pt-BR,en;q=0.5"), ("traceparent", parent)))
    assert found.title == "pt"
    assert found.kind.startswith("00-0af7651916cd43dd8448eb211c80319c-")
    assert found.kind != parent


ERRORS: list[tuple[Callable[[], HulkError], grpc.StatusCode, str]] = [
    (lambda: NotFound("There is none."), grpc.StatusCode.NOT_FOUND, "not_found"),
    (lambda: Refused("It is not so."), grpc.StatusCode.INVALID_ARGUMENT, "refused"),
    (lambda: Invalid([("a.b", Text("expected"))]), grpc.StatusCode.INVALID_ARGUMENT, "invalid"),
    (lambda: TooLarge("It is too large."), grpc.StatusCode.INVALID_ARGUMENT, "too_large"),
    (lambda: Unauthenticated("Who are you?"), grpc.StatusCode.UNAUTHENTICATED, "unauthenticated"),
    (lambda: Forbidden("You may not."), grpc.StatusCode.PERMISSION_DENIED, "forbidden"),
    (lambda: Conflict("It has moved on."), grpc.StatusCode.ABORTED, "conflict"),
    (lambda: LeaseLost("It is lost."), grpc.StatusCode.ABORTED, "lease_lost"),
    (lambda: Exhausted("Enough.", retry_after=1.5), grpc.StatusCode.RESOURCE_EXHAUSTED, "exhausted"),
    (lambda: Unavailable("Not now."), grpc.StatusCode.UNAVAILABLE, "unavailable"),
    (lambda: TimedOut("Too long."), grpc.StatusCode.DEADLINE_EXCEEDED, "timed_out"),
    (lambda: Cancelled("Called off."), grpc.StatusCode.CANCELLED, "cancelled"),
]
"""How each is made: one that was raised keeps the frames it went through, and with them a server."""


@pytest.mark.parametrize(("make", "code", "reason"), [pytest.param(*one, id=one[2]) for one in ERRORS])
async def test_an_error_is_a_code_with_details(make: Callable[[], HulkError], code: grpc.StatusCode, reason: str) -> None:
    error = make()
    async with doing(raising(error)) as served:
        refused = await failed(got(served, (*ENGLISH, ("x-request-id", "r-1"))))
    assert (refused.code, refused.reason, refused.message) == (code, reason, str(error))
    assert refused.details["ErrorInfo"].domain == "hulk"
    assert refused.details["RequestInfo"].request_id == "r-1"
    assert (refused.details["LocalizedMessage"].locale, refused.details["LocalizedMessage"].message) == ("en", str(error))
    retry = refused.details.get("RetryInfo")
    assert (retry and retry.retry_delay.ToTimedelta().total_seconds()) == getattr(error, "retry_after", None)
    assert refused.fields == ({"a.b": "expected"} if isinstance(error, Invalid) else {})


async def test_a_bug_shows_nothing_of_the_inside(capfd: pytest.CaptureFixture[str]) -> None:
    async with doing(raising(KeyError("the password is hunter2"))) as served:
        refused = await failed(got(served))
    assert (refused.code, refused.reason) == (grpc.StatusCode.INTERNAL, "internal")
    assert "hunter2" not in repr(refused)


async def test_an_error_with_very_much_to_say_still_arrives() -> None:
    fields = [(f"f{number}" * 50, Text("“{x}” ☃", x="é\ud800\0" * 500)) for number in range(1000)]
    async with doing(raising(Invalid(fields))) as served:
        refused = await failed(got(served))
    assert refused.code is grpc.StatusCode.INVALID_ARGUMENT
    assert refused.reason == "invalid"
    assert 0 < len(refused.fields) < 20


async def test_what_takes_too_long_is_ended() -> None:
    async def slow(_: Any, __: Call) -> pb.Ticket:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    async with doing(slow, limit=0.05) as served:
        assert (await failed(got(served))).code is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_a_caller_who_goes_away_ends_the_work() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def slow(_: Any, __: Call) -> pb.Ticket:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        raise AssertionError("unreachable")

    async with doing(slow) as served:
        call = served.tickets.GetTicket(pb.GetTicketRequest())
        await begun.wait()
        call.cancel()
        await ended.wait()
    assert 'grpc_code="Canceled"' in served.metrics.render().decode()


async def test_calls_are_counted_and_timed_by_method_and_code() -> None:
    async with doing(who) as served:
        await got(served)
        await failed(served.channel.unary_unary(f"/{TICKETS.full_name}/GetTicket")(b"\xff"))
    text = served.metrics.render().decode()
    assert 'grpc_server_handled_total{grpc_code="OK",grpc_method="GetTicket"} 1.0' in text
    assert 'grpc_server_handled_total{grpc_code="InvalidArgument",grpc_method="GetTicket"} 1.0' in text
    assert 'grpc_server_handling_seconds_count{grpc_method="GetTicket"} 2.0' in text


async def test_a_call_is_told_in_the_log(capfd: pytest.CaptureFixture[str]) -> None:
    from hulk.runtime.config import Config
    from hulk.runtime.telemetry import started

    async with started(Config()), doing(who) as served:
        await got(served, key("right", ("x-request-id", "r-9")))
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines() if '"grpc_call"' in line]
    [line] = [one for one in lines if one.get("request_id") == "r-9"]
    assert {name: line[name] for name in ("event", "method", "code", "client", "tenant", "actor", "level")} == {
        "event": "grpc_call", "method": "GetTicket", "code": "OK", "client": "127.0.0.1", "tenant": "acme", "actor": "key:right",
        "level": "info",
    }  # fmt: skip


@pytest.mark.parametrize("path", ["grpc.health.v1.Health/Check", "grpc.health.v1.Health/Watch"])
async def test_what_cannot_be_parsed_is_the_callers_fault_also_where_all_may_ask(path: str) -> None:
    async with doing(who) as served:
        method = served.channel.unary_unary if path.endswith("Check") else served.channel.unary_stream
        call = method(f"/{path}")(b"\xff\xff")
        assert await call.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_what_there_is_not_is_unimplemented() -> None:
    async with doing(who) as served:
        for path in (f"/{TICKETS.full_name}/Nothing", "/no.such.Service/Get"):
            assert (await failed(served.channel.unary_unary(path)(b""))).code is grpc.StatusCode.UNIMPLEMENTED


async def test_a_request_that_is_too_large_is_not_read() -> None:
    async with doing(who, largest=1000) as served:
        refused = await failed(served.tickets.GetTicket(pb.GetTicketRequest(ticket_id="x" * 2000)))
    assert refused.code is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_without_reflection_nobody_learns_what_there_is() -> None:
    async with doing(who, settings=GrpcSettings(reflection=False)) as served:
        call = served.channel.stream_stream("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo")
        assert await call(iter([b""])).code() is grpc.StatusCode.UNIMPLEMENTED


async def test_while_it_stops_it_says_so_and_answers_what_was_asked() -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    async def slow(_: Any, __: Call) -> pb.Ticket:
        begun.set()
        await go.wait()
        return pb.Ticket(title="done")

    async with AsyncExitStack() as server, asyncio.TaskGroup() as group:
        served = await server.enter_async_context(doing(slow))
        channel = await server.enter_async_context(grpc.aio.insecure_channel(served.target))
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(service=TICKETS.full_name))
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
        answer = group.create_task(_asked(channel))
        await begun.wait()
        stopping = group.create_task(served.stop())
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
        go.set()
        assert (await answer).title == "done"
        watch.cancel()
        await stopping


async def _asked(channel: grpc.aio.Channel) -> pb.Ticket:
    found: pb.Ticket = await TicketServiceStub(channel).GetTicket(pb.GetTicketRequest())
    return found


@pytest.mark.parametrize(
    ("cert", "key_", "said"),
    [
        pytest.param("a.pem", None, "set both", id="no key"),
        pytest.param(None, "a.pem", "set both", id="no certificate"),
        pytest.param("a.pem", "b.pem", "cannot be read", id="no such file"),
    ],
)
async def test_tls_needs_both_files(tmp_path: Path, cert: str | None, key_: str | None, said: str) -> None:
    tls = CertificateSettings(cert=None if cert is None else tmp_path / cert, key=None if key_ is None else tmp_path / key_)
    with pytest.raises(Refused, match=said):
        async with doing(who, settings=GrpcSettings(tls=tls)):
            raise AssertionError("it serves")


async def test_a_server_that_is_refused_is_let_go_only_when_it_has_stopped(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(Refused):
        async with doing(who, settings=GrpcSettings(tls=CertificateSettings(cert=Path("a.pem")))):
            raise AssertionError("it serves")
    gc.collect()
    assert [record.msg for record in caplog.records if "dealloc" in str(record.msg)] == []  # its words are not read: they would end us


async def test_with_a_certificate_only_tls_is_spoken(tmp_path: Path) -> None:
    cert, key_ = certified(tmp_path)
    async with doing(who, settings=GrpcSettings(tls=CertificateSettings(cert=cert, key=key_))) as served:
        assert (await failed(got(served))).code is grpc.StatusCode.UNAVAILABLE
        trusted = grpc.ssl_channel_credentials(cert.read_bytes())
        async with grpc.aio.secure_channel(served.target.replace("127.0.0.1", "localhost"), trusted) as channel:
            assert (await _asked(channel)).actor == "local"


def certified(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost that signs itself, and its key."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(private.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(private, hashes.SHA256())
    )  # fmt: skip
    plain = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(plain)
    return folder / "cert.pem", folder / "key.pem"
