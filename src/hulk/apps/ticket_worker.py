"""`hulk worker --tickets URL`: takes tickets of a Hulk elsewhere over gRPC, and has one command do the work of each kind.

The input is the command's standard input, its standard output the result (JSON objects both). Exit code 0 is completed, 75 (EX_TEMPFAIL
of sysexits.h) to be tried again, any other failed with the last line of standard error. What a lease no longer holds is killed with all
that it has started. Times are taken from the monotonic clock only, so that the clocks of worker and server may differ.
"""

import asyncio
import contextlib
import json
import os
import shlex
import shutil
import signal
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import grpc
import stamina
import structlog
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2

from hulk.apps.stopping import Stopping, until_stopped
from hulk.apps.terminal import announce, spoken
from hulk.kernel.errors import Refused
from hulk.kernel.text import Text
from hulk.runtime.config import Config
from hulk.runtime.telemetry import started
from hulk_client.tickets.v1 import tickets_pb2 as pb
from hulk_client.tickets.v1.tickets_pb2_grpc import TicketServiceStub

log = structlog.get_logger(__name__)

PORT = 50052
AGAIN = 75
WAIT_SECONDS = 20
"""How long a call for work waits for some: the most that Hulk lets it."""
GRACE_SECONDS = 10.0
"""How long what runs may go on once the worker is to stop, before it is given back."""
_CALL_SECONDS = 10.0
_LARGEST = 256 * 1024
_TAIL = 4096
_PASSING = frozenset({
    grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNKNOWN, grpc.StatusCode.CANCELLED,
})  # fmt: skip
"""What may be gone the next time."""
_SECRET = "HULK_API_KEY"  # noqa: S105  # the name of the variable, not its value


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is taken, from where, and what does it. `commands` are by kind; `key` is the API key, if there is one."""

    target: str
    encrypted: bool
    commands: Mapping[str, Sequence[str]]
    slots: int = 1
    namespace: str = ""
    group: str = ""
    name: str = ""
    lease: timedelta | None = None
    key: str | None = None
    language: str = "en"


def address(url: str) -> tuple[str, bool]:
    """`https://hulk.example:50052`, `http://…` or only host and port, as gRPC's target and whether it is encrypted. Raises `Refused`."""
    with_scheme = url if "://" in url else f"http://{url}"
    with contextlib.suppress(ValueError):
        parts = urlsplit(with_scheme)
        if parts.scheme in ("http", "https") and parts.hostname and parts.path in ("", "/"):
            host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
            return f"{host}:{parts.port or PORT}", parts.scheme == "https"
    raise Refused("“{url}” is no address of a Hulk's tickets: https://host:50052, http://host:50052 or host:50052 is expected.", url=url)


def commands(given: Sequence[str]) -> dict[str, list[str]]:
    """`report.monthly=./make-report.sh --fast` as kind and command; raises `Refused` for one that is not there."""
    found: dict[str, list[str]] = {}
    for one in given:
        kind, _, command = one.partition("=")
        words = shlex.split(command)
        if not kind or not words:
            raise Refused("“{given}” is not a kind and its command, as in --kind report.monthly=./make-report.sh.", given=one)
        if shutil.which(words[0]) is None:
            raise Refused("The command {command} for {kind} is not there, or cannot be executed.", command=words[0], kind=kind)
        found[kind] = words
    if not found:
        raise Refused("A worker for tickets needs at least one kind and its command: --kind report.monthly=./make-report.sh.")
    return found


async def execute_until_stopped(work: Work) -> int:
    """Take and execute tickets until SIGINT or SIGTERM; what runs then is finished or given back. Gives the exit code."""

    async def run(stopping: Stopping) -> int:
        async with started(Config()), _channel(work) as channel:
            said = Text("Takes tickets of {kinds} from {target}. Ctrl-C stops it.", kinds=", ".join(work.commands), target=work.target)
            announce(spoken(said), "good")
            stopping.ready = True
            await Worker(work, TicketServiceStub(channel), stopping.asked).run()
        return 0

    return await until_stopped(run)


