"""The wrapper around every call: one pass that identifies, measures, lets in, parses, acts, and turns errors into codes.

It is no grpc interceptor: those cost a task or a coroutine more for each call, and see the request only once it was parsed.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

import grpc
import structlog
from google.protobuf.message import DecodeError, Message
from grpc.aio import ServicerContext
from opentelemetry.trace import SpanKind, StatusCode
from prometheus_client import Counter, Histogram

from hulk.kernel.errors import HulkError, Refused, Unavailable
from hulk.kernel.tenancy import Principal
from hulk.kernel.text import Language
from hulk.runtime.http import Gate, TimedOut
from hulk.runtime.rpc import refusals
from hulk.runtime.rpc.call import Call, host_of, sent
from hulk.runtime.rpc.methods import Method, Service
from hulk.runtime.rpc.refusals import Refusal
from hulk.runtime.telemetry import Metrics, span

log = structlog.get_logger("hulk.grpc")

_OK, _CANCELLED, _LATE = grpc.StatusCode.OK, grpc.StatusCode.CANCELLED, grpc.StatusCode.DEADLINE_EXCEEDED
_OURS = frozenset({grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED})
"""What a span counts as an error of the server's (OpenTelemetry, semantic conventions for gRPC)."""
_NAMES = {code: code.name.title().replace("_", "") for code in grpc.StatusCode} | {_OK: "OK", _CANCELLED: "Canceled"}
"""Codes as go-grpc-prometheus labels them."""


