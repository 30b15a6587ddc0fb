"""Where channels keep what came in, what goes out, and with whom they talk."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from hulk.kernel.durable import Change
from hulk.kernel.records import JsonObject
from hulk.modules.channels.domain import Arrival, Contact, Conversation, Ended, Fate, Guesses, Invitation, Mode, Outgoing, State, Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An arrival that is safe. `outcome` is what came of it, in a word; empty until that is known."""

    id: str
    tenant: str
    channel: str
    arrival: Arrival
    received: datetime
    outcome: str = ""
    intent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What came in with what is known around it: who was heard, where, and the newest turns there, oldest first; None and none where
    nothing is."""

    kept: Kept
    contact: Contact | None
    conversation: Conversation | None
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What is known of who is looked for: a piece of their name, id, telephone number or address, whose account they have, whether they
    are heard; None and nothing for whatever. `known`: only who has an account."""

    text: str = ""
    person: str | None = None
    blocked: bool | None = None
    known: bool = False


ANYBODY = Sought()


class Inbox(Protocol):
    """What came in, each thing once."""

    def take(self, kept: Kept) -> Change[bool]:
        """Keep it; False when its channel has one of that key."""

    async def get(self, id_: str) -> Kept:
        """The arrival; raises `NotFound`."""

    async def scene(self, id_: str, turns: int) -> Scene:
        """The arrival with what is known around it, as it is at one moment, and at most so many turns; raises `NotFound`."""

    def done(self, id_: str, outcome: str, intent: str | None = None) -> Change[bool]:
        """Something came of it; False when something had before, which stays."""

    def found(self, id_: str) -> Change[Kept | None]:
        """The arrival, if there is one."""

    def reopen(self, id_: str) -> Change[None]:
        """Nothing has come of it after all."""

    def of_intent(self, intent: str) -> Change[Kept | None]:
        """The arrival that an intent came of, if it came of one."""

    async def unanswered(self, channel: str, since: datetime, limit: int) -> Sequence[Kept]:
        """Those that became intents, came since then, and have nothing in the outbox yet; the newest first."""

    async def by_message(self, channel: str, address: str, message: str) -> Kept | None:
        """The newest arrival of kind `message` that the channel calls so."""

    def forget(self, channel: str, address: str, message: str) -> Change[int]:
        """The text and files of what the channel calls so are removed: its sender deleted it. How many arrivals it was."""

    def forget_all(self, channel: str, address: str) -> Change[int]:
        """The same of all that came from there and is done."""

    async def recent(
        self, tenant: str, channel: str | None, limit: int, after: str = "", before: str = "", among: Collection[str] | None = None
    ) -> Sequence[Kept]:
        """The newest of a tenant (of a channel, of those `among` which it must be), newest first; with `after` those that came after that
        id, oldest first; with `before` those that came before it."""

    def prune(self, before: datetime, most: int) -> Change[int]:
        """Remove what is done and came before, `most` of it, the oldest first; how many. A key that is removed may come in again: so
        `before` is further back than any vendor repeats (7 days)."""


