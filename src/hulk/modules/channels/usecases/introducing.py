"""Saying who is who at channels: contacts, and the codes by which people say it themselves."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from hulk.kernel.durable import Change, Commit
from hulk.kernel.errors import NotFound, Refused
from hulk.kernel.events import Event, Trail, changed, reasoned
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import Principal
from hulk.kernel.time import Clock, iso
from hulk.modules.channels.domain import Contact, Invitation
from hulk.modules.channels.ports import Contacts, People
from hulk.modules.channels.usecases.linking import code_hash
from hulk.modules.channels.usecases.looking import Page
from hulk.modules.channels.usecases.rights import Rights, forbidden

LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Those of codes: none that is taken for another."""
LONGEST = timedelta(days=30)
MOST_CODES = 500


@dataclass(frozen=True, slots=True)
class NewCode:
    """A code that was just made, shown this once."""

    code: str
    invitation: Invitation


@dataclass(frozen=True, slots=True, kw_only=True)
class Introduce:
    """The acts of admins. Who says who somebody is gives them all that this account may do: that takes an admin of the whole tenant."""

    rights: Rights
    contacts: Contacts
    people: People
    trail: Trail
    commit: Commit
    clock: Clock

    async def show(self, by: Principal, page: Page) -> Sequence[Contact]:
        """Who was heard, those heard last first. Raises `Forbidden`, `NotFound`."""
        among = self.rights.among(by, "manage", page.channel)
        return await self.contacts.of_tenant(by.tenant, None, page.most, page.earlier, among, page.ended, page.sought)

    async def one(self, by: Principal, channel: str, sender: str) -> Contact:
        """Somebody who was heard. Raises `Forbidden`, and `NotFound` for who was never."""
        return await self._contact(by, channel, sender)

    async def block(self, by: Principal, channel: str, sender: str, blocked: bool, reason: str = "") -> Contact:  # what is wanted
        """They are not heard any more, or again. Raises `Forbidden`, and `NotFound` for who was never heard."""
        before = await self._contact(by, channel, sender)
        data = changed(reasoned(reason), {"blocked": before.blocked}, {"blocked": blocked})
        if before.blocked == blocked:
            return before
        await self.commit(
            self.contacts.block(channel, sender, blocked), self._told("blocked" if blocked else "unblocked", by, before, data)
        )
        return replace(before, blocked=blocked)

    async def link(self, by: Principal, channel: str, sender: str, person: str | None, reason: str = "") -> Contact:
        """They are that person (`usr_…`), or nobody known, and no code that they said makes them another again. Raises `Forbidden`, and
        `NotFound` for who was never heard, and for no account of a person who may come in."""
        before = await self._contact(by, channel, sender)
        self._require_all(by)
        if person is not None:
            await self._require_person(by, person)
        data = changed(reasoned(reason), {"person": before.person}, {"person": person})
        if before.person == person:
            return before
        told = self._told("linked" if person else "unlinked", by, before, data)
        await self.commit(self.contacts.link(channel, sender, person), self.contacts.spend(by.tenant, f"{channel}:{sender}"), told)
        return replace(before, person=person)

    async def invite(self, by: Principal, person: str, lasting: timedelta, *, digits: bool = False, reason: str = "") -> NewCode:
        """A code by which whoever says it first becomes that person at a channel: 10 letters (49 bits), or 12 digits (40 bits) where it is
        to be spoken. Raises `Forbidden`, `NotFound` for no such person, `Refused` for one that holds for longer than 30 days."""
        self._require_all(by)
        await self._require_person(by, person)
        if not timedelta() < lasting <= LONGEST:
            raise Refused("A code holds for more than 0 and at most {most} hours.", most=LONGEST // timedelta(hours=1))
        code, until = _made(digits), self.clock() + lasting
        data = changed(reasoned(reason), None, {"person": person, "until": iso(until)})
        told = Event(type="hulk.channel.invited.v1", subject=person, tenant=by.tenant, actor=by.actor, data=data)
        await self.commit(self.contacts.invite(by.tenant, code_hash(code), person, until), self.trail.append(told))
        return NewCode(code, Invitation(person=person, until=until))

    async def codes(self, by: Principal) -> Sequence[Invitation]:
        """The codes there are, without the codes themselves. Raises `Forbidden`."""
        self._require_all(by)
        return await self.contacts.invitations(by.tenant, MOST_CODES)

    async def uninvite(self, by: Principal, person: str, reason: str = "") -> None:
        """The codes of that person do not hold any more. Raises `Forbidden`, and `NotFound` when there is none that nobody used."""
        self._require_all(by)
        open_ = [one for one in await self.contacts.invitations(by.tenant, MOST_CODES) if (one.person, one.used_by) == (person, "")]
        if not open_:
            raise NotFound("There is no code of {person} that nobody has used.", person=person[:80])
        data = changed(reasoned(reason), {"person": person, "codes": len(open_)}, None)
        told = Event(type="hulk.channel.uninvited.v1", subject=person, tenant=by.tenant, actor=by.actor, data=data)
        await self.commit(self.contacts.uninvite(by.tenant, person), self.trail.append(told))

    async def _contact(self, by: Principal, channel: str, sender: str) -> Contact:
        """Whether there is such a channel is told only to who may look at it."""
        found, open_ = await self.contacts.get(channel, sender), self.rights.directory.find(channel)
        ours = open_ is not None and open_.tenant == by.tenant
        tenant = by.tenant if ours or found is None else found.tenant
        missing = NotFound("There is no channel “{name}” here.", name=channel[:80])
        self.rights.require(by, "manage", tenant, channel, missing)
        if found is not None and found.tenant == tenant:
            return found
        raise (
            NotFound("Nobody of the id {sender} was heard at the channel “{name}”.", sender=sender[:80], name=channel[:80])
            if ours
            else missing
        )

    def _require_all(self, by: Principal) -> None:
        if not by.may("manage", "channels"):
            raise forbidden(by, "manage")
        if not by.may("manage", "members"):
            raise forbidden(by, "manage", "members")

    async def _require_person(self, by: Principal, person: str) -> None:
        if await self.people.principal(by.tenant, person) is None:
            raise NotFound("There is no person {person} here who may come in.", person=person[:80])

    def _told(self, what: str, by: Principal, contact: Contact, data: JsonObject) -> Change[None]:
        event = Event(
            type=f"hulk.channel.{what}.v1", subject=data["after"].get("person") or contact.person or contact.sender,
            tenant=contact.tenant, actor=by.actor,
            data={**data, "channel": contact.channel, "sender": contact.sender},
        )  # fmt: skip
        return self.trail.append(event)


def _made(digits: bool) -> str:  # what kind
    letters, groups = ("0123456789", (4, 4, 4)) if digits else (LETTERS, (5, 5))
    return "-".join("".join(secrets.choice(letters) for _ in range(length)) for length in groups)
