"""Learning who somebody is by the code that they say."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hulk.kernel.durable import Change, Commit
from hulk.kernel.errors import Refused
from hulk.kernel.events import Trail
from hulk.kernel.text import Language, Text
from hulk.kernel.time import Clock
from hulk.modules.channels.domain import OF_CHANNEL, OF_SENDER, Channel, Guesses
from hulk.modules.channels.ports import Contacts, Guessed, Kept
from hulk.modules.channels.usecases.facts import about
from hulk.modules.channels.usecases.saying import Say

_ALL = ""
"""All senders of a channel."""


@dataclass(frozen=True, slots=True)
class _Wait:
    """Too many were tried: none is looked at until then."""

    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSender:
    """Makes whoever says a code the person whose it is."""

    contacts: Contacts
    guessed: Guessed
    trail: Trail
    commit: Commit
    say: Say
    clock: Clock

    async def __call__(self, channel: Channel, kept: Kept, code: str, language: Language) -> Sequence[Change[Any]]:
        """A code works once: it is used up in a transaction of its own, before it does anything. Raises `Refused`, in the same words
        whatever is wrong with a code."""
        sender = kept.arrival.sender.id
        if kept.arrival.group:
            await self.commit(self._spent(channel, code_hash(code), kept.arrival.address))
            raise Refused("Send me your code where nobody else reads it, and ask for a new one: this one was seen.")
        if not code:
            raise Refused("Send the code along: /link CODE.")
        [person] = await self.commit(self._redeemed(channel, sender, code_hash(code), self.clock()))
        if isinstance(person, _Wait):
            raise Refused("Too many codes were tried here. Try again in {minutes} min.", minutes=_minutes(person.until - self.clock()))
        if person is None:
            raise Refused("This code is not right, or does not hold any more. Ask for a new one.")
        told = about(
            "linked", person, channel.tenant, f"channel:{channel.name}", channel=channel.name, sender=sender, after={"person": person}
        )
        linked = self.contacts.link(channel.name, sender, person)
        return [linked, self.trail.append(told), self.say(channel, kept, Text("Now I know who you are."), language, name="linked")]

    def _spent(self, channel: Channel, code: str, address: str) -> Change[str | None]:
        """It holds for a place where many read, and so for nobody: else whoever read it could be that person."""
        return self.contacts.redeem(channel.tenant, code, self.clock(), f"{channel.name}:{address}")

    def _redeemed(self, channel: Channel, sender: str, code: str, now: datetime) -> Change[str | _Wait | None]:
        """Counts it where it was not right, in the same transaction: of many at once, none gets past the count."""
        of_all, of_one = self.guessed.of(channel.name, _ALL), self.guessed.of(channel.name, sender)
        redeem = self.contacts.redeem(channel.tenant, code, now, f"{channel.name}:{sender}")

        def change(tx: Any) -> str | _Wait | None:
            everybody, they = of_all(tx), of_one(tx)
            until = max(OF_CHANNEL.until(everybody) if everybody else now, OF_SENDER.until(they) if they else now)
            if until > now:
                return _Wait(until)
            person = redeem(tx)
            for one in [self.guessed.forget(channel.name, sender)] if person else self._counted(channel, sender, everybody, they, now):
                one(tx)
            return person

        return change

    def _counted(
        self, channel: Channel, sender: str, everybody: Guesses | None, they: Guesses | None, now: datetime
    ) -> Sequence[Change[Any]]:
        all_, one = (Guesses(1, now) if before is None else before.one_more(now) for before in (everybody, they))
        told = about("guessed", sender, channel.tenant, f"channel:{channel.name}", channel=channel.name, sender=sender, tries=one.count)
        return [self.guessed.put(channel.name, _ALL, all_), self.guessed.put(channel.name, sender, one), self.trail.append(told)]


def _minutes(wait: timedelta) -> int:
    return max(1, -(-wait // timedelta(minutes=1)))


def code_hash(code: str) -> str:
    """The SHA-256 by which a code is kept: small letters, strokes and spaces do not matter."""
    return hashlib.sha256("".join(code.upper().replace("-", "").split()).encode()).hexdigest()