class Outbox(Protocol):
    """What goes out, each message at most once at a time, those of an address in their order."""

    def add(self, message: Outgoing) -> Change[bool]:
        """Keep it, last of its address; False when one of that id is kept."""

    async def due(self, channel: str, now: datetime, limit: int) -> Sequence[Outgoing]:
        """The first of each address, if it is waiting and due, oldest first."""

    def claim(self, id_: str, holder: str, until: datetime) -> Change[bool]:
        """It is being sent by `holder`, who says so until then; False when it is not waiting any more."""

    def settle(self, message: Outgoing, holder: str) -> Change[bool]:
        """It is as `message` says; False, and nothing written, when `holder` does not hold it any more."""

    async def holders(self, channel: str) -> Collection[str]:
        """Who is sending something there."""

    async def left(self, channel: str, now: datetime, limit: int) -> Sequence[Outgoing]:
        """Those being sent whose holder has not said so for too long, or says so for longer than anybody may (`HELD`): by another clock."""

    def adopt(self, id_: str, holder: str, now: datetime, until: datetime) -> Change[bool]:
        """`holder` looks after one of those; False when somebody else does."""

    def hold(self, channel: str, holder: str, until: datetime) -> Change[int]:
        """All that `holder` is sending there is theirs until then; how many it is."""

    def abandon(self, channel: str, holder: str, now: datetime) -> Change[int]:
        """All that `holder` was sending there is left, as they are no more; how many it is."""

    def hasten(self, channel: str, now: datetime) -> Change[int]:
        """Those that wait there to be tried once more are tried now; how many."""

    async def get(self, id_: str) -> Outgoing:
        """The message; raises `NotFound`."""

    async def by_sent(self, channel: str, address: str, sent_id: str) -> Outgoing | None:
        """The message that the channel calls so: there, or else in a thread of there (`chat/topic`), which reactions do not tell."""

    async def given(self, channel: str, address: str, sent_id: str) -> Sequence[Outgoing]:
        """All messages that the channel calls so (those that were given in one response), oldest first."""

    async def waiting(self, channel: str, address: str, limit: int) -> Sequence[Outgoing]:
        """Those waiting there, due or not, oldest first."""

    def told(self, id_: str, sent_id: str, at: datetime, fate: Fate | None = None) -> Change[bool]:
        """The channel told that it has it, or what became of it: sent, whatever was thought of it; False when that was known. Of one that
        failed, that the channel has it says nothing: it may have been told late."""

    def bounced(self, id_: str, problem: JsonObject, at: datetime) -> Change[bool]:
        """The channel told that it could not deliver it after all: failed; False when there is none, or that was known."""

    def overtaken(self, id_: str, at: datetime) -> Change[bool]:
        """What was to say that something is worked on is not sent any more, if it waits; whether it stands at the channel, or soon may."""

    def laid_down(self, id_: str, at: datetime) -> Change[bool]:
        """What said so does not stand at the channel any more, or is the answer by now; False when it did not."""

    async def shown(self, channel: str, limit: int, after: int = 0) -> Sequence[Outgoing]:
        """What stands there and says that something is worked on, oldest first; that was made after the one in the place `after`."""

    def forget(self, channel: str, address: str) -> Change[int]:
        """The text and files of all that went out there, or was withdrawn, are removed; of how many messages."""

    def withdraw(self, intent: str, at: datetime) -> Change[int]:
        """Those waiting that answer that intent are not sent; how many."""

    def again(self, id_: str, at: datetime) -> Change[bool]:
        """One that is unknown or failed waits again, because a person said so; False when it is neither."""

    async def recent(
        self, tenant: str, channel: str | None, states: Sequence[State], limit: int, after: str = "", before: str = "",
        among: Collection[str] | None = None,
    ) -> Sequence[Outgoing]:  # fmt: skip
        """The newest in those states (none: in any), newest first; with `after` those that were made after that id, oldest first; with
        `before` those that were made before it; with `among` only those of these channels."""

    def swap(self, before: Outgoing, after: Outgoing) -> Change[bool]:
        """`after` in place of `before`; False, and nothing written, when it is not as `before` says any more."""

    def prune(self, before: datetime, most: int) -> Change[int]:
        """Remove at most so many that ended before; those of which nobody knows, or that wait, stay."""

    async def counts(self, channel: str) -> dict[State, int]:
        """How many there are in each state but `sent` and `withdrawn`."""

    async def next_due(self, channel: str) -> datetime | None:
        """When the next of those waiting is due."""


