"""Tickets from outside: made, taken, held on to, finished and watched over gRPC and HTTP, by programs as users start them."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from hulk_client.tickets.v1 import tickets_pb2 as pb
from hulk_client.tickets.v1.tickets_pb2_grpc import TicketServiceStub
from support.pages import ROOT
from support.patience import until, until_found
from support.ports import free_port
from support.processes import leashed
from support.program import BIN, Caller, Up, calling, environment, launch, run, started, until_ready

SERVICE = "hulk.tickets.v1.TicketService"
WORKER = ROOT / "examples/worker/worker.py"


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """`hulk tickets`, alone."""
    folder = tmp_path_factory.mktemp("tickets")
    running = until_ready(launch("tickets", folder / "data", cwd=folder))
    try:
        yield running
    finally:
        if running.process.poll() is None:
            assert running.stop() == 0


@pytest.fixture
async def stub(up: Up) -> AsyncIterator[Any]:
    """A client."""
    async with grpc.aio.insecure_channel(up.grpc) as channel:
        yield TicketServiceStub(channel)


@pytest.fixture
async def caller(up: Up) -> AsyncIterator[Caller]:
    async with calling(up, accept_language="en") as one:
        yield one


async def registered(stub: Any, kind: str, **more: Any) -> None:
    """A kind to make tickets of."""
    await stub.RegisterKind(pb.RegisterKindRequest(kind=pb.Kind(name=kind, **more)))


async def made(stub: Any, kind: str, data: Any = None, **more: Any) -> str:
    """A new ticket's id."""
    new = pb.NewTicket(kind=kind, title="Work", input_json=json.dumps(data or {}), **more)
    return str((await stub.CreateTicket(pb.CreateTicketRequest(ticket=new))).ticket_id)


async def shown(stub: Any, id_: str) -> pb.Ticket:
    """The ticket."""
    found: pb.Ticket = await stub.GetTicket(pb.GetTicketRequest(ticket_id=id_))
    return found


async def test_what_is_made_over_grpc_is_taken_finished_and_watched_over_both(stub: Any, caller: Caller) -> None:
    await registered(stub, "both")
    watching = stub.WatchTickets(pb.WatchTicketsRequest(filter=pb.TicketFilter(kinds=["both"]), after="0"))
    id_ = await made(stub, "both", {"n": 1}, request_id="both-1")
    assert id_ == await made(stub, "both", {"n": 1}, request_id="both-1")
    status, body, _ = await caller.call("GET", f"/v1/tickets/{id_}")
    assert (status, body["input"]) == (200, {"n": 1})
    lease = await stub.LeaseTickets(pb.LeaseTicketsRequest(worker="w", kinds=["both"], wait=Duration(seconds=20)))
    held = await stub.Heartbeat(pb.HeartbeatRequest(ticket_ids=[id_], lease_token=lease.token))
    done = {"completions": [{"ticket_id": id_, "fence": lease.tickets[0].fence, "result": {"m": 2}}], "lease_token": held.token}
    status, body, _ = await caller.call("POST", "/v1/leases/complete", json=done)
    assert (status, body) == (200, {"completed": [id_], "refused": {}})
    assert json.loads((await shown(stub, id_)).result_json) == {"m": 2}
    told = [await watching.read() for _ in range(3)]
    assert [one.type for one in told] == [f"hulk.ticket.{what}.v1" for what in ("created", "leased", "completed")]
    watching.cancel()
    assert await _first_event(caller, told[-2].position) == "hulk.ticket.completed.v1"


async def _first_event(caller: Caller, after: str) -> str:
    """The type of the first change behind a position, over HTTP."""
    headers = {"last-event-id": after}
    async with caller.session.get(f"{caller.url}/v1/tickets/watch?kind=both", headers=headers) as answer:
        async for line in answer.content:
            if line.startswith(b"data: "):
                return str(json.loads(line[6:])["type"])
    raise AssertionError("the stream ended")


async def test_health_and_reflection_need_nothing_but_their_clients(up: Up) -> None:
    async with grpc.aio.insecure_channel(up.grpc) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        for name in ("", SERVICE):
            found = await health.Check(health_pb2.HealthCheckRequest(service=name))
            assert found.status == health_pb2.HealthCheckResponse.SERVING
    names = await asyncio.to_thread(_reflected, up.grpc)
    assert SERVICE in names
    assert "grpc.health.v1.Health" in names


