"""Letting third parties' tools be used as they were approved, and in no other way; looking at them, approving them, taking that back."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from hulk.kernel.durable import Commit, followed
from hulk.kernel.errors import Conflict, Forbidden, NotFound, Refused
from hulk.kernel.events import PLATFORM, Event, Trail, changed, reasoned
from hulk.kernel.fresh import Fresh
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import Principal, Verb
from hulk.kernel.text import Text
from hulk.kernel.time import Clock
from hulk.modules.tools.domain import Approval, Listed, Output, Pin, State, Tool, differences, state, warnings
from hulk.modules.tools.ports import Calling, Foreign, Pins

APPROVED = "hulk.tool.pinned.v1"
REVOKED = "hulk.tool.unpinned.v1"
FIRST_USE = "hulk:first_use"
"""Who has approved what was there when a server that is trusted so was seen for the first time."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What is approved of a server, None when nothing was ever kept of it."""

    digests: Mapping[str, str] | None


class ApprovedTools:
    """The digests that are approved of each server, from memory where they were looked at less than a second ago."""

    def __init__(self, pins: Pins, now: Callable[[], float] = time.monotonic) -> None:
        self._pins = pins
        self._fresh: Fresh[_Known] = Fresh(self._looked, now)

    async def __call__(self, server: str) -> Mapping[str, str] | None:
        """By the names that the server gives its tools. Raises `Unavailable`."""
        return (await self._fresh(server)).digests

    def stale(self, server: str) -> None:
        """This process has changed them."""
        self._fresh.stale(server)

    async def _looked(self, server: str, _: _Known | None) -> _Known:
        return _Known(await self._pins.approved(server))


@dataclass(frozen=True, slots=True)
class FirstUse:
    """Approves what a server says when it is seen for the first time; what it adds or changes later is not approved by that."""

    pins: Pins
    trail: Trail
    commit: Commit
    clock: Clock

    async def __call__(self, server: str, listed: Sequence[Listed]) -> None:
        """Nothing happens when anything is kept of the server already."""
        approve = partial(_approval, at=self.clock(), by=FIRST_USE, reason="first use")
        pins = [Pin(server=server, tool=one.said.name, seen=one.said, approval=approve(one)) for one in listed]
        event = _event(APPROVED, server, FIRST_USE, changed("first use", {}, _digests(pins)))
        await self.commit(followed(self.pins.first(server, pins), lambda first: [self.trail.append(event)] if first else []))


