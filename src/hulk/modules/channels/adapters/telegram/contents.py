"""What a message of Telegram holds: its words, its files, or something that is of no use to us. Pure.

https://core.telegram.org/bots/api#message
"""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from hulk.kernel.text import writable
from hulk.modules.channels.domain import Attached

Nature: TypeAlias = Literal["message", "service", "useless"]
"""`service`: what Telegram tells of a chat (somebody came, a title changed); `useless`: what somebody sent and we can do nothing with."""

_FILES = ("voice", "audio", "document", "video", "video_note", "animation")
"""`animation` stands last: its message has the same file as `document`, too."""
_SPOKEN = ("text", "caption", "location", "venue", "contact", "sticker")
_USELESS = frozenset({
    "dice", "game", "poll", "checklist", "story", "paid_media", "invoice", "giveaway", "successful_payment", "passport_data", "live_photo",
    "rich_message",
})  # fmt: skip
_TYPES = {
    "voice": "audio/ogg", "audio": "audio/mpeg", "video": "video/mp4", "video_note": "video/mp4", "animation": "video/mp4",
    "document": "application/octet-stream",
}  # fmt: skip
_ENDINGS = {"audio/ogg": ".ogg", "audio/mpeg": ".mp3", "video/mp4": ".mp4"}


def nature(said: Mapping[str, Any]) -> Nature:
    """Whether there is something to work on."""
    if any(said.get(one) for one in (*_SPOKEN, *_FILES, "photo")):
        return "message"
    return "useless" if _USELESS & said.keys() else "service"


def text(said: Mapping[str, Any]) -> str:
    """What was said, in words: also where somebody is, whose card it is, and what a sticker means."""
    contact, venue, sticker = said.get("contact"), said.get("venue"), said.get("sticker")
    lines = [
        str(said.get("text") or said.get("caption") or ""),
        f"{venue.get('title', '')}, {venue.get('address', '')}" if venue else "",
        _place(said["location"]) if said.get("location") else "",
        _card(contact) if contact else "",
        str(sticker.get("emoji") or "") if sticker else "",
    ]
    return "\n".join(one for one in lines if one)


def _place(location: Mapping[str, Any]) -> str:
    """As RFC 5870 writes places."""
    return f"geo:{float(location['latitude']):.6f},{float(location['longitude']):.6f}"


def _card(contact: Mapping[str, Any]) -> str:
    name = " ".join(str(contact[one]) for one in ("first_name", "last_name") if contact.get(one))
    return f"{name} {contact.get('phone_number', '')}".strip()


def files(said: Mapping[str, Any]) -> tuple[Attached, ...]:
    """What came with it: at most one file, of a picture the largest copy."""
    if said.get("photo"):
        largest = max(said["photo"], key=lambda one: int(one.get("width", 0)) * int(one.get("height", 0)))
        return (_attached("photo.jpg", "image/jpeg", largest),)
    kind = next((one for one in _FILES if said.get(one)), None)
    if kind is None:
        return ()
    found = said[kind]
    media_type = str(found.get("mime_type") or _TYPES[kind])
    name = str(found.get("file_name") or f"{kind}{_ENDINGS.get(media_type, '')}")
    return (_attached(name, media_type, found, voice=kind == "voice"),)


def _attached(name: str, media_type: str, found: Mapping[str, Any], *, voice: bool = False) -> Attached:
    size = found.get("file_size")
    return Attached(
        ref=writable(str(found["file_id"])), name=writable(name)[:200], media_type=writable(media_type)[:100], voice=voice,
        size=size if isinstance(size, int) else None,
    )  # fmt: skip