def _reflected(target: str) -> list[str]:
    with grpc.insecure_channel(target) as channel:
        return list(ProtoReflectionDescriptorDatabase(channel).get_services())


async def test_metrics_are_on_a_port_of_their_own(up: Up, stub: Any) -> None:
    await registered(stub, "counted")
    await made(stub, "counted")
    async with aiohttp.ClientSession() as session, session.get(f"{up.metrics}/metrics") as answer:
        text = await answer.text()
    assert 'tickets_persisted_total{outcome="created"}' in text
    assert 'grpc_server_handled_total{grpc_code="OK",grpc_method="CreateTicket"}' in text
    assert 'grpc_server_handling_seconds_count{grpc_method="CreateTicket"}' in text


async def test_the_example_worker_does_the_work(up: Up, stub: Any) -> None:
    await registered(stub, "report.sum", lease=Duration(seconds=2))
    good = await made(stub, "report.sum", {"amounts": [1] * 30, "pause": 0.1})  # longer than its lease
    bad = await made(stub, "report.sum", {"wrong": 1})
    command = [sys.executable, str(WORKER), up.grpc, "report.sum", "2"]
    done = await asyncio.to_thread(subprocess.run, command, env=environment(PYTHONPATH=str(ROOT / "src")), timeout=60, check=False)
    assert done.returncode == 0
    assert json.loads((await shown(stub, good)).result_json) == {"sum": 30}
    failed = await shown(stub, bad)
    assert (failed.status, failed.problem.code) == (pb.TICKET_STATUS_FAILED, "bad_input")


def working(up: Up, *options: str) -> subprocess.Popen[bytes]:
    """A started `hulk worker --tickets`."""
    command = [str(BIN / "hulk"), "worker", "--tickets", up.grpc, *options]
    with (up.data / "worker.log").open("ab") as log:
        return subprocess.Popen(leashed(*command), cwd=up.data, env=environment(), stdout=log, stderr=log)


def script(up: Up, name: str, text: str) -> str:
    """An executable."""
    path = up.data / f"{name}.sh"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


async def ended(stub: Any, id_: str, within: float = 30) -> pb.Ticket:
    """The ticket once it has ended."""

    async def has() -> bool:
        return (await shown(stub, id_)).HasField("ended")

    await until_found(has, within)
    return await shown(stub, id_)


async def test_a_command_does_the_work_of_a_kind(up: Up, stub: Any) -> None:
    for kind in ("cmd.good", "cmd.again", "cmd.bad", "cmd.noise"):
        await registered(stub, kind, attempts=2)
    commands = {
        "cmd.good": script(up, "good", 'read line; echo "{\\"got\\": $line, \\"id\\": \\"$HULK_TICKET_ID\\"}"'),
        "cmd.again": script(up, "again", "cat > /dev/null; echo busy >&2; exit 75"),
        "cmd.bad": script(up, "bad", "echo first >&2; echo 'no such month' >&2; exit 3"),
        "cmd.noise": script(up, "noise", "echo no JSON"),
    }
    options = [word for kind, command in commands.items() for word in ("--kind", f"{kind}={command}")]
    worker = working(up, *options, "--slots", "3", "--name", "commander")
    try:
        ids = {kind: await made(stub, kind, {"month": 5}) for kind in commands}
        good = await ended(stub, ids["cmd.good"])
        assert (json.loads(good.result_json), good.worker) == ({"got": {"month": 5}, "id": good.ticket_id}, "commander")
        bad = await ended(stub, ids["cmd.bad"])
        assert (bad.status, bad.problem.code, bad.problem.detail) == (pb.TICKET_STATUS_FAILED, "exit_3", "no such month")
        assert (await ended(stub, ids["cmd.noise"])).problem.code == "bad_result"
        again = await ended(stub, ids["cmd.again"])
        assert (again.status, again.attempts) == (pb.TICKET_STATUS_FAILED, 2)
    finally:
        worker.terminate()
        assert worker.wait(timeout=20) == 0


