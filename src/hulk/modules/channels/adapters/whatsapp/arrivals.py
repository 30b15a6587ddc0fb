"""What came in with a webhook of Meta's, as arrivals. Pure.

A person is their business-scoped user id (`BR.1349…`), or the digits of their phone number where Meta sends no such id. What cannot be read
of one message keeps none of the others from being taken: it is an arrival of kind `other`.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import ValidationError

from hulk.kernel.text import writable
from hulk.modules.channels.adapters.whatsapp.wire import Content, Fault, Media, Message, Origin, Person, Status, UserIdUpdate, Wire
from hulk.modules.channels.domain import Arrival, Attached, Fate, Sender

W = TypeVar("W", bound=Wire)
_FATES: dict[str, Fate] = {"delivered": "delivered", "read": "read", "played": "read", "failed": "failed"}
_SILENT = frozenset({"system", "request_welcome"})
"""What nobody wrote, and nobody waits for an answer to."""
_HANDLE = re.compile(r"(msg_[0-9a-z]{26})(/\d+)?")
_REOPENS = " More than 24 hours after they last wrote, people are only reached by a template (channels.whatsapp.template)."


def arrivals(payload: Any, number: str, now: datetime) -> tuple[Arrival, ...]:
    """All that is for that phone number (its id at Meta). `payload` is the JSON of a webhook; times that are none are `now`."""
    return tuple(
        arrival
        for entry in _many(payload, "entry")
        for change in _many(entry, "changes")
        for arrival in _changed(change.get("field"), change.get("value"), number, now)
    )


def _changed(field: object, value: object, number: str, now: datetime) -> Iterator[Arrival]:
    if not isinstance(value, Mapping) or not _ours(value, number):
        return
    if field == "messages":
        people = list(_all(Person, value, "contacts"))
        yield from (one for raw in _many(value, "messages") if (one := _message(raw, people, value, now)) is not None)
        yield from (_receipt(one, now) for one in _all(Status, value, "statuses"))
    if field == "user_id_update":
        yield from (_moved(one, now) for one in _all(UserIdUpdate, value, "user_id_update"))


def _ours(value: Mapping[str, Any], number: str) -> bool:
    """An app may have several numbers, and all of them call the same address. People are the same to all of them."""
    metadata = value.get("metadata")
    return "user_id_update" in value if metadata is None else isinstance(metadata, Mapping) and metadata.get("phone_number_id") == number


def _message(raw: Mapping[str, Any], people: Sequence[Person], value: Mapping[str, Any], now: datetime) -> Arrival | None:
    """None for what has no id or comes from nobody: there is nobody to answer."""
    origin = _read(Origin, raw)
    if origin is None or not origin.id:
        return None
    sender = _sender(origin, people)
    if not sender.id:
        return None
    arrival = Arrival(
        key=origin.id, kind="other", address=origin.group_id or sender.id, sender=sender, at=_at(origin.timestamp, now), id=origin.id,
        group=bool(origin.group_id), problem=origin.type, addressed=origin.type not in _SILENT, reply=_reply(origin, sender),
    )  # fmt: skip
    message = _read(Message, raw)
    return arrival if message is None else _said(arrival, message, str(value["metadata"].get("display_phone_number", "")))


def _said(arrival: Arrival, message: Message, our_number: str) -> Arrival:
    context = message.context
    if arrival.group:  # in a group, only answers to us are for us
        arrival = replace(
            arrival, addressed=arrival.addressed and context is not None and bool(our_number) and context.sender == our_number
        )
    arrival = replace(arrival, about=context.id if context is not None else "")
    if message.type == "system" and message.system is not None:
        return _system(arrival, message)
    if message.type == "edit" and message.edit is not None:
        return replace(arrival, kind="edit", id=message.edit.original_message_id, text=_text(message.edit.message), problem="")
    if message.type == "revoke" and message.revoke is not None:
        return replace(arrival, kind="deletion", id=message.revoke.original_message_id, problem="")
    if message.type == "reaction" and message.reaction is not None:
        reaction = message.reaction
        return replace(arrival, kind="reaction", about=reaction.message_id, emoji=reaction.emoji, removed=not reaction.emoji, problem="")
    if message.type == "interactive":
        return _pressed(arrival, message)
    return _written(arrival, message)


def _written(arrival: Arrival, message: Message) -> Arrival:
    text, file = _text(message), _file(message)
    if not text and file is None:
        return replace(arrival, problem=_why(message))
    return replace(arrival, kind="message", text=text, files=() if file is None else (file,), problem="")


def _why(message: Message) -> str:
    fault = message.errors[0] if message.errors else None
    return message.type if fault is None or not fault.title else f"{message.type}: {fault.title}"[:200]


def _pressed(arrival: Arrival, message: Message) -> Arrival:
    chosen = message.interactive and (message.interactive.button_reply or message.interactive.list_reply)
    if not chosen:
        return replace(arrival, problem=f"interactive: {message.interactive.type}" if message.interactive else "interactive")
    return replace(arrival, kind="press", pressed=chosen.id, text=chosen.title, problem="")


def _system(arrival: Arrival, message: Message) -> Arrival:
    """A changed number moves those that are known by it; those known by an id are told of by that."""
    system, old = message.system, arrival.sender.id
    assert system is not None  # noqa: S101  # asked before
    new = system.user_id or (system.wa_id or system.new_wa_id if not message.user else "")
    old = old if message.user else system.customer or old
    if not new or new == old or "changed" not in system.type or "identity" in system.type:
        return arrival
    return replace(arrival, kind="move", sender=replace(arrival.sender, id=old), address=old, moved=new, problem="")


def _moved(update: UserIdUpdate, now: datetime) -> Arrival:
    ids = update.user_id
    return Arrival(
        key=f"user_id_update:{ids.previous}:{ids.current}", kind="move", address=ids.previous, sender=Sender(id=ids.previous),
        at=_at(update.timestamp, now), moved=ids.current, addressed=False,
    )  # fmt: skip


def _receipt(status: Status, now: datetime) -> Arrival:
    """`sent` says no more than that Meta has it. A message of several parts carries its id on the last; of the others
    (`msg_…/1`) only a failure is told."""
    who = status.recipient_user_id or status.recipient_id
    found = _HANDLE.fullmatch(status.biz_opaque_callback_data)
    fate = _FATES.get(status.status)
    ours = found is not None and (found[2] is None or fate == "failed")
    return Arrival(
        key=f"{status.id}:{status.status}", kind="receipt", address=who, sender=Sender(id=who), at=_at(status.timestamp, now),
        id=status.id, handle=found[1] if found is not None and ours else "", fate=fate, addressed=False,
        problem=_blamed(status.errors[0]) if status.errors else "",
    )  # fmt: skip


def _blamed(fault: Fault) -> str:
    more = fault.error_data.details if fault.error_data is not None else ""
    told = f"{fault.title or fault.message} ({fault.code})"
    told = told if not more or more == fault.title else f"{told}: {more}"
    return told[:200] + (_REOPENS if fault.code == 131047 else "")


def _sender(origin: Origin, people: Sequence[Person]) -> Sender:
    known = [one for one in people if (one.user_id and one.user_id == origin.user) or (one.wa_id and one.wa_id == origin.sender)]
    one = known[0] if known else people[0] if len(people) == 1 and not origin.group_id else Person()
    phone = origin.sender or one.wa_id
    return Sender(
        id=origin.user or one.user_id or phone, name=(one.profile.name or one.profile.username)[:200],
        phone=f"+{phone}" if phone.isascii() and phone.isdigit() else "",
    )  # fmt: skip


def _reply(origin: Origin, sender: Sender) -> dict[str, Any]:
    """What an answer needs: the number to send to, where it is known, and since when the 24 hours of it run."""
    to = origin.group_id or sender.phone.removeprefix("+")
    at = {"at": int(origin.timestamp)} if origin.timestamp.isascii() and origin.timestamp.isdigit() and len(origin.timestamp) < 12 else {}
    return {**({"to": to} if to else {}), **({"group": True} if origin.group_id else {}), **at}


def _text(content: Content) -> str:
    media = _media(content)
    if content.text is not None:
        return content.text.body
    if media is not None:
        return media.caption
    if content.button is not None:  # of a template: what they say by it are its words
        return content.button.text or content.button.payload
    if content.location is not None:
        place = content.location
        return f"geo:{place.latitude},{place.longitude} {', '.join(filter(None, (place.name, place.address)))}".rstrip()
    if content.order is not None:
        items = (f"{one.quantity} × {one.product_retailer_id} ({one.currency} {one.item_price})" for one in content.order.product_items)
        return "\n".join(filter(None, (content.order.text, *items)))
    return "\n".join(" ".join((card.name.formatted_name, *(phone.phone for phone in card.phones))).strip() for card in content.contacts)


def _file(content: Content) -> Attached | None:
    media = _media(content)
    if media is None or not media.id:
        return None
    return Attached(
        ref=media.id, name=media.filename[:200], media_type=media.mime_type.partition(";")[0].strip(), sha256=digest(media.sha256),
        voice=media.voice,
    )  # fmt: skip


def _media(content: Content) -> Media | None:
    return content.image or content.video or content.audio or content.document or content.sticker


def digest(said: str) -> str:
    """A SHA-256 in hexadecimal, which Meta writes in base 64 in one place and in hexadecimal in the other; empty when it is none."""
    if re.fullmatch(r"[0-9a-fA-F]{64}", said):
        return said.lower()
    try:
        raw = base64.b64decode(said, validate=True) if said.isascii() else b""
    except binascii.Error:
        return ""
    return raw.hex() if len(raw) == 32 else ""


def _at(timestamp: str, now: datetime) -> datetime:
    """Unix seconds, as text."""
    if timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12:
        return datetime.fromtimestamp(int(timestamp), UTC)
    return now


def _many(of: object, name: str) -> Iterator[Mapping[str, Any]]:
    found = of.get(name) if isinstance(of, Mapping) else None
    return (one for one in found if isinstance(one, Mapping)) if isinstance(found, list) else iter(())


def _all(kind: type[W], of: Mapping[str, Any], name: str) -> Iterator[W]:
    """Those that can be read."""
    return (one for raw in _many(of, name) if (one := _read(kind, raw)) is not None)


def _read(kind: type[W], raw: Mapping[str, Any]) -> W | None:
    try:
        return kind.model_validate(raw)
    except ValidationError:
        return None


def cleaned(value: Any) -> Any:
    """The same JSON with texts that every store can keep."""
    if isinstance(value, str):
        return writable(value)
    if isinstance(value, dict):
        return {writable(name): cleaned(one) for name, one in value.items()}
    return [cleaned(one) for one in value] if isinstance(value, list) else value