class Contacts(Protocol):
    """Who was heard at channels."""

    async def get(self, channel: str, sender: str) -> Contact | None:
        """Them, if they were heard before."""

    def put(self, contact: Contact) -> Change[None]:
        """Keep them as they are now; of who was heard before, whose account they have and whether they are heard stays as it is."""

    def link(self, channel: str, sender: str, person: str | None) -> Change[bool]:
        """They are that person, or nobody known; False when they were never heard."""

    def move(self, channel: str, sender: str, to: str) -> Change[None]:
        """They have another id from now on; whoever is given the old one is nobody known. Who is somebody by the new one stays that; a
        stranger by it was they, before that was told, and who was not heard is not."""

    def invite(self, tenant: str, code: str, person: str, until: datetime) -> Change[None]:
        """Whoever says that code (its SHA-256) until then is that person, once."""

    def redeem(self, tenant: str, code: str, now: datetime, by: str) -> Change[str | None]:
        """Whose code that is, which from now on holds for `by` only; None when it is nobody's, or was used by another."""

    def spend(self, tenant: str, by: str) -> Change[int]:
        """The codes that `by` used do not hold for them either; how many."""

    async def of_tenant(
        self, tenant: str, channel: str | None, limit: int, before: datetime | None = None, among: Collection[str] | None = None,
        after: Ended | None = None, sought: Sought = ANYBODY,
    ) -> Sequence[Contact]:  # fmt: skip
        """Those heard last first; with `before` those that were heard last before then; with `among` only those of these channels; with
        `after` (a contact's `ended`) those that come after that one; of all these who is `sought`, small and capital letters being the
        same from A to Z."""

    async def invitations(self, tenant: str, limit: int) -> Sequence[Invitation]:
        """The codes of a tenant, those that hold longest first."""

    def uninvite(self, tenant: str, person: str) -> Change[int]:
        """The codes of that person that nobody has used do not hold any more; how many."""

    def prune_codes(self, before: datetime, most: int) -> Change[int]:
        """Remove at most so many codes that did not hold any more by then, used or not."""

    async def of_person(self, tenant: str, person: str) -> Sequence[Contact]:
        """All that are that person."""

    async def names(self, of: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], str]:
        """How they are called, by channel and sender; who was never heard, or has no name, is not among them."""

    def block(self, channel: str, sender: str, blocked: bool) -> Change[bool]:
        """Not heard any more, or again; False when they were never heard."""


class Guessed(Protocol):
    """Codes that were tried at channels and were not right: by each sender, and by all of a channel together (`sender` empty)."""

    def of(self, channel: str, sender: str) -> Change[Guesses | None]:
        """How many; nobody else counts there until the transaction ends."""

    def put(self, channel: str, sender: str, guesses: Guesses) -> Change[None]:
        """So many."""

    def forget(self, channel: str, sender: str) -> Change[None]:
        """None."""

    def prune(self, before: datetime, most: int) -> Change[int]:
        """Remove at most so many of which the last was tried before."""


class Conversations(Protocol):
    """Where people and Hulk talk, and what was said."""

    async def of_sender(self, channel: str, sender: str) -> Sequence[Conversation]:
        """Those with them alone, the one in which they were heard last first."""

    async def get(self, id_: str) -> Conversation:
        """The conversation; raises `NotFound`."""

    def put(self, conversation: Conversation) -> Change[None]:
        """Keep it as it is now; who answers in it stays as it is."""

    def answered_by(self, id_: str, mode: Mode, by: str) -> Change[bool]:
        """Who answers in it from now on; False when it is so already."""

    def said(self, conversation: str, turn: Turn, id_: str) -> Change[None]:
        """One more turn; `id_` is that of the arrival or message it is (kept once)."""

    def edited(self, conversation: str, id_: str, text: str | None) -> Change[None]:
        """What was said is that now; None: nothing."""

    async def turns(self, conversation: str, limit: int) -> Sequence[Turn]:
        """The newest, oldest first."""

    def forget(self, conversation: str) -> Change[int]:
        """All that was said in it is removed; how many turns."""

    async def recent(
        self, tenant: str, mode: Mode | None, limit: int, before: datetime | None = None, among: Collection[str] | None = None,
        after: Ended | None = None,
    ) -> Sequence[Conversation]:  # fmt: skip
        """Those in which somebody was heard last, first; with `before` those in which that was before then; with `among` only those of
        these channels; with `after` (a conversation's `ended`) those that come after that one."""

    def swap(self, before: Conversation, after: Conversation) -> Change[bool]:
        """Who answers in `after` answers from now on; False when it is not who answers in `before` any more."""

    def prune(self, before: datetime, most: int) -> Change[int]:
        """Remove at most so many turns that were said before."""

    def mark(self, channel: str, mark: str) -> Change[None]:
        """How far the channel was heard."""

    async def marked(self, channel: str) -> str:
        """How far the channel was heard; empty when it never was."""