def _channel(work: Work) -> grpc.aio.Channel:
    options = [("grpc.keepalive_time_ms", 30_000), ("grpc.max_receive_message_length", -1), ("grpc.max_reconnect_backoff_ms", 5000)]
    if work.encrypted:
        return grpc.aio.secure_channel(work.target, grpc.ssl_channel_credentials(), options=options)
    return grpc.aio.insecure_channel(work.target, options=options)


@dataclass(slots=True)
class Running:
    """A ticket whose command is executed."""

    ticket: pb.Ticket
    process: asyncio.subprocess.Process | None = None
    lost: bool = False
    stopped: bool = False

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End the command and all that it has started."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, how)

    def lose(self) -> None:
        """It is another's now: leave off with it."""
        self.lost = True
        self.kill()


@dataclass(slots=True)
class Held:
    """A lease, until `until` by the loop's clock."""

    token: str
    lasting: float
    until: float
    running: dict[str, Running] = field(default_factory=dict)

    def renewed(self, lease: pb.Lease, asked: float) -> None:
        """It was renewed, as asked at that moment."""
        self.token = lease.token
        self.until = asked + self.lasting

    def lose(self, tickets: Sequence[str]) -> None:
        """Those are held no more."""
        for id_ in tickets:
            if id_ in self.running:
                log.warning("ticket_lost", ticket=id_)
                self.running[id_].lose()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a command ended: with a result, or a problem."""

    result: str = ""
    code: str = ""
    detail: str = ""
    again: bool = False


class Worker:
    """Takes as much as it has free slots for."""

    def __init__(self, work: Work, stub: Any, stopping: asyncio.Event) -> None:
        self.work = work
        self.stub = stub
        self.stopping = stopping
        self.metadata = (("accept-language", work.language), *((("authorization", f"Bearer {work.key}"),) if work.key else ()))
        self.running: dict[str, Running] = {}
        self.freed = asyncio.Event()

    async def run(self) -> None:
        """Until it is to stop; raises `HulkError` when the server will not have it."""
        try:
            async with asyncio.TaskGroup() as group:
                ending = group.create_task(self._ending())
                async with asyncio.TaskGroup() as leases:
                    while not self.stopping.is_set():
                        held = await self._unless_stopped(self._taken)
                        if held is not None:
                            leases.create_task(self._execute(held))
                ending.cancel()
        finally:
            for one in self.running.values():
                one.kill()

    async def _ending(self) -> None:
        """Once it is to stop: leave what runs some time, then end it so that it is given back."""
        await self.stopping.wait()
        await asyncio.sleep(GRACE_SECONDS)
        for one in list(self.running.values()):
            one.stopped = True
            one.kill(signal.SIGTERM)
        await asyncio.sleep(GRACE_SECONDS / 4)
        for one in list(self.running.values()):
            one.kill()

    async def _unless_stopped(self, act: Callable[[], Any]) -> Any:
        """What `act` gives; None when the worker is to stop first."""
        async with asyncio.TaskGroup() as group:
            acting, stop = group.create_task(act()), group.create_task(self.stopping.wait())
            await asyncio.wait([acting, stop], return_when=asyncio.FIRST_COMPLETED)
            for task in (acting, stop):
                task.cancel()
        return None if acting.cancelled() else acting.result()

    async def _taken(self) -> Held | None:
        """A lease of what is ready, as soon as there is a slot and something to do."""
        while len(self.running) >= self.work.slots:
            self.freed.clear()
            await self.freed.wait()
        asked = asyncio.get_running_loop().time()
        lease: pb.Lease = await self._patiently(self.stub.LeaseTickets, self._wanted(), WAIT_SECONDS + _CALL_SECONDS)
        if not lease.tickets:
            return None
        lasting = lease.lease_for.ToTimedelta().total_seconds()
        held = Held(lease.token, lasting, asked + lasting, {one.ticket_id: Running(one) for one in lease.tickets})
        self.running |= held.running
        return held

    def _wanted(self) -> pb.LeaseTicketsRequest:
        work = self.work
        request = pb.LeaseTicketsRequest(
            worker=work.name, kinds=list(work.commands), namespace=work.namespace, most=work.slots - len(self.running),
            assignees=[pb.Assignee(worker_group=work.group)] if work.group else [], wait=Duration(seconds=WAIT_SECONDS),
            request_id=uuid.uuid4().hex,
        )  # fmt: skip
        if work.lease is not None:
            request.lease_for.FromTimedelta(work.lease)
        return request

    async def _patiently(self, method: Any, request: Any, seconds: float) -> Any:
        """Call until it is answered; raises `Refused` when asking again would not help."""
        try:
            async for attempt in stamina.retry_context(on=_passing, attempts=None, timeout=None, wait_initial=0.1, wait_max=5.0):
                with attempt:
                    return await method(request, metadata=self.metadata, timeout=seconds)
        except grpc.aio.AioRpcError as error:
            raise said_of(error) from error
        raise AssertionError("unreachable")

    async def _execute(self, held: Held) -> None:
        """All tickets of a lease, which is held on to meanwhile."""
        async with asyncio.TaskGroup() as group:
            beating = group.create_task(self._beat(held))
            async with asyncio.TaskGroup() as work:
                for one in list(held.running.values()):
                    work.create_task(self._one(held, one))
            beating.cancel()

    async def _one(self, held: Held, one: Running) -> None:
        try:
            outcome = await executed(one, self.work.commands[one.ticket.kind])
            if not one.lost:
                await self._tell(held, one, outcome)
        finally:
            if one.process is not None and one.process.returncode is None:
                one.kill()
            del held.running[one.ticket.ticket_id], self.running[one.ticket.ticket_id]
            self.freed.set()

    async def _beat(self, held: Held) -> None:
        """Hold on to the lease; leave off with what it does not hold any more."""
        loop = asyncio.get_running_loop()
        while held.running:
            await asyncio.sleep(held.lasting / 3)
            asked = loop.time()
            try:
                request = pb.HeartbeatRequest(ticket_ids=list(held.running), lease_token=held.token)
                lease = await self.stub.Heartbeat(request, metadata=self.metadata, timeout=held.lasting / 3)
                held.renewed(lease, asked)
                held.lose(lease.lost)
            except grpc.aio.AioRpcError as error:
                log.warning("heartbeat_failed", code=error.code().name, detail=error.details())
                if error.code() not in _PASSING or loop.time() >= held.until:
                    held.lose(list(held.running))
                    return

    async def _tell(self, held: Held, one: Running, outcome: Outcome) -> None:
        """Tell the server how it ended, as long as the lease lasts."""
        ticket, loop = one.ticket, asyncio.get_running_loop()
        try:
            async for attempt in stamina.retry_context(on=_passing, attempts=None, timeout=held.until - loop.time(), wait_max=2.0):
                with attempt:
                    ended = await self._tell_once(held, one, outcome)
                    log.info("ticket_ended", ticket=ticket.ticket_id, kind=ticket.kind, status=pb.TicketStatus.Name(ended.status).lower())
        except grpc.aio.AioRpcError as error:
            log.warning("ticket_not_ended", ticket=ticket.ticket_id, code=error.code().name, detail=error.details())
            if error.code() is grpc.StatusCode.INVALID_ARGUMENT and not outcome.code:
                await self._tell(held, one, Outcome(code="bad_result", detail=(error.details() or "")[:2000]))

    async def _tell_once(self, held: Held, one: Running, outcome: Outcome) -> pb.Ticket:
        id_, fence = one.ticket.ticket_id, one.ticket.fence
        if not outcome.code:
            done = pb.Completion(ticket_id=id_, fence=fence, result_json=outcome.result)
            request: Any = pb.CompleteTicketRequest(completion=done, lease_token=held.token)
            method = self.stub.CompleteTicket
        else:
            problem = pb.Problem(code=outcome.code, detail=outcome.detail)
            request = pb.FailTicketRequest(ticket_id=id_, fence=fence, problem=problem, retry=outcome.again, lease_token=held.token)
            method = self.stub.FailTicket
        answer: pb.Ticket = await method(request, metadata=self.metadata, timeout=_CALL_SECONDS)
        return answer


async def executed(one: Running, command: Sequence[str]) -> Outcome:
    """Execute the command for a ticket, in a process group of its own."""
    ticket = one.ticket
    told = {"HULK_TICKET_ID": ticket.ticket_id, "HULK_TICKET_KIND": ticket.kind, "HULK_TICKET_FENCE": str(ticket.fence)}
    try:
        one.process = process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, start_new_session=True,
            env={**{name: value for name, value in os.environ.items() if name != _SECRET}, **told},
        )  # fmt: skip
    except OSError as error:
        return Outcome(code="not_started", detail=f"{command[0]}: {error.strerror}", again=True)
    if one.lost:  # meanwhile
        one.kill()
    async with asyncio.TaskGroup() as group:
        group.create_task(_fed(process, ticket.input_json.encode()))
        out, said = group.create_task(_read(process.stdout, _first)), group.create_task(_read(process.stderr, _last))
    return _outcome(one, await process.wait(), out.result(), said.result())


async def _fed(process: asyncio.subprocess.Process, data: bytes) -> None:
    assert process.stdin is not None  # noqa: S101  # it is a pipe
    with contextlib.suppress(
        BrokenPipeError, ConnectionResetError, RuntimeError
    ):  # it need not read it; the last is uvloop's word for that
        process.stdin.write(data)
        await process.stdin.drain()
        process.stdin.close()


async def _read(stream: asyncio.StreamReader | None, keep: Callable[[bytes], bytes]) -> bytes:
    """All of it, of which only so much is kept."""
    assert stream is not None  # noqa: S101  # it is a pipe
    kept = b""
    while data := await stream.read(65536):
        kept = keep(kept + data)
    return kept


def _first(data: bytes) -> bytes:
    return data[: _LARGEST + 1]


def _last(data: bytes) -> bytes:
    return data[-_TAIL:]


def _outcome(one: Running, code: int, out: bytes, said: bytes) -> Outcome:
    lines = said.decode(errors="replace").strip().splitlines() or [""]
    detail = lines[-1][:2000]
    if one.stopped:
        return Outcome(code="stopped", detail="The worker was stopped.", again=True)
    if code == AGAIN:
        return Outcome(code="try_again", detail=detail, again=True)
    if code != 0:
        return Outcome(code=f"exit_{code}" if code > 0 else f"signal_{-code}", detail=detail)
    return _result(out)


def _result(out: bytes) -> Outcome:
    text = out.decode(errors="replace").strip() or "{}"
    with contextlib.suppress(ValueError, RecursionError):
        if len(out) <= _LARGEST and isinstance(json.loads(text), dict):
            return Outcome(result=text)
    return Outcome(code="bad_result", detail=f"The output is no JSON object of at most {_LARGEST} bytes.")


def _passing(error: Exception) -> bool:
    """Whether asking again may help."""
    return isinstance(error, grpc.aio.AioRpcError) and error.code() in _PASSING


def said_of(error: grpc.aio.AioRpcError) -> Refused:
    """What the server says, in the caller's language where it has put it so."""
    words = error.details() or error.code().name
    for name, value in error.trailing_metadata() or ():
        if name == "grpc-status-details-bin" and isinstance(value, bytes):
            for packed in status_pb2.Status.FromString(value).details:
                told = error_details_pb2.LocalizedMessage()
                words = told.message if packed.Unpack(told) else words
    return Refused("{reason}", reason=words)
