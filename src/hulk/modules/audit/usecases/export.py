"""Giving the trail away, so that somebody else can prove it."""

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import asdict, dataclass

from hulk.modules.audit.domain import Gap, Link
from hulk.modules.audit.ports import Chains, Removals


@dataclass(frozen=True, slots=True)
class ExportTrail:
    """A tenant's chain as JSON lines, some at a time: entries in order, what was removed in its place, at the end the head.

        {"position":1,"hash":"5d…","event":{"actor":"ana",…}}
        {"removed":{"tenant":"acme","first":2,"last":90,"before":"5d…","hash":"c1…",…}}
        {"head":{"tenant":"acme","position":91,"hash":"07…","seal":"9a…"}}

    What stands behind `"event":`, but the last brace, is the event to the letter, as it is hashed."""

    chains: Chains
    removals: Removals

    async def __call__(self, tenant: str, after: int = 0) -> AsyncIterator[str]:
        """The lines past that position, each with its end, of the chain as it is now."""
        head = await self.chains.head(tenant)
        gaps = [gap for gap in await self.removals.gaps(tenant) if gap.last > after]
        if head is None:
            return
        async for links in self.chains.links(tenant, after, head.position):
            yield "".join(_lines(links, gaps))
            gaps = [gap for gap in gaps if gap.first > links[-1].position]
        yield "".join([*(_line("removed", asdict(gap)) for gap in gaps), _line("head", asdict(head))])


def _lines(links: Sequence[Link], gaps: Sequence[Gap]) -> Iterator[str]:
    waiting = list(gaps)
    for link in links:
        while waiting and waiting[0].first < link.position:
            yield _line("removed", asdict(waiting.pop(0)))
        yield f'{{"position":{link.position},"hash":{json.dumps(link.hash)},"event":{link.text or "null"}}}\n'


def _line(name: str, told: dict[str, object]) -> str:
    return json.dumps({name: told}, separators=(",", ":"), ensure_ascii=False) + "\n"
