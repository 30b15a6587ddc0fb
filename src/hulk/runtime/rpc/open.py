"""What anybody may ask without a key: whether it is served (grpc.health.v1), and what (reflection).

Both are the packages' own; only requests are parsed here, since grpc answers what cannot be parsed as if it were at fault itself.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import grpc
from google.protobuf.message import DecodeError, Message
from grpc_health.v1 import health_pb2
from grpc_health.v1._async import HealthServicer
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha._async import ReflectionServicer

_HEALTH = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name
_REFLECTION = reflection_pb2.DESCRIPTOR.services_by_name["ServerReflection"].full_name
"""`v1alpha`, the only version that grpcio-reflection has; clients ask for `v1` first and fall back to it."""
_UNREADABLE = "The request cannot be read: it is not the message that this method takes (protobuf)."


class Health:
    """How each service is, and all (``""``)."""

    def __init__(self, services: Sequence[str]) -> None:
        self.servicer = HealthServicer()
        self._services = services

    async def begin(self) -> None:
        """All are served."""
        for name in self._services:
            await self.servicer.set(name, health_pb2.HealthCheckResponse.SERVING)

    async def stopping(self) -> None:
        """None is any more; who watches is told."""
        await self.servicer.enter_graceful_shutdown()


def health_handlers(health: Health) -> grpc.GenericRpcHandler:
    """`grpc.health.v1.Health`."""
    parse = health_pb2.HealthCheckRequest.FromString
    check: Any = grpc.unary_unary_rpc_method_handler(_one(health.servicer.Check, parse), None, _bytes)
    watch: Any = grpc.unary_stream_rpc_method_handler(_many(health.servicer.Watch, parse), None, _bytes)
    return grpc.method_handlers_generic_handler(_HEALTH, {"Check": check, "Watch": watch})


def reflection_handlers(services: Sequence[str]) -> grpc.GenericRpcHandler:
    """`grpc.reflection.v1alpha.ServerReflection` over those services, health, and itself."""
    servicer = ReflectionServicer([*services, _HEALTH, _REFLECTION])
    parse = reflection_pb2.ServerReflectionRequest.FromString

    async def info(sent: AsyncIterator[bytes], context: Any) -> AsyncIterator[Message]:
        async def requests() -> AsyncIterator[Message]:
            async for data in sent:
                yield await _parsed(parse, data, context)

        async for answer in servicer.ServerReflectionInfo(requests(), context):
            yield answer

    return grpc.method_handlers_generic_handler(
        _REFLECTION, {"ServerReflectionInfo": grpc.stream_stream_rpc_method_handler(info, None, _bytes)}
    )


def _one(act: Callable[[Any, Any], Any], parse: Callable[[bytes], Message]) -> Any:
    async def handle(data: bytes, context: Any) -> Any:
        return await act(await _parsed(parse, data, context), context)

    return handle


def _many(act: Callable[[Any, Any], Any], parse: Callable[[bytes], Message]) -> Any:
    async def handle(data: bytes, context: Any) -> None:
        await act(await _parsed(parse, data, context), context)

    return handle


async def _parsed(parse: Callable[[bytes], Message], data: bytes, context: Any) -> Message:
    try:
        return parse(data)
    except DecodeError:
        await context.abort(grpc.StatusCode.INVALID_ARGUMENT, _UNREADABLE)
        raise


def _bytes(message: Message) -> bytes:
    return message.SerializeToString()
