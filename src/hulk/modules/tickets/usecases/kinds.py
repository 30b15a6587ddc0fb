"""Registering kinds of tickets."""

from dataclasses import dataclass

from hulk.kernel.durable import Commit, followed
from hulk.kernel.errors import Forbidden, Invalid, NotFound, Refused
from hulk.kernel.events import Event, Trail
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

    async def __call__(self, by: Principal, kind: Kind) -> Kind:
        """The kind as it is kept: over another one of that name as its next version. Raises `Forbidden`, `Refused`, `Invalid`."""
        _allow(by)
        kind.checked()
        self._require_schemas(kind)
        keep = followed(self.kinds.put(kind), lambda kept: [self.trail.append(_told("registered", kept, by))] if _new(kept, kind) else [])
        kept: Kind = (await self.commit(keep))[0]
        return kept

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

    async def remove(self, by: Principal, name: str) -> None:
        """No more tickets of that kind; those there are stay. Raises `Forbidden`, `NotFound`."""
        _allow(by)
        kind = await self.kinds.get(by.tenant, kind_name(name))
        if kind is None:
            raise NotFound("There is no kind {name} here.", name=name)
        await self.commit(
            followed(self.kinds.remove(by.tenant, name), lambda gone: [self.trail.append(_told("removed", kind, by))] if gone else [])
        )


@dataclass(frozen=True, slots=True)
class ListKinds:
    """The kinds there are."""

    kinds: Kinds

    async def __call__(self, by: Principal) -> list[Kind]:
        """All of the caller's tenant, by name. Raises `Forbidden`."""
        if by.namespaces("read", "kinds") == frozenset():
            raise Forbidden("You may not look at kinds of tickets; your roles are {roles}.", roles=by.roles or "—")
        return await self.kinds.of_tenant(by.tenant)


def _new(kept: Kind, kind: Kind) -> bool:
    """Whether it was not there before as it is."""
    return kept.created == kind.created


def _allow(by: Principal) -> None:
    if not by.may("manage", "kinds"):
        raise Forbidden("Only an admin may register kinds of tickets; your roles are {roles}.", roles=by.roles or "—")


def _told(what: str, kind: Kind, by: Principal) -> Event:
    data = {"kind": kind.name, "version": kind.version, "input_schema": kind.input_schema, "result_schema": kind.result_schema}
    return Event(type=f"hulk.kind.{what}.v1", subject=kind.name, tenant=kind.tenant, actor=by.actor, data=data)
