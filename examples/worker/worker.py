"""A worker in plain Python: takes tickets of one kind from a Hulk, adds up their amounts, holds on while it works, tells the result.

Needs grpcio, protobuf and Hulk's generated client (package `hulk_client`): python worker.py localhost:50052 report.sum [how many]
"""

import json
import os
import sys
import threading
import time

import grpc
from google.protobuf.duration_pb2 import Duration

from hulk_client.tickets.v1 import tickets_pb2 as pb
from hulk_client.tickets.v1.tickets_pb2_grpc import TicketServiceStub

KEY = os.environ.get("HULK_API_KEY")
METADATA = (("authorization", f"Bearer {KEY}"),) if KEY else ()
GONE = (grpc.StatusCode.ABORTED, grpc.StatusCode.NOT_FOUND, grpc.StatusCode.UNAUTHENTICATED)


class Lease:
    """What this worker holds. A thread of its own asks for more time at a third of the lease, by a clock that nobody sets."""

    def __init__(self, stub, lease):
        self.stub, self.token, self.tickets = stub, lease.token, list(lease.tickets)
        self.seconds = lease.lease_for.ToTimedelta().total_seconds()
        self.until = time.monotonic() + self.seconds
        self.lost, self.done = set(), threading.Event()
        threading.Thread(target=self.beat, daemon=True).start()

    def beat(self):
        """Heartbeats, until all is done or nothing is held any more."""
        while not self.done.wait(self.seconds / 3):
            asked = time.monotonic()
            request = pb.HeartbeatRequest(ticket_ids=[one.ticket_id for one in self.tickets], lease_token=self.token)
            try:
                renewed = self.stub.Heartbeat(request, metadata=METADATA, timeout=self.seconds / 3)
                self.token, self.until = renewed.token, asked + self.seconds
                self.lost.update(renewed.lost)
            except grpc.RpcError as error:
                if error.code() in GONE or time.monotonic() >= self.until:
                    self.lost.update(one.ticket_id for one in self.tickets)
                    return


def work(given, lost):
    """The work itself; looks now and then whether it is still wanted."""
    total = 0
    for amount in given["amounts"]:
        if lost():
            raise InterruptedError
        time.sleep(given.get("pause", 0))
        total += amount
    return {"sum": total}


def finish(lease, ticket):
    """Do one ticket and tell how it went. The fence says which lease this is: a write that comes too late touches nothing."""
    fenced = {"ticket_id": ticket.ticket_id, "fence": ticket.fence}
    try:
        result = work(json.loads(ticket.input_json), lambda: ticket.ticket_id in lease.lost)
        done = pb.CompleteTicketRequest(completion=pb.Completion(**fenced, result_json=json.dumps(result)), lease_token=lease.token)
        lease.stub.CompleteTicket(done, metadata=METADATA, timeout=10)
    except InterruptedError:
        return
    except (KeyError, TypeError, ValueError) as error:
        problem = pb.Problem(code="bad_input", detail=repr(error))
        lease.stub.FailTicket(pb.FailTicketRequest(**fenced, problem=problem, lease_token=lease.token), metadata=METADATA, timeout=10)


def main(target, kind, most=None):
    """Take and finish tickets: `most` of them, or for ever."""
    stub, finished = TicketServiceStub(grpc.insecure_channel(target)), 0
    wanted = pb.LeaseTicketsRequest(worker=f"example-{os.getpid()}", kinds=[kind], most=10, wait=Duration(seconds=20))
    while most is None or finished < int(most):
        try:
            taken = stub.LeaseTickets(wanted, metadata=METADATA, wait_for_ready=True, timeout=60)
            if not taken.tickets:
                continue
            lease = Lease(stub, taken)
            for ticket in lease.tickets:
                finish(lease, ticket)
                finished += 1
            lease.done.set()
        except grpc.RpcError as error:
            print(error.code().name, error.details(), file=sys.stderr)
            time.sleep(1)  # what was not told is leased again, by this worker or another


if __name__ == "__main__":
    main(*sys.argv[1:])
