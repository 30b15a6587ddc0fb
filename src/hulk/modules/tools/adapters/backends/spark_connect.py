"""Spark by SQL over Spark Connect: its own gRPC protocol (https://spark.apache.org/docs/latest/spark-connect-overview.html).

Of Apache's client (`pyspark-client`, 2 MB, which brings pandas and Arrow) only the messages are used: its sessions wait in threads, try for
ten minutes to reach who is not there, and are kept until the process ends. Each query is a session of its own, for the person who asks, is
interrupted at the server when nobody waits for it any longer, and is judged as for every database (`sql.statements`). Spark ends a task
between two batches that it reads: a join that makes billions of pairs of one batch keeps its core, unless the server has
spark.task.reaper.enabled.
"""

import asyncio
import contextlib
import re
import uuid
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hulk.kernel.errors import Forbidden, HulkError, Refused, Unavailable
from hulk.modules.tools.adapters.backends.bounds import Bounds
from hulk.modules.tools.adapters.backends.sql.backend import Described, Listed
from hulk.modules.tools.adapters.backends.sql.names import Place, Reach
from hulk.modules.tools.adapters.backends.sql.rows import Answer, Column, Tally
from hulk.modules.tools.adapters.backends.sql.statements import Dialect, Statement

if TYPE_CHECKING:
    from grpc.aio import AioRpcError, Channel

