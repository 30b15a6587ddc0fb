"""Who may do what with a channel, and with what came in and goes out by it."""

from collections.abc import Collection
from dataclasses import dataclass

from hulk.kernel.errors import Forbidden, NotFound
from hulk.kernel.tenancy import EVERYWHERE, Principal, Verb
from hulk.modules.channels.domain import Channel, Directory


@dataclass(frozen=True, slots=True)
class Rights:
    """A channel lies in a namespace of a tenant. What came by one that is open no more lies in none: it is for who may in all of them."""

    directory: Directory

    def channel(self, by: Principal, verb: Verb, name: str) -> Channel:
        """The channel, open, if `by` may do that there. Raises `NotFound` where they may not even look, `Forbidden`."""
        found = self.directory.find(name)
        missing = NotFound("There is no channel “{name}” here.", name=name[:80])
        if found is None:
            raise missing
        self.require(by, verb, found.tenant, name, missing)
        return found

    def require(self, by: Principal, verb: Verb, tenant: str, name: str, missing: NotFound) -> None:
        """Raises `missing` where `by` may not look at what came by that channel, and `Forbidden` where they may not do that."""
        where = self._namespace(tenant, name)
        if tenant != by.tenant or not by.may("read", "channels", where):
            raise missing
        if not by.may(verb, "channels", where):
            raise forbidden(by, verb)

    def among(self, by: Principal, verb: Verb, name: str | None) -> Collection[str] | None:
        """The channels at which `by` may do that, None for all; with a `name` only that. Raises `NotFound` for one at which they may not
        look, and `Forbidden` where there is none at which they may."""
        where = by.namespaces(verb, "channels")
        if where is not None and not where:
            raise forbidden(by, verb)
        names = None if where is None else [one.name for one in self.directory if one.tenant == by.tenant and one.namespace in where]
        if name is None:
            return names
        if names is not None and name not in names:
            raise NotFound("There is no channel “{name}” here.", name=name[:80])
        return [name]

    def open_to(self, by: Principal) -> list[Channel]:
        """The open channels at which they may look."""
        return [one for one in self.directory if one.tenant == by.tenant and by.may("read", "channels", one.namespace)]

    def _namespace(self, tenant: str, name: str) -> str:
        found = self.directory.find(name)
        return found.namespace if found is not None and found.tenant == tenant else EVERYWHERE


def forbidden(by: Principal, verb: Verb, resource: str = "channels") -> Forbidden:
    """They may not."""
    return Forbidden(
        "You may not do this: it needs “{verb}” on {resource}, and your roles are {roles}. Ask an admin for a role that has it.",
        verb=verb, resource=resource, roles=by.roles or "—",
    )  # fmt: skip
