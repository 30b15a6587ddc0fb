"""What is sent for one message: one request to Meta after the other. Pure.

    files first, then the text, and with it the buttons: what people react to is the last

The last carries the id of the message as `biz_opaque_callback_data`, those before it `<id>/1`, `<id>/2`: Meta sends that back with what
became of each. Limits: “Messages” and “Interactive reply buttons” (developers.facebook.com/documentation/business-messaging/whatsapp).
"""

import mimetypes
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hulk.kernel.text import Language
from hulk.modules.channels.adapters.whatsapp.markup import one_line, shown
from hulk.modules.channels.domain import Button, Limits, Outgoing, split

LIMITS = Limits(text=4096, parts=4, buttons=10, label=20, data=200, file=100_000_000, shows=20.0)
BODY = 1024
"""Characters of a text that stands with buttons, or under a picture."""
REPLY_BUTTONS = 3
_VARIABLE = 900
_CUT = 1000
_BSUID = re.compile(r"[A-Z]{2}\.[0-9A-Za-z.]{1,132}")
_CHOOSE: dict[Language, str] = {"pt": "Escolher", "en": "Choose"}
_NOT_TAKEN: dict[Language, str] = {"pt": "O WhatsApp não leva este arquivo:", "en": "WhatsApp takes no such file:"}

Step = dict[str, Any]
"""The part of a request that says what is sent."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as WhatsApp shows it (`kind`), and the media type that it is uploaded with."""

    kind: str
    media_type: str


_SHOWN = {
    "image/jpeg": ("image", 5_000_000), "image/png": ("image", 5_000_000), "video/mp4": ("video", 16_000_000),
    "video/3gpp": ("video", 16_000_000), "audio/ogg": ("audio", 16_000_000), "audio/aac": ("audio", 16_000_000),
    "audio/mp4": ("audio", 16_000_000), "audio/mpeg": ("audio", 16_000_000), "audio/amr": ("audio", 16_000_000),
}  # fmt: skip
_OFFICE = "application/vnd.openxmlformats-officedocument."
_DOCUMENTS = frozenset({
    "application/pdf", "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint", "text/plain",
    f"{_OFFICE}wordprocessingml.document", f"{_OFFICE}spreadsheetml.sheet", f"{_OFFICE}presentationml.presentation",
})  # fmt: skip
_SPOKEN = {"ogg": "audio/ogg", "opus": "audio/ogg", "oga": "audio/ogg"}
_WRITTEN = frozenset({"md", "csv", "json", "yaml", "yml", "log", "sql", "xml", "tsv"})


def upload(name: str, size: int) -> Upload | None:
    """How a file goes; None for what WhatsApp does not take. Text of any kind goes as plain text, under its own name."""
    ending = name.rpartition(".")[2].lower()
    guessed = _SPOKEN.get(ending) or mimetypes.guess_type(name)[0] or ""
    kind, most = _SHOWN.get(guessed, ("", 0))
    if kind and size <= most:
        return Upload(kind, guessed)
    if guessed in _DOCUMENTS or kind:
        return Upload("document", guessed)
    return Upload("document", "text/plain") if guessed.startswith("text/") or ending in _WRITTEN else None


@dataclass(frozen=True, slots=True)
class Sendable:
    """A file that is at Meta."""

    id: str
    name: str
    kind: str
    voice: bool = False


def steps(message: Outgoing, files: Sequence[Sendable], refused: Sequence[str] = ()) -> list[Step]:
    """All that is sent for it, in order. `refused` are the names of files that WhatsApp does not take."""
    note = f"\n\n{_NOT_TAKEN[message.language]} {', '.join(refused)}"[:200] if refused else ""
    text = shown(message.text, LIMITS.text) + note
    if message.buttons:
        head, body = _with_buttons(text.strip())
        return [*(_file(one) for one in files), *map(_text, head), _interactive(body, message.buttons, message.language)]
    if len(files) == 1 and files[0].kind != "audio" and 0 < len(text) <= BODY:
        return [_file(files[0], text.strip())]
    return [*(_file(one) for one in files), *map(_text, split(text, LIMITS.text))]


def _with_buttons(text: str) -> tuple[list[str], str]:
    """What goes before, and what stands with the buttons."""
    if len(text) <= BODY:
        return [], text or "…"
    *head, body = split(text, _CUT)
    whole = "\n".join(head)
    return [whole] if len(whole) <= LIMITS.text else head, body


def _text(text: str) -> Step:
    return {"type": "text", "text": {"preview_url": False, "body": text}}


def _file(file: Sendable, caption: str = "") -> Step:
    said: dict[str, Any] = {"id": file.id}
    said |= {"caption": caption} if caption else {}
    said |= {"filename": file.name[-240:]} if file.kind == "document" else {}
    said |= {"voice": True} if file.voice else {}
    return {"type": file.kind, file.kind: said}


def _interactive(body: str, buttons: Sequence[Button], language: Language) -> Step:
    action = _replies(buttons) if len(buttons) <= REPLY_BUTTONS else _rows(buttons, language)
    kind = "button" if len(buttons) <= REPLY_BUTTONS else "list"
    return {"type": "interactive", "interactive": {"type": kind, "body": {"text": body}, "action": action}}


def _replies(buttons: Sequence[Button]) -> dict[str, Any]:
    return {"buttons": [{"type": "reply", "reply": {"id": one.data, "title": one.text[: LIMITS.label]}} for one in buttons]}


def _rows(buttons: Sequence[Button], language: Language) -> dict[str, Any]:
    rows = [{"id": one.data, "title": one.text[: LIMITS.label]} for one in buttons[: LIMITS.buttons]]
    return {"button": _CHOOSE[language], "sections": [{"rows": rows}]}


def template(name: str, language: str, markdown: str) -> Step:
    """A template whose body has one variable: the text, in one line."""
    said = [{"type": "text", "text": one_line(markdown, _VARIABLE) or "…"}]
    return {
        "type": "template",
        "template": {"name": name, "language": {"code": language}, "components": [{"type": "body", "parameters": said}]},
    }


def addressed(message: Outgoing) -> dict[str, Any]:
    """To whom: the phone number where it is known, as that always works, else the id of the person."""
    to = message.reply.get("to")
    if message.reply.get("group"):
        return {"recipient_type": "group", "to": message.address}
    if isinstance(to, str) and to:
        return {"recipient_type": "individual", "to": to}
    field = "recipient" if _BSUID.fullmatch(message.address) else "to"
    return {"recipient_type": "individual", field: message.address}


def handle(message: Outgoing, place: int, last: int) -> str:
    """What Meta sends back with what became of it."""
    return message.id if place == last else f"{message.id}/{place + 1}"