class Door:
    """What all calls of a process come through. `limit` is the longest that a call with one answer may take."""

    def __init__(self, gate: Gate, metrics: Metrics, *, language: Language, limit: timedelta) -> None:
        self.gate = gate
        self.language = language
        self.limit = limit.total_seconds()
        self.handled = metrics.counter(
            "grpc_server_handled_total", "gRPC calls that have ended, by method and code.", ("grpc_method", "grpc_code")
        )
        self.handling = metrics.histogram(
            "grpc_server_handling_seconds", "Duration of gRPC calls, from their arrival to the end of the answer.", ("grpc_method",)
        )
        self.closing = False
        self._waiting = set[asyncio.Task[Any]]()

    def handlers(self, service: Service) -> grpc.GenericRpcHandler:
        """The service as grpc takes it. Bytes go in and come out: what cannot be parsed is ours to answer."""
        return grpc.method_handlers_generic_handler(
            service.name, {method.name: self._handler(service, method) for method in service.methods}
        )

    def _handler(self, service: Service, method: Method) -> "grpc.RpcMethodHandler[bytes, bytes]":
        figures = Figures(service.name, method.name, self.handled, self.handling)
        if method.unary is not None:
            return grpc.unary_unary_rpc_method_handler(self._unary(figures, method.parse, method.unary))
        assert method.streaming is not None  # noqa: S101  # it is one or the other
        return grpc.unary_stream_rpc_method_handler(self._streaming(figures, method.parse, method.streaming))

    def _unary(self, figures: "Figures", parse: Callable[[bytes], Message], act: Callable[[Any, Call], Awaitable[Message]]) -> Any:
        async def handle(data: bytes, context: "ServicerContext[bytes, bytes]") -> bytes:
            answer = b""
            with Visit(self, figures, context) as visit:
                async with asyncio.timeout(self.limit) as visit.deadline:
                    call = await visit.admitted()
                    answer = (await act(_parsed(parse, data), call)).SerializeToString()
            await visit.concluded()
            return answer

        return handle

    def _streaming(self, figures: "Figures", parse: Callable[[bytes], Message], act: Callable[[Any, Call], Any]) -> Any:
        async def handle(data: bytes, context: "ServicerContext[bytes, bytes]") -> None:
            with Visit(self, figures, context) as visit:
                call = await visit.admitted()
                request = _parsed(parse, data)
                await context.send_initial_metadata((("x-request-id", call.request_id),))  # there may be nothing to tell for long
                async with contextlib.aclosing(act(request, call)) as answers:
                    while (answer := await self._next(visit, answers)) is not None:
                        await context.write(answer.SerializeToString())
            await visit.concluded()

        return handle

    async def _next(self, visit: "Visit", answers: AsyncIterator[Message]) -> Message | None:
        """What the stream tells next; None when it has ended. While nothing is told it may be ended by `close`: never amid an operation of
        grpc's, which takes no other after one that was cancelled."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # grpc calls us in one
        if self.closing:
            raise _stops()
        self._waiting.add(task)
        try:
            return await anext(answers, None)
        except asyncio.CancelledError:
            if not self._closed or visit.left:  # it may have changed meanwhile
                raise
            task.uncancel()
            raise _stops() from None
        finally:
            self._waiting.discard(task)

    @property
    def _closed(self) -> bool:
        return self.closing

    def close(self) -> None:
        """End the streams."""
        self.closing = True
        for task in self._waiting:
            task.cancel()


class Figures:
    """What is counted of one method."""

    def __init__(self, service: str, method: str, handled: Counter, handling: Histogram) -> None:
        self.name = f"{service}/{method}"
        self.service = service
        self.method = method
        self._handled = handled
        self._seconds = handling.labels(method)
        self._counts: dict[grpc.StatusCode, Any] = {}

    def count(self, code: grpc.StatusCode, seconds: float) -> None:
        """One more call that has ended."""
        if code not in self._counts:
            self._counts[code] = self._handled.labels(self.method, _NAMES[code])
        self._counts[code].inc()
        self._seconds.observe(seconds)


class Visit:
    """One call from its arrival to its end; errors that leave the block become its refusal."""

    __slots__ = ("_began", "_context", "_door", "_figures", "_open", "_sent", "_span", "caller", "deadline", "host", "refusal")

    def __init__(self, door: Door, figures: Figures, context: "ServicerContext[bytes, bytes]") -> None:
        self._door = door
        self._figures = figures
        self._context = context
        self._sent = sent(context.invocation_metadata(), door.language)
        self.host = host_of(context.peer())
        self.caller: Principal | None = None
        self.refusal: Refusal | None = None
        self.deadline: asyncio.Timeout | None = None

    def __enter__(self) -> Self:
        self._began = time.perf_counter()
        structlog.contextvars.bind_contextvars(request_id=self._sent.request_id)  # the task is this call's, and ends with it
        self._open = span(self._figures.name, self._sent.traceparent, kind=SpanKind.SERVER)
        self._span = self._open.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool:
        if isinstance(error, Exception):
            self.refusal = self._refused(error)
        code = self.refusal.code if self.refusal is not None else _OK if error is None else self._left_by()
        try:
            self._tell(code)
        finally:
            self._open.__exit__(None, None, None)
        return self.refusal is not None

    async def admitted(self) -> Call:
        """Let the call in; raises what the gate raises."""
        told, gate = self._sent, self._door.gate
        self.caller = await gate.admitted(told.key, self.host)
        gate.counted(self.caller)
        return Call(self.caller, told.key, told.request_id, told.voice)

    async def concluded(self) -> None:
        """End the call: with its refusal, if there is one."""
        if self.refusal is not None:
            await self._context.abort(self.refusal.code, self.refusal.message, self.refusal.metadata)
        self._context.set_trailing_metadata((("x-request-id", self._sent.request_id),))

    @property
    def left(self) -> bool:
        """Whether the caller has gone."""
        return bool(self._context.cancelled())

    def _refused(self, error: Exception) -> Refusal:
        told = self._sent
        if isinstance(error, TimeoutError) and self.deadline is not None and self.deadline.expired():
            error = TimedOut(
                "The request was not answered in time (server.read_timeout, server.write_timeout)."
                " Before asking again, check whether it took effect."
            )
        if isinstance(error, HulkError):
            return refusals.of_error(error, told.request_id, told.voice)
        log.error("call_failed", method=self._figures.method, exc_info=error)
        return refusals.of_bug(told.request_id, told.voice)

    def _left_by(self) -> grpc.StatusCode:
        """The caller has gone, or has no time left."""
        left: float | None = self._context.time_remaining()  # None without a deadline
        return _LATE if left is not None and left <= 0 else _CANCELLED

    def _tell(self, code: grpc.StatusCode) -> None:
        seconds = time.perf_counter() - self._began
        self._figures.count(code, seconds)
        if self._span.is_recording():
            names = {"rpc.system": "grpc", "rpc.service": self._figures.service, "rpc.method": self._figures.method}
            self._span.set_attributes({**names, "rpc.grpc.status_code": int(code.value[0])})
            if code in _OURS:
                self._span.set_status(StatusCode.ERROR)
        who = {"tenant": self.caller.tenant, "actor": self.caller.actor} if self.caller else {}
        log.info("grpc_call", method=self._figures.method, code=code.name, ms=round(seconds * 1000, 2), client=self.host, **who)


def _stops() -> Unavailable:
    return Unavailable("This Hulk stops. Connect again, and go on behind the last change that you have seen.")


def _parsed(parse: Callable[[bytes], Message], data: bytes) -> Message:
    try:
        return parse(data)
    except DecodeError as error:
        raise Refused("The request cannot be read: it is not the message that this method takes (protobuf).") from error
