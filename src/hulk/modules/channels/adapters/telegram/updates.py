"""What Telegram's updates are to us: https://core.telegram.org/bots/api#update. Pure.

Whatever an update is, it becomes an arrival: what is not understood, or has another shape than documented, is `other`. So nothing that
Telegram invents stops what stands behind it.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hulk.kernel.text import Language, writable
from hulk.modules.channels.adapters.telegram.contents import files, nature, text
from hulk.modules.channels.domain import Arrival, Sender

KINDS = ("message", "edited_message", "channel_post", "edited_channel_post", "callback_query", "message_reaction", "my_chat_member")
"""The updates that are asked for (`allowed_updates`)."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the updates of a bot. `username` may be unknown (empty): then nobody mentions it."""

    bot: int
    username: str = ""

    def read(self, update: Mapping[str, Any], now: datetime) -> Arrival | None:
        """What came in; None for what is no update."""
        number = update.get("update_id")
        if not isinstance(number, int) or isinstance(number, bool):
            return None
        key = f"{self.bot}:{number}"
        kind = next((one for one in update if one != "update_id"), "nothing")
        try:
            return self._of(kind)(key, kind, update[kind], now)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError):
            return _other(key, kind, update.get(kind), now)

    def _of(self, kind: str) -> "Callable[[str, str, Any, datetime], Arrival]":
        reading: dict[str, Callable[[str, str, Any, datetime], Arrival]] = {
            "message": self._message, "edited_message": self._message, "channel_post": self._message, "edited_channel_post": self._message,
            "callback_query": self._press, "message_reaction": self._reaction,
        }  # fmt: skip
        return reading.get(kind, _other)

    def _message(self, key: str, kind: str, said: Any, now: datetime) -> Arrival:  # noqa: ARG002  # one shape for all
        what, edited = nature(said), kind.startswith("edited")
        return Arrival(
            key=key, kind="edit" if edited else "message" if what == "message" else "other", address=address(said),
            sender=_sender(said), at=_at(said["edit_date"] if edited else said["date"]), id=str(said["message_id"]),
            about=_replied(said), text=self._without_us(writable(text(said))), files=files(said), group=said["chat"]["type"] != "private",
            addressed=what != "service" and self._addressed(said), problem="" if what == "message" else kind_of(said),
        )  # fmt: skip

    def _press(self, key: str, kind: str, pressed: Any, now: datetime) -> Arrival:
        message = pressed.get("message")
        if message is None:
            return _other(key, kind, pressed, now)
        here = str(message["message_id"])
        return Arrival(
            key=key, kind="press", address=address(message), sender=_person(pressed["from"]), at=now, id=here, about=here,
            pressed=writable(str(pressed.get("data", ""))), group=message["chat"]["type"] != "private",
            reply={"callback": writable(str(pressed["id"]))},
        )  # fmt: skip

    def _reaction(self, key: str, kind: str, seen: Any, now: datetime) -> Arrival:  # noqa: ARG002  # one shape for all
        new, old = _emojis(seen["new_reaction"]), _emojis(seen["old_reaction"])
        came = [one for one in new if one not in old] or new
        sender = _person(seen["user"]) if seen.get("user") else _chat(seen["actor_chat"])
        return Arrival(
            key=key, kind="reaction", address=str(seen["chat"]["id"]), sender=sender, at=_at(seen["date"]), about=str(seen["message_id"]),
            id=str(seen["message_id"]), emoji=writable((came or old or [""])[0]), removed=not new,
            group=seen["chat"]["type"] != "private",
        )  # fmt: skip

    def _addressed(self, said: Any) -> bool:
        """Whether the bot is meant: always in private; among others, only when it is mentioned, replied to, or told a command."""
        if said["chat"]["type"] == "private":
            return True
        if said.get("is_automatic_forward"):
            return False
        replied = said.get("reply_to_message") or {}
        return (replied.get("from") or {}).get("id") == self.bot or any(self._means_us(said, one) for one in _entities(said))

    def _means_us(self, said: Any, entity: Mapping[str, Any]) -> bool:
        kind, words = entity.get("type"), _words(said, entity).casefold()
        if kind == "text_mention":
            return bool((entity.get("user") or {}).get("id") == self.bot)
        if kind == "mention":
            return bool(self.username) and words == f"@{self.username}".casefold()
        if kind == "bot_command":
            name = words.partition("@")[2]
            return not name or (bool(self.username) and name == self.username.casefold())
        return False

    def _without_us(self, words: str) -> str:
        """What was said after `@us` at its beginning."""
        mention = f"@{self.username}"
        if not self.username or not words.casefold().startswith(mention.casefold()):
            return words
        rest = words[len(mention) :]
        return words if rest[:1].isalnum() or rest[:1] == "_" else rest.lstrip(" ,:\n")


