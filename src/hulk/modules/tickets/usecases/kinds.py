"""Registering kinds of tickets."""

from dataclasses import dataclass
from typing import cast

from hulk.kernel.durable import Change, Commit, followed
from hulk.kernel.errors import Forbidden, Invalid, NotFound, Refused
from hulk.kernel.events import Event, Trail, changed_as, digest, reasoned
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import Principal
from hulk.kernel.text import Text
from hulk.modules.tickets.domain import Kind, kind_name
from hulk.modules.tickets.ports import Kinds, Schemas
from hulk.modules.tickets.usecases.create import unfit_json


@dataclass(frozen=True, slots=True)
class RegisterKind:
    """Registers kinds, or changes and removes them."""

    kinds: Kinds
    schemas: Schemas
    trail: Trail
    commit: Commit

    async def __call__(self, by: Principal, kind: Kind, reason: str = "") -> Kind:
        """The kind as it is kept: over another one of that name as its next version. Raises `Forbidden`, `Refused`, `Invalid`."""
        _allow(by)
        kind.checked()
        self._require_schemas(kind)
        why = reasoned(reason)

        def told(put: tuple[Kind | None, Kind]) -> list[Change[None]]:
            before, kept = put
            return [] if before == kept else [self.trail.append(_told("registered", by, why, before, kept))]

        _, kept = (await self.commit(followed(self.kinds.put(kind), told)))[0]
        return cast("Kind", kept)

    def _require_schemas(self, kind: Kind) -> None:
        wrong: list[tuple[str, Text]] = []
        for name, schema in (("input_schema", kind.input_schema), ("result_schema", kind.result_schema)):
            if (unfit := unfit_json(schema)) is not None:
                wrong.append((name, unfit))
                continue
            try:
                self.schemas.require_schema(schema)
            except Refused as error:
                wrong.append((name, error.text))
        if wrong:
            raise Invalid(wrong)

    async def remove(self, by: Principal, name: str, reason: str = "") -> None:
        """No more tickets of that kind; those there are stay. Raises `Forbidden`, `NotFound`."""
        _allow(by)
        kind = await self.kinds.get(by.tenant, kind_name(name))
        if kind is None:
            raise NotFound("There is no kind {name} here.", name=name)
        told = self.trail.append(_told("removed", by, reasoned(reason), kind, None))
        await self.commit(followed(self.kinds.remove(by.tenant, name), lambda gone: [told] if gone else []))


@dataclass(frozen=True, slots=True)
class ListKinds:
    """The kinds there are."""

    kinds: Kinds

    async def __call__(self, by: Principal) -> list[Kind]:
        """All of the caller's tenant, by name. Raises `Forbidden`."""
        if by.namespaces("read", "kinds") == frozenset():
            raise Forbidden("You may not look at kinds of tickets; your roles are {roles}.", roles=by.roles or "—")
        return await self.kinds.of_tenant(by.tenant)


def _allow(by: Principal) -> None:
    if not by.may("manage", "kinds"):
        raise Forbidden("Only an admin may register kinds of tickets; your roles are {roles}.", roles=by.roles or "—")


def _told(what: str, by: Principal, reason: str, before: Kind | None, after: Kind | None) -> Event:
    kind = after or before
    assert kind is not None  # noqa: S101  # a change is one of something
    schemas = {"input_schema": kind.input_schema, "result_schema": kind.result_schema}
    data = {"kind": kind.name, "version": kind.version, **schemas, **changed_as(_plain, reason, before, after)}
    return Event(type=f"hulk.kind.{what}.v1", subject=kind.name, tenant=kind.tenant, actor=by.actor, data=data)


def _plain(kind: Kind) -> JsonObject:
    """What somebody can change about it; of the schemas, which the event has whole, a digest."""
    return {
        "version": kind.version, "description": kind.description, "lease": kind.lease.total_seconds(), "attempts": kind.attempts,
        "input_schema": digest(kind.input_schema), "result_schema": digest(kind.result_schema),
    }  # fmt: skip