AT_ONCE = 4
GRACE = 3.0
"""Seconds to tell the server that a query is called off, and its session over."""
LARGEST_MESSAGE = 64_000_000
"""Bytes: Spark means to send 4 MB at a time (spark.sql.execution.arrow.maxBytesPerBatch and its kin)."""
_CLASS, _STATE = re.compile(r"\[([A-Z0-9_.]+)\]\s*"), re.compile(r"\s*SQLSTATE: (\w{5}).*", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class SparkConnect:
    """`Database` at `address` (`host:15002`). `token` shows who Hulk is, if a proxy in front wants that: over TLS only. The session is that
    of the person who asks, as far as Spark believes what it is told; `account` when nobody is named."""

    address: str
    catalog: str = "spark_catalog"
    schema: str = "default"
    account: str = "hulk"
    token: Callable[[], str] = str
    tls: bool = True
    allowed: tuple[str, ...] = ()
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    @property
    def dialect(self) -> Dialect:
        """See `Database`."""
        return "spark"

    async def reach(self) -> Reach:
        """See `Database`."""
        return Reach(patterns=self.allowed or (f"{self.catalog}.{self.schema}.*",), home=(self.catalog, self.schema))

    async def tables(self, reach: Reach, bounds: Bounds, person: str) -> Sequence[Listed]:
        """See `Database`: of the schemas that the patterns name without a star."""
        named = [tuple(pattern.split(".")[:-1]) for pattern in reach.patterns if "*" not in pattern.rpartition(".")[0]]
        found: list[Listed] = []
        for place in dict.fromkeys([(self.catalog, self.schema), *(place for place in named if len(place) > 1)]):
            asked = await self._answered(lambda root, place=place: _list_tables(root, place), bounds, person)  # type: ignore[misc]
            for row in asked.rows:
                name, _, __, about, kind, temporary = row[:6]
                if not temporary:
                    found.append(Listed(place=(*place, str(name)), kind=_kind(kind), about=str(about or "")[:500]))
        return found

    async def columns(self, place: Place, bounds: Bounds, person: str) -> Sequence[Described]:
        """See `Database`."""
        answer = await self._answered(lambda root: _list_columns(root, place), bounds, person)
        return [
            Described(name=str(name), type=str(kind), nullable=bool(nullable), about=str(about or "")[:500])
            for name, about, kind, nullable, *_ in answer.rows
        ]

    async def rows(self, statement: Statement, bounds: Bounds, person: str) -> Answer:
        """See `Database`."""

        def query(root: Any) -> None:
            root.sql.query = statement.sql

        return await self._answered(query, bounds, person)

    async def _answered(self, ask: Callable[[Any], None], bounds: Bounds, person: str) -> Answer:
        """What `ask`, which fills in the relation that is wanted, brings."""
        tally, columns = Tally(bounds), list[Column]()
        async with contextlib.aclosing(self._batches(ask, bounds, person)) as batches:
            async for batch in batches:
                columns = columns or [Column(name=one.name, type=str(one.type)) for one in batch.schema]
                if not tally.takes(_rows(batch)):
                    break
        return tally.answer(columns)

    async def _batches(self, ask: Callable[[Any], None], bounds: Bounds, person: str) -> AsyncGenerator[Any, None]:
        """Each part of the answer (a RecordBatch of Arrow). The query is called off when it is not read to its end."""
        await asyncio.to_thread(_messages)  # loading them takes a second: no other call waits for it
        import grpc
        import pyarrow as pa

        try:
            async with asyncio.timeout(bounds.seconds), self.turns, self._channel() as channel:
                session = _Session(channel, person or self.account, self.token() if self.tls else "")
                try:
                    async for data in session.asked(ask):
                        for batch in pa.ipc.open_stream(data):
                            yield batch
                finally:
                    await session.over()
        except TimeoutError as late:
            raise Refused(
                "The query took longer than {seconds} seconds, and was ended: ask for less.", seconds=round(bounds.seconds, 1)
            ) from late
        except grpc.aio.AioRpcError as error:
            raise _explained(error) from None  # its text may quote data
        except pa.ArrowInvalid as error:
            raise Unavailable("Spark's answer is not what its protocol says.") from error

    def _channel(self) -> "Channel":
        import grpc  # see _batches

        options = [("grpc.max_receive_message_length", LARGEST_MESSAGE), ("grpc.enable_retries", 0)]
        if self.tls:
            return grpc.aio.secure_channel(self.address, grpc.ssl_channel_credentials(), options)
        return grpc.aio.insecure_channel(self.address, options)


class _Session:
    """One query of one person."""

    def __init__(self, channel: "Channel", user: str, token: str) -> None:
        self._messages, services = _messages()
        self._stub = services.SparkConnectServiceStub(channel)
        self._metadata = [("authorization", f"Bearer {token}")] if token else []
        self._operation = str(uuid.uuid4())
        self._common = {
            "session_id": str(uuid.uuid4()), "user_context": self._messages.UserContext(user_id=user), "client_type": "hulk-ops",
        }  # fmt: skip

    async def asked(self, ask: Callable[[Any], None]) -> AsyncGenerator[bytes, None]:
        """Parts of the answer, each an Arrow stream."""
        plan = self._messages.Plan()
        ask(plan.root)
        request = self._messages.ExecutePlanRequest(plan=plan, operation_id=self._operation, **self._common)
        call = self._stub.ExecutePlan(request, metadata=self._metadata)
        try:
            async for response in call:
                if response.HasField("arrow_batch"):
                    yield response.arrow_batch.data
        finally:
            call.cancel()

    async def over(self) -> None:
        """Whatever goes on of it is interrupted, and the session is forgotten. Who does not answer is left."""
        import grpc  # see _batches

        kind = self._messages.InterruptRequest.INTERRUPT_TYPE_ALL
        interrupt = self._messages.InterruptRequest(interrupt_type=kind, **self._common)
        release = self._messages.ReleaseSessionRequest(**self._common)
        with contextlib.suppress(grpc.aio.AioRpcError):
            await self._stub.Interrupt(interrupt, metadata=self._metadata, timeout=GRACE)
            await self._stub.ReleaseSession(release, metadata=self._metadata, timeout=GRACE)


def _messages() -> tuple[Any, Any]:
    """The protocol's messages and services. They take a second of CPU and 100 MB to load (pandas comes with them): only who asks pays."""
    try:
        import pyarrow as pa
        from pyspark.sql.connect.proto import base_pb2, base_pb2_grpc
    except ImportError as error:
        raise Refused("Spark is asked by SQL where its client is installed: pip install 'hulk-ops[spark]'.") from error
    assert pa  # noqa: S101  # wanted, too
    return base_pb2, base_pb2_grpc


def _list_tables(root: Any, place: Place) -> None:
    root.catalog.list_tables.db_name = _quoted(place)


def _list_columns(root: Any, place: Place) -> None:
    root.catalog.list_columns.table_name = _quoted(place)


def _quoted(place: Place) -> str:
    return ".".join("`" + part.replace("`", "``") + "`" for part in place)


def _kind(kind: object) -> str:
    return "view" if "VIEW" in str(kind) else "table"


def _rows(batch: Any) -> Iterator[Sequence[object]]:
    """Row by row; columns may have the same name."""
    return zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _explained(error: "AioRpcError") -> HulkError:
    import grpc  # see SparkConnect._batches

    code, told = error.code(), error.details() or ""
    kind, state = _CLASS.match(told), _STATE.search(told)
    name, number = kind[1] if kind else "", state[1] if state else ""
    said = _STATE.sub("", told[kind.end() if kind else 0 :]).partition("\n")[0][:200].rstrip(". ;")
    if code in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED) or number == "42501":
        return Forbidden("Spark does not take Hulk's account, or does not allow it to this person.")
    if number.startswith(("42", "0A")):
        return Refused("Spark refuses the query: {reason}.", reason=f"{name}: {said}")
    if number.startswith(("22", "21")):  # what it says of these quotes the value
        return Refused("Spark cannot compute it: {reason}.", reason=name)
    return Unavailable("Spark cannot be asked now ({reason}).", reason=name or code.name)
