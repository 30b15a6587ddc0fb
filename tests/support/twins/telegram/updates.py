"""Updates as Telegram makes them, but for their number. Each is checked with aiogram's strict models."""

import time
from typing import Any

BOT = {"id": 4242, "is_bot": True, "first_name": "Hulk", "username": "hulk_twin_bot"}
ANA = {"id": 1001, "is_bot": False, "first_name": "Ana", "last_name": "Souza", "username": "ana", "language_code": "pt-br"}
SOMEBODY = {"id": 1002, "is_bot": False, "first_name": ""}
"""Somebody without a name, a language or anything else."""
GROUP = {"id": -1009, "type": "supergroup", "title": "Operações", "is_forum": True}
NEWS = {"id": -1010, "type": "channel", "title": "Avisos"}


def private(user: dict[str, Any]) -> dict[str, Any]:
    """The chat with a person."""
    return {"id": user["id"], "type": "private", "first_name": user["first_name"]}


def said(text: str = "", *, by: dict[str, Any] = ANA, chat: dict[str, Any] | None = None, number: int = 7, **more: Any) -> dict[str, Any]:
    """A message."""
    words = {"text": text} if text else {}
    found = {
        "message_id": number, "from": by, "chat": chat or private(by), "date": int(more.pop("date", time.time())), **words, **more,
    }  # fmt: skip
    return {name: value for name, value in found.items() if value is not None}


def message(text: str = "", /, **more: Any) -> dict[str, Any]:
    """Somebody writes."""
    return {"message": said(text, **more)}


def edited(text: str, **more: Any) -> dict[str, Any]:
    """Somebody wrote something else after all."""
    return {"edited_message": said(text, edit_date=int(time.time()), **more)}


def post(text: str, **more: Any) -> dict[str, Any]:
    """Something stands in a channel."""
    return {"channel_post": {"message_id": 8, "sender_chat": NEWS, "chat": NEWS, "date": int(time.time()), "text": text, **more}}


def pressed(data: str, *, by: dict[str, Any] = ANA, chat: dict[str, Any] | None = None, number: int = 70, **more: Any) -> dict[str, Any]:
    """Somebody presses a button of a message of ours."""
    ours = said("Pronto", by=BOT, chat=chat or private(by), number=number, **more)
    return {"callback_query": {"id": "99887766", "from": by, "chat_instance": "-5", "data": data, "message": ours}}


def reacted(new: str, old: str = "", *, by: dict[str, Any] = ANA, chat: dict[str, Any] | None = None, number: int = 70) -> dict[str, Any]:
    """Somebody reacts to a message; to take it back is to have no new ones."""
    many = {name: [{"type": "emoji", "emoji": one} for one in emojis.split()] for name, emojis in (("new", new), ("old", old))}
    return {
        "message_reaction": {
            "chat": chat or private(by), "message_id": number, "user": by, "date": int(time.time()), "new_reaction": many["new"],
            "old_reaction": many["old"],
        }
    }  # fmt: skip


def blocked(by: dict[str, Any] = ANA) -> dict[str, Any]:
    """Somebody blocks the bot."""
    member = {"user": BOT, "status": "member"}
    kicked = {"user": BOT, "status": "kicked", "until_date": 0}
    change = {"chat": private(by), "from": by, "date": int(time.time()), "old_chat_member": member, "new_chat_member": kicked}
    return {"my_chat_member": change}


def entity(kind: str, text: str, part: str, **more: Any) -> dict[str, Any]:
    """An entity of `part` within `text`."""
    before = text.partition(part)[0]
    return {"type": kind, "offset": len(before.encode("utf-16-le")) // 2, "length": len(part.encode("utf-16-le")) // 2, **more}


def file(kind: str, **more: Any) -> dict[str, Any]:
    """A file of a message."""
    found = {"file_id": f"{kind}-1", "file_unique_id": f"u-{kind}", "file_size": 4000, **more}
    sizes = {"width": 320, "height": 240}
    lasting = {"duration": 3}
    extra: dict[str, dict[str, Any]] = {
        "voice": {**lasting, "mime_type": "audio/ogg"}, "audio": {**lasting, "mime_type": "audio/mpeg", "file_name": "música.mp3"},
        "video": {**lasting, **sizes, "mime_type": "video/mp4"}, "video_note": {**lasting, "length": 240}, "photo": sizes,
        "document": {"mime_type": "text/csv", "file_name": "relatório.csv"}, "animation": {**lasting, **sizes},
        "sticker": {**sizes, "type": "regular", "is_animated": False, "is_video": False, "emoji": "👍"},
    }  # fmt: skip
    return {**extra[kind], **found}