@dataclass(frozen=True, slots=True)
class PinnedBackend:
    """`Backend` of a third party: there are only those tools that somebody approved, as long as the server says of them what it said then.

    What it says newly or differently is in quarantine until somebody approves that; with `first_use`, not what it says at first."""

    backend: Foreign
    approved: ApprovedTools
    first_use: FirstUse | None = None

    @property
    def name(self) -> str:
        """See `Backend`."""
        return self.backend.name

    async def tools(self) -> Sequence[Tool]:
        """See `Backend`."""
        return [one.tool for one in await self._usable()]

    async def call(self, tool: Tool, arguments: JsonObject, calling: Calling) -> Output:
        """See `Backend`. Raises `Conflict` for a tool that is another by now than it was approved, or than `tool` was looked up."""
        wanted = next((one for one in await self._usable() if one.tool.name == tool.name), None)
        if wanted is None:
            raise await self._why_not(tool.name)
        if wanted.tool != tool:
            raise Conflict("{tool} is another by now than it was looked up. Look it up again, then decide.", tool=tool.name)
        return await self.backend.call_listed(wanted, arguments, calling)

    async def _usable(self) -> Sequence[Listed]:
        listed = await self.backend.listed()
        approved = await self.approved(self.name)
        if approved is None and self.first_use is not None and listed:
            await self.first_use(self.name, listed)
            self.approved.stale(self.name)
            approved = await self.approved(self.name)
        return [one for one in listed if (approved or {}).get(one.said.name) == one.digest]

    async def _why_not(self, name: str) -> Exception:
        found = next((one for one in await self.backend.listed() if one.tool.name == name), None)
        if found is None:
            return NotFound("There is no tool {name}.", name=name)
        if found.said.name in (await self.approved(self.name) or {}):
            return Conflict(
                "{tool} is not what was approved: its server says something else of it now. It is not used until somebody has approved "
                "that too.",
                tool=name,
            )
        return Forbidden("{tool} is not used: nobody has approved it yet, and its server is somebody else's.", tool=name)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A tool of a server as somebody who approves it must see it. `listed` is None when it is gone, `pin` when it is new."""

    name: str
    state: State
    listed: Listed | None
    pin: Pin | None
    changes: tuple[Text, ...] = ()
    warnings: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class ReviewServer:
    """What a server says of its tools now, beside what was approved. Who may approve has then seen it."""

    servers: Mapping[str, Foreign]
    pins: Pins
    commit: Commit

    async def __call__(self, by: Principal, server: str, others: Collection[str] = ()) -> Sequence[Reviewed]:
        """`others` are names of tools of other backends, for likenesses. Raises `Forbidden`, `NotFound`, `Unavailable`."""
        require(by, "read")
        listed = {one.said.name: one for one in await found(self.servers, server).listed()}
        pins = await self.pins.of(server)
        beside = {*others, *(one.tool.name for one in listed.values())}
        reviewed = [_reviewed(name, listed.get(name), pins.get(name), beside) for name in sorted({*listed, *pins})]
        if by.may("manage", "platform") and (seen := [pin for one in reviewed if (pin := _seen(server, one))]):
            await self.commit(self.pins.put(*seen))
        return reviewed


def _reviewed(name: str, listed: Listed | None, pin: Pin | None, others: Collection[str]) -> Reviewed:
    how = state(listed.digest if listed else None, pin)
    if listed is None:
        return Reviewed(name, how, None, pin)
    before = (pin.approval.said if pin.approval else pin.seen) if pin else listed.said
    return Reviewed(name, how, listed, pin, differences(before, listed.said), warnings(listed, others))


def _seen(server: str, one: Reviewed) -> Pin | None:
    """What is to be kept of a look, when it shows what was not seen before."""
    if one.listed is None or (one.pin is not None and one.pin.seen.digest == one.listed.digest):
        return None
    approval = one.pin.approval if one.pin else None
    return Pin(server=server, tool=one.name, seen=one.listed.said, approval=approval)


@dataclass(frozen=True, slots=True)
class ApproveTools:
    """Lets tools of a server be used as they are said now."""

    servers: Mapping[str, Foreign]
    pins: Pins
    trail: Trail
    commit: Commit
    clock: Clock
    stale: Callable[[str], None]

    async def __call__(self, by: Principal, server: str, wanted: Mapping[str, str], reason: str = "") -> Sequence[Pin]:
        """`wanted` are the digests that were looked at, by the names that the server gives its tools: what is said by now must be that.

        Raises `Forbidden`, `NotFound`, `Unavailable`, and `Conflict` when it is said differently by now."""
        require(by, "manage")
        why, backend = reasoned(reason), found(self.servers, server)
        listed = {one.said.name: one for one in await backend.listed()}
        chosen = [_as_seen(name, digest, listed) for name, digest in _some(wanted).items()]
        before = await self.pins.of(server)
        approve = partial(_approval, at=self.clock(), by=by.actor, reason=why)
        after = [Pin(server=server, tool=one.said.name, seen=one.said, approval=approve(one)) for one in chosen]
        told = changed(why, _digests([before[pin.tool] for pin in after if pin.tool in before]), _digests(after))
        await self.commit(self.pins.put(*after), self.trail.append(_event(APPROVED, server, by.actor, told)))
        self.stale(server)
        return after


@dataclass(frozen=True, slots=True)
class RevokeTools:
    """Takes back that tools of a server may be used; also while the server is away."""

    servers: Mapping[str, Foreign]
    pins: Pins
    trail: Trail
    commit: Commit
    stale: Callable[[str], None]

    async def __call__(self, by: Principal, server: str, names: Collection[str], reason: str = "") -> Sequence[Pin]:
        """By the names that the server gives its tools. Raises `Forbidden`, and `NotFound` for what is not approved."""
        require(by, "manage")
        why, pins = reasoned(reason), await self.pins.of(server)
        approved = [name for name, pin in pins.items() if pin.approval is not None]
        if missing := sorted(set(_some(dict.fromkeys(names, ""))) - set(approved)):
            raise NotFound("Not approved of {server}: {names}. Approved are: {approved}.", server=server,
                           names=", ".join(missing)[:200], approved=", ".join(sorted(approved))[:500] or "—")  # fmt: skip
        before = [pins[name] for name in dict.fromkeys(names)]
        after = [replace(pin, approval=None) for pin in before]
        told = changed(why, _digests(before), _digests(after))
        await self.commit(self.pins.put(*after), self.trail.append(_event(REVOKED, server, by.actor, told)))
        self.stale(server)
        return after


def require(by: Principal, verb: Verb) -> None:
    """Raises `Forbidden` unless `by` may do that to what all tenants share."""
    if not by.may(verb, "platform"):
        raise Forbidden(
            "Tools of other people's servers are approved by administrators of the installation; your roles are {roles}.",
            roles=by.roles or "—",
        )


def found(servers: Mapping[str, Foreign], name: str) -> Foreign:
    """The server of that name; raises `NotFound`."""
    if name not in servers:
        raise NotFound("There is no server {name}; there are: {names}.", name=name[:60], names=", ".join(sorted(servers)) or "—")
    return servers[name]


def _some(wanted: Mapping[str, str]) -> Mapping[str, str]:
    if not wanted:
        raise Refused("Name at least one tool.")
    return wanted


def _as_seen(name: str, digest: str, listed: Mapping[str, Listed]) -> Listed:
    if name not in listed:
        raise NotFound("The server says nothing of a tool {name}.", name=name[:130])
    if listed[name].digest != digest:
        raise Conflict("The server says something else of {name} by now. Look at it again, then decide.", name=name)
    return listed[name]


def _approval(one: Listed, at: datetime, by: str, reason: str) -> Approval:
    return Approval(said=one.said, digest=one.digest, at=at, by=by, reason=reason)


def _digests(pins: Sequence[Pin]) -> JsonObject:
    return {pin.tool: pin.approval.digest if pin.approval else None for pin in pins}


def _event(kind: str, server: str, actor: str, data: JsonObject) -> Event:
    return Event(type=kind, subject=f"servers/{server}", tenant=PLATFORM, actor=actor, data=data)
