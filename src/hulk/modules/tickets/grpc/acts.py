"""`hulk.tickets.v1.TicketService`: each method parses, acts, and answers."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass

from hulk.kernel.time import Clock
from hulk.modules.tickets.grpc import answers, requests
from hulk.modules.tickets.grpc.requests import parsed, within
from hulk.modules.tickets.usecases import TicketActs
from hulk.runtime.rpc import Call
from hulk.runtime.telemetry import current_traceparent
from hulk_client.tickets.v1 import tickets_pb2 as pb


@dataclass(frozen=True, slots=True)
class TicketService:
    """The methods have the names of the contract, which protoc's are called by."""

    acts: TicketActs
    clock: Clock

    async def GetTicket(self, request: pb.GetTicketRequest, call: Call) -> pb.Ticket:  # noqa: N802
        """The ticket."""
        return answers.ticket(await self.acts.show(call.principal, request.ticket_id), call.voice)

    async def ListTickets(self, request: pb.ListTicketsRequest, call: Call) -> pb.ListTicketsResponse:  # noqa: N802
        """A page."""
        wanted = parsed(lambda parts: requests.filter_of(parts, call.principal.tenant, request.filter), "filter.")
        token = parsed(lambda parts: parts.word("page_token", request.page_token))
        page = await self.acts.find(call.principal, wanted, request.page_size or 100, token)
        return pb.ListTicketsResponse(tickets=[answers.ticket(one, call.voice) for one in page.tickets], next_page_token=page.next)

    async def CreateTicket(self, request: pb.CreateTicketRequest, call: Call) -> pb.Ticket:  # noqa: N802
        """One new ticket."""
        new = parsed(lambda parts: requests.new(parts, request.ticket), "ticket.")
        with within("ticket."):
            return answers.ticket(await self.acts.create.one(call.principal, new, current_traceparent()), call.voice)

    async def CreateTickets(self, request: pb.CreateTicketsRequest, call: Call) -> pb.CreateTicketsResponse:  # noqa: N802
        """Many, all or none."""
        made = await self.acts.create(call.principal, requests.several(requests.new, "tickets", request.tickets), current_traceparent())
        return pb.CreateTicketsResponse(tickets=[answers.ticket(one, call.voice) for one in made])

    async def UpdateTicketStatus(self, request: pb.UpdateTicketStatusRequest, call: Call) -> pb.Ticket:  # noqa: N802
        """A ticket moved."""
        wish = parsed(lambda parts: requests.wish(parts, request))
        return answers.ticket(await self.acts.move(call.principal, wish), call.voice)

    async def CommentTicket(self, request: pb.CommentTicketRequest, call: Call) -> pb.Comment:  # noqa: N802
        """A comment kept."""
        known = parsed(lambda parts: parts.word("request_id", request.request_id)) or None
        return answers.comment(await self.acts.comment(call.principal, request.ticket_id, request.text, known))

    async def ListComments(self, request: pb.ListCommentsRequest, call: Call) -> pb.ListCommentsResponse:  # noqa: N802
        """What was said."""
        found = await self.acts.show.comments(call.principal, request.ticket_id)
        return pb.ListCommentsResponse(comments=[answers.comment(one) for one in found])

    async def LeaseTickets(self, request: pb.LeaseTicketsRequest, call: Call) -> pb.Lease:  # noqa: N802
        """What was taken."""
        asked = parsed(lambda parts: requests.asked(parts, request))
        return answers.lease(await self.acts.lease(call.principal, asked), call.voice)

    async def Heartbeat(self, request: pb.HeartbeatRequest, call: Call) -> pb.Lease:  # noqa: N802
        """What is held on to."""
        return answers.lease(
            await self.acts.hold_on(await self.acts.prove(call.principal, request.lease_token), request.ticket_ids), call.voice
        )

    async def CompleteTicket(self, request: pb.CompleteTicketRequest, call: Call) -> pb.Ticket:  # noqa: N802
        """A ticket done."""
        ending = parsed(lambda parts: requests.completion(parts, request.completion), "completion.")
        lease = await self.acts.prove(call.principal, request.lease_token)
        with within("completion."):
            return answers.ticket(await self.acts.finish.one(lease, ending), call.voice)

    async def CompleteTickets(self, request: pb.CompleteTicketsRequest, call: Call) -> pb.CompleteTicketsResponse:  # noqa: N802
        """Tickets done, each by itself."""
        endings = requests.several(requests.completion, "completions", request.completions)
        found = await self.acts.finish(await self.acts.prove(call.principal, request.lease_token), endings)
        told = [(ending.held.ticket, one) for ending, one in zip(endings, found, strict=True)]
        return pb.CompleteTicketsResponse(
            completed=[id_ for id_, one in told if one.error is None],
            refused={id_: answers.refused(one.error, call.voice) for id_, one in told if one.error is not None},
        )

    async def FailTicket(self, request: pb.FailTicketRequest, call: Call) -> pb.Ticket:  # noqa: N802
        """A ticket given up."""
        ending = parsed(lambda parts: requests.failure(parts, request))
        lease = await self.acts.prove(call.principal, request.lease_token)
        return answers.ticket(await self.acts.finish.one(lease, ending), call.voice)

    async def WatchTickets(self, request: pb.WatchTicketsRequest, call: Call) -> AsyncIterator[pb.TicketChange]:  # noqa: N802
        """Each change."""
        wanted = parsed(lambda parts: requests.filter_of(parts, call.principal.tenant, request.filter), "filter.")
        async with aclosing(self.acts.watch(call.principal, wanted, requests.position(request.after))) as changes:  # type: ignore[type-var]
            async for one in changes:
                yield answers.change(one, call.voice)

    async def RegisterKind(self, request: pb.RegisterKindRequest, call: Call) -> pb.Kind:  # noqa: N802
        """A kind registered."""
        by = call.principal
        kind = parsed(lambda parts: requests.kind(parts, by.tenant, by.actor, self.clock(), request.kind), "kind.")
        with within("kind."):
            return answers.kind(await self.acts.register(by, kind, request.reason))

    async def ListKinds(self, _: pb.ListKindsRequest, call: Call) -> pb.ListKindsResponse:  # noqa: N802
        """All kinds."""
        return pb.ListKindsResponse(kinds=[answers.kind(one) for one in await self.acts.list_kinds(call.principal)])
