"""Tools, by way of the tools' own rules, approvals and records."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from hulk.kernel.errors import Conflict, Forbidden, retold
from hulk.kernel.records import Json
from hulk.kernel.tenancy import Principal
from hulk.kernel.text import Text
from hulk.modules.agents.domain.talk import Offered, offered_name
from hulk.modules.agents.ports import Use, Used
from hulk.modules.tools import Called, File, Link, Output, Present, Search, Tool, ToolActs, Wanted, Withheld, Words, any_of

MOST_OFFERED = 40
"""Tools that a model is told of: with more it chooses worse, and each costs tokens."""


@dataclass(frozen=True, slots=True)
class GovernedHands:
    """`Hands` over the acts on tools."""

    acts: ToolActs

    async def offered(self, by: Principal, agent: str, patterns: Sequence[str], *, p0: bool) -> Sequence[tuple[str, Offered]]:
        """See `Hands`."""
        found = await self.acts.find(by, Search(agent=agent, most=10_000))
        fit = [tool for tool, _ in found if any_of(tool.name, patterns) and not (p0 and tool.outside)]
        return [(tool.name, _offered(tool)) for tool in fit[:MOST_OFFERED]]

    async def require(self, by: Principal, agent: str, tool: str) -> None:
        """See `Hands`."""
        await self.acts.find.one(by, tool, agent)

    async def use(self, use: Use) -> Used:
        """See `Hands`. What is from P0 is given to nothing outside, whatever a scan of it finds."""
        if use.p0:
            tool, _ = await self.acts.find.one(use.by, use.tool, use.agent)
            if tool.outside:
                raise Forbidden(
                    "{tool} was not called: what it would be given comes from what must stay in the company.", tool=tool.name
                )  # fmt: skip
        wanted = Wanted(
            tool=use.tool, arguments=use.arguments, key=use.key, agent=use.agent, person=_person(use.by), intent=use.intent,
            namespace=use.namespace, run=use.run, present=Present(language=use.language), p0=use.p0, most=use.most,
        )  # fmt: skip
        try:
            return _used(await self.acts.call(use.by, wanted))
        except Conflict:
            found = await self.acts.calls.of_key(use.by, use.key)
            if found.call.ticket is None:
                raise
            return _used(found)  # a person has just said yes: its run is doing it, and tells when it has ended

    async def ended(self, use: Use, call: str) -> Used:
        """See `Hands`."""
        return _used(await self.acts.calls(use.by, call))


def _offered(tool: Tool) -> Offered:
    return Offered(name=offered_name(tool.name), description=f"{tool.title}. {tool.description}"[:1000], parameters=tool.input)


def _person(by: Principal) -> str:
    return by.actor.partition(":")[2] if by.actor.startswith("person:") else ""


def _used(called: Called) -> Used:
    call, shown = called.call, called.shown
    why = None if call.error is None else retold(call.error).text
    if isinstance(shown, Withheld):
        why = Text("What it gave must stay in the company ({labels}), and this agent may not see that.", labels=", ".join(shown.labels))
        status = "failed" if call.status == "done" and not called.tool.writes else call.status
        return Used(call=call.id, status=status, why=why, writes=called.tool.writes, ticket=call.ticket or "")
    data: Json = None if shown is None else shown.data
    return Used(
        call=call.id, status=call.status, data=data, text="" if shown is None else _text(shown), why=why or _said(shown),
        p0=called.sensitive and bool(call.labels), writes=called.tool.writes, ticket=call.ticket or "", files=_files(called),
    )  # fmt: skip


def _files(called: Called) -> tuple[File, ...]:
    """None of what is shown only masked: a picture cannot be."""
    shown = called.shown
    return shown.files if isinstance(shown, Output) and (called.sensitive or not called.call.labels) else ()


def _text(output: Output) -> str:
    words = [piece.text for piece in output.pieces if isinstance(piece, Words)]
    links = [f"{piece.name}: {piece.uri}" for piece in output.pieces if isinstance(piece, Link)]
    data = [] if output.data is None or words else [json.dumps(output.data, ensure_ascii=False)]
    return "\n".join([*words, *links, *data, *([output.cut] if output.cut else [])])


def _said(output: Output | None) -> Text | None:
    """What a tool says itself of why it could not."""
    return Text("{text}", text=_text(output)[:500]) if output is not None and output.failed else None