async def test_what_is_lost_is_killed_with_all_that_it_started(up: Up, stub: Any) -> None:
    await registered(stub, "cmd.long", lease=Duration(seconds=1))
    mark = up.data / "pids"
    command = script(up, "long", f"sleep 300 & echo $! > {mark}; wait")
    worker = working(up, "--kind", f"cmd.long={command}")
    try:
        id_ = await made(stub, "cmd.long")
        await until(lambda: mark.exists() and mark.read_text().strip().isdecimal(), within=30)
        child = int(mark.read_text())
        assert _alive(child)
        await stub.UpdateTicketStatus(pb.UpdateTicketStatusRequest(ticket_id=id_, status=pb.TICKET_STATUS_CANCELLED))
        await until(lambda: not _alive(child))
    finally:
        worker.terminate()
        assert worker.wait(timeout=20) == 0


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def test_a_worker_that_is_stopped_gives_back_what_it_cannot_finish(up: Up, stub: Any) -> None:
    await registered(stub, "cmd.stop")
    mark = up.data / "begun"
    command = script(up, "stop", f"touch {mark}; exec sleep 300")
    worker = working(up, "--kind", f"cmd.stop={command}")
    id_ = await made(stub, "cmd.stop")
    await until(mark.exists, within=30)
    worker.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(worker.wait, 30) == 0
    given = await shown(stub, id_)
    assert (given.status, given.problem.code) == (pb.TICKET_STATUS_READY, "stopped")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param([], "at least one kind", id="no kind"),
        pytest.param(["--kind", "report"], "is not a kind and its command", id="no command"),
        pytest.param(["--kind", "report=/no/such/file"], "/no/such/file for report is not there", id="no such file"),
        pytest.param(["--kind", "no.such.kind=true"], "kinds[0]: there is no such kind of ticket here", id="unknown kind"),
    ],
)
def test_a_worker_that_cannot_work_says_why(up: Up, options: list[str], said: str) -> None:
    done = run("hulk", "worker", "--tickets", up.grpc, *options, cwd=up.data)
    assert done.returncode == 2
    assert said in done.stderr


def test_hulk_up_serves_grpc_beside_http_and_says_where(tmp_path: Path) -> None:
    with started(tmp_path / "data", cwd=tmp_path) as running, grpc.insecure_channel(running.grpc) as channel:
        assert TicketServiceStub(channel).ListKinds(pb.ListKindsRequest(), timeout=10) == pb.ListKindsResponse()


def test_without_grpc_nothing_listens(tmp_path: Path) -> None:
    with started(tmp_path / "data", cwd=tmp_path, env=environment(HULK_GRPC__ENABLED="false")) as running:
        assert running.grpc == ""


def test_a_port_that_is_taken_fails_the_start_and_names_the_setting(tmp_path: Path) -> None:
    port = free_port()
    with closing(_held(port)):
        begun = time.monotonic()
        env = environment(HULK_GRPC__PORT=str(port))
        done = run("hulk", "up", "--data", str(tmp_path / "data"), "--port", "0", cwd=tmp_path, env=env)
    assert done.returncode == 2
    assert f"Port {port} on 127.0.0.1 is in use" in " ".join(done.stderr.split())
    assert "grpc.port" in done.stderr
    assert time.monotonic() - begun < 20


def _held(port: int) -> Any:
    import socket

    held = socket.socket()
    held.bind(("127.0.0.1", port))
    held.listen()
    return held


def test_who_is_not_on_this_machine_needs_a_key_also_when_http_is_local(tmp_path: Path) -> None:
    with started(tmp_path / "data", cwd=tmp_path, env=environment(HULK_GRPC__HOST="0.0.0.0")) as running:  # noqa: S104
        with grpc.insecure_channel(running.grpc) as channel, pytest.raises(grpc.RpcError) as refused:
            TicketServiceStub(channel).ListKinds(pb.ListKindsRequest(), timeout=10)
        assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
        made = run("thor", "keys", "create", "grpc", "--role", "viewer", "--json", "--data", str(running.data), cwd=tmp_path)
        secret = json.loads(made.stdout)[0]["secret"]
        with grpc.insecure_channel(running.grpc) as channel:
            metadata = (("x-api-key", secret),)
            assert TicketServiceStub(channel).ListKinds(pb.ListKindsRequest(), timeout=10, metadata=metadata) == pb.ListKindsResponse()
