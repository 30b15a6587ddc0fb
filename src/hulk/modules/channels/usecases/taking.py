"""Keeping what comes in, before anything is done about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hulk.kernel import ids
from hulk.kernel.durable import Change, Commit, Retry, Runs, Started
from hulk.kernel.errors import Refused, told
from hulk.kernel.events import Trail
from hulk.kernel.flow import Concurrency, Flow
from hulk.kernel.time import Clock
from hulk.modules.channels.domain import Arrival, Channel, cleaned
from hulk.modules.channels.ports import Admit, Expects, Inbox, Kept, Outbox
from hulk.modules.channels.usecases.facts import only_if, receipted, received

WORKFLOW = "channel-arrival"
TRIES = Retry(attempts=8)
"""How often a run is tried that works on an arrival: over about a minute."""


def always() -> None:
    """There is always room."""


def unready(text: str) -> None:  # nobody reads it
    """Nothing can be made ready."""


@dataclass(frozen=True, slots=True)
class TakeArrivals:
    """Keeps arrivals, each once, and begins the run that works on each. When it returns they are safe.

    Whether there is room for more work is asked here, before anything is taken: whoever sent it sends it again. What was taken is worked
    on, however much there is to do by then."""

    inbox: Inbox
    outbox: Outbox
    runs: Runs
    trail: Trail
    commit: Commit
    clock: Clock
    admit: Admit = always
    expects: Expects = unready

    async def __call__(self, channel: Channel, arrivals: Sequence[Arrival]) -> list[Kept]:
        """All of them in one transaction, those known already as they are. Raises `Unavailable` when they cannot be kept, and
        `Exhausted` when no more work is taken now."""
        if any(one.kind != "receipt" for one in arrivals):
            self.admit()
        self._expect(channel, arrivals)
        now = self.clock()
        kept = [self._kept(channel, arrival, now) for arrival in arrivals]
        if kept:
            await self.commit(*(self._taken(one) for one in kept))
        return kept

    def _expect(self, channel: Channel, arrivals: Sequence[Arrival]) -> None:
        """Where guests may come in: who is nobody elsewhere is to cost no more than to be told so."""
        for one in arrivals if channel.guests else ():
            if one.kind == "message" and one.addressed and (text := cleaned(one.text)):
                self.expects(text)

    def _kept(self, channel: Channel, arrival: Arrival, now: datetime) -> Kept:
        name = ids.derived("arr", channel.tenant, channel.name, arrival.key)
        return Kept(id=name, tenant=channel.tenant, channel=channel.name, arrival=arrival, received=now)

    def _taken(self, kept: Kept) -> Change[bool]:
        if kept.arrival.kind == "receipt":
            return self._receipt(kept)
        keep, begin, tell = self.inbox.take(kept), self.runs.begin(_run(kept)), self.trail.append(received(kept))

        def change(tx: Any) -> bool:
            new = keep(tx)
            if new:
                begin(tx)
                tell(tx)
            return new

        return change

    def _receipt(self, kept: Kept) -> Change[bool]:
        """Receipts are three for each message, and tell of one of ours only: what they say is kept with it, not they."""
        arrival = kept.arrival
        if not arrival.handle:
            return lambda _: False
        if arrival.fate == "failed":
            problem = told(Refused("The channel could not deliver it: {reason}.", reason=arrival.problem[:300]))
            failed = self.trail.append(receipted(kept, "failed", str(problem["code"])))
            return only_if(self.outbox.bounced(arrival.handle, problem, kept.received), failed)
        sent = self.trail.append(receipted(kept, "sent"))
        return only_if(self.outbox.told(arrival.handle, arrival.id, kept.received, arrival.fate), sent)


def _run(kept: Kept) -> Started:
    """The run of an arrival: those of one address are worked on one after the other, in the order in which they came."""
    return Started(
        workflow=WORKFLOW, data={"arrival": kept.id}, tenant=kept.tenant, id=f"run_{kept.id.partition('_')[2]}", retry=TRIES,
        flow=Flow(concurrency=Concurrency(key=f"{kept.channel}:{kept.arrival.address}")), attributes={"channel": kept.channel},
    )  # fmt: skip