def parsed(body: bytes) -> Mapping[str, Any] | None:
    """The update in a request's body, if it is one."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def address(said: Mapping[str, Any]) -> str:
    """Where it was said: the chat, and the topic within it. A thread of replies is no topic."""
    chat, topic = int(said["chat"]["id"]), said.get("message_thread_id")
    return f"{chat}/{int(topic)}" if said.get("is_topic_message") and topic else str(chat)


def kind_of(said: Mapping[str, Any]) -> str:
    """What a message is that has nothing of use, in Telegram's word."""
    return next((one for one in said if one not in _ENVELOPE), "nothing")[:60]


_ENVELOPE = frozenset({
    "message_id", "message_thread_id", "direct_messages_topic", "from", "sender_chat", "sender_boost_count", "sender_business_bot",
    "sender_tag", "date", "business_connection_id", "chat", "forward_origin", "is_topic_message", "is_automatic_forward",
    "reply_to_message", "edit_date", "external_reply", "quote", "reply_to_story", "via_bot", "has_protected_content",
    "is_from_offline", "is_paid_post", "media_group_id", "author_signature", "paid_star_count", "effect_id", "reply_markup",
    "forward_date", "forward_from", "forward_from_chat",
})  # fmt: skip


def _other(key: str, kind: str, what: Any, now: datetime) -> Arrival:
    """Something that is kept so that it can be seen, and answered by nobody."""
    inside: Mapping[str, Any] = what if isinstance(what, dict) else {}
    by, chat = _dict(inside, "from") or _dict(inside, "user"), _dict(inside, "chat") or _dict(_dict(inside, "message"), "chat")
    who = writable(str(by.get("id", chat.get("id", "nobody"))))[:64]
    return Arrival(
        key=key, kind="other", address=writable(str(chat.get("id", who)))[:64], sender=Sender(id=who, robot=bool(by.get("is_bot"))), at=now,
        addressed=False, problem=writable(kind)[:60],
    )  # fmt: skip


def _dict(inside: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = inside.get(name)
    return found if isinstance(found, dict) else {}


def _sender(said: Mapping[str, Any]) -> Sender:
    """Who wrote it. What is written in the name of a chat is the chat's: nobody knows who it was."""
    if said.get("sender_chat"):
        return _chat(said["sender_chat"])
    if not said.get("from"):
        return _chat(said["chat"])
    contact = said.get("contact") or {}
    own = contact.get("user_id") == said["from"]["id"]
    return _person(said["from"], phone=str(contact.get("phone_number", "")) if own else "")


def _person(user: Mapping[str, Any], phone: str = "") -> Sender:
    name = " ".join(filter(None, (str(user.get("first_name") or ""), str(user.get("last_name") or "")))) or str(user.get("username") or "")
    return Sender(
        id=str(int(user["id"])), name=writable(name), phone=writable(phone)[:40], language=_language(user.get("language_code")),
        robot=bool(user.get("is_bot")),
    )  # fmt: skip


def _chat(chat: Mapping[str, Any]) -> Sender:
    return Sender(id=str(int(chat["id"])), name=writable(str(chat.get("title") or chat.get("username") or "")))


def _language(code: object) -> Language | None:
    """From a tag such as `pt-br`; none that we do not speak."""
    spoken: dict[str, Language] = {"pt": "pt", "en": "en"}
    return spoken.get(str(code or "").lower().partition("-")[0])


def _replied(said: Mapping[str, Any]) -> str:
    replied = said.get("reply_to_message") or {}
    return str(replied.get("message_id", "")) if not replied.get("forum_topic_created") else ""


def _emojis(reactions: Any) -> list[str]:
    return [str(one.get("emoji") or one["type"]) for one in reactions]


def _entities(said: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(said.get("entities") or said.get("caption_entities") or [])


def _words(said: Mapping[str, Any], entity: Mapping[str, Any]) -> str:
    """The part of the text that an entity is about; offsets count UTF-16 code units."""
    units = str(said.get("text") or said.get("caption") or "").encode("utf-16-le", "surrogatepass")
    begin, length = int(entity["offset"]), int(entity["length"])
    return units[begin * 2 : (begin + length) * 2].decode("utf-16-le", "replace")


def _at(seconds: Any) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
