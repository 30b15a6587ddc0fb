"""A service as it is served: by name of the method, the act behind it and how its request is parsed."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from hulk.runtime.rpc.call import Call

Unary: TypeAlias = Callable[[Any, Call], Awaitable[Message]]
Streaming: TypeAlias = Callable[[Any, Call], AsyncIterator[Message]]


@dataclass(frozen=True, slots=True)
class Method:
    """One method; exactly one of `unary` and `streaming` is its act."""

    name: str
    parse: Callable[[bytes], Message]
    unary: Unary | None = None
    streaming: Streaming | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """What is served under `name` (`hulk.tickets.v1.TicketService`)."""

    name: str
    methods: tuple[Method, ...]

    @classmethod
    def of(cls, described: ServiceDescriptor, acts: object) -> Self:
        """The service whose methods are those of `acts`; raises `AttributeError` when one is missing."""
        return cls(described.full_name, tuple(_methods(described, acts)))


def _methods(described: ServiceDescriptor, acts: object) -> Iterator[Method]:
    for method in described.methods:
        act = getattr(acts, method.name)
        parse = GetMessageClass(method.input_type).FromString
        yield _streaming(method, parse, act) if method.server_streaming else Method(method.name, parse, unary=act)


def _streaming(method: MethodDescriptor, parse: Callable[[bytes], Message], act: Streaming) -> Method:
    return Method(method.name, parse, streaming=act)
