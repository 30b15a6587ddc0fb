"""A trail that counts what it is told of channels, once that is committed."""

from dataclasses import dataclass
from typing import Any

from hulk.kernel.durable import Change
from hulk.kernel.events import Event, Trail
from hulk.modules.channels.ports import Figures

_ENDED = frozenset(f"hulk.channel.{state}.v1" for state in ("sent", "failed", "unknown", "withdrawn"))


@dataclass(frozen=True, slots=True)
class CountedTrail:
    """`trail`, counted in `figures`."""

    trail: Trail
    figures: Figures

    def append(self, *events: Event) -> Change[None]:
        """See `Trail`."""
        keep = self.trail.append(*events)

        def change(tx: Any) -> None:
            keep(tx)
            tx.after(lambda: self._count(events))

        return change

    def _count(self, events: tuple[Event, ...]) -> None:
        for event in events:
            data = event.data
            if event.type == "hulk.channel.received.v1":
                self.figures.received(data["channel"], data["kind"])
            elif event.type in _ENDED and "seconds" in data:
                self.figures.ended(data["channel"], data["state"], data["seconds"])
