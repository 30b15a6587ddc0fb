"""What Telegram takes, and what it says to what it does not take (Client.cpp of tdlib/telegram-bot-api, MessageEntity.cpp of tdlib/td)."""

import json
import re
from typing import Any

_STYLES = {"bold", "italic", "underline", "strikethrough", "spoiler"}
_QUOTES = {"blockquote", "expandable_blockquote"}
_LINKS = re.compile(r"(?:https?://|tg://|mailto:)\S+", re.IGNORECASE)


class NotTaken(Exception):
    """An answer that is no success."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        self.code = code
        self.description = description
        self.parameters = parameters
        super().__init__(description)


def units(text: str) -> int:
    """Its length as Telegram counts: in UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


def words(text: Any, most: int, empty: str = "", long: str = "") -> str:
    """A text of a message."""
    if not isinstance(text, str) or not text.strip():
        if empty:
            raise NotTaken(400, f"Bad Request: {empty}")
        return ""
    if units(text) > most and long:
        raise NotTaken(400, f"Bad Request: {long}")
    if units(text) > most:
        raise NotTaken(400, "Bad Request: message is too long" if most > 1024 else "Bad Request: message caption is too long")
    return text


def entities(text: str, told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Entities, held to what the documentation says of them: stricter than Telegram, which mends some."""
    spans = [(one["offset"], one["offset"] + one["length"], one["type"]) for one in told]
    for span in spans:
        _of(text, *span)
    if any(one["type"] == "text_link" and not _LINKS.fullmatch(one.get("url", "")) for one in told):
        raise NotTaken(400, "Bad Request: can't parse entities: unsupported URL")
    for place, (start, end, kind) in enumerate(spans):
        for low, high, other in spans[place + 1 :]:
            if high > start and low < end:
                _within((start, end, kind), (low, high, other))
    return told


def _of(text: str, start: int, end: int, kind: str) -> None:
    """Whether it is about whole characters of the text."""
    raw = text.encode("utf-16-le")
    if not 0 <= start < end <= units(text):
        raise NotTaken(400, f"Bad Request: can't parse entities: {kind} is out of the text")
    if any(at * 2 < len(raw) and 0xDC <= raw[at * 2 + 1] <= 0xDF for at in (start, end)):
        raise NotTaken(400, f"Bad Request: can't parse entities: {kind} cuts a character")
    if not raw[start * 2 : end * 2].decode("utf-16-le").strip():
        raise NotTaken(400, f"Bad Request: can't parse entities: {kind} is of nothing")


def _within(one: tuple[int, int, str], two: tuple[int, int, str]) -> None:
    """Whether they may have characters in common."""
    inside = (one[0] <= two[0] and two[1] <= one[1]) or (two[0] <= one[0] and one[1] <= two[1])
    kinds = {one[2], two[2]}
    alone = not kinds & (_STYLES | _QUOTES) or (kinds & {"pre", "code"} and kinds & _STYLES) or kinds <= _QUOTES
    if not inside or alone:
        raise NotTaken(400, f"Bad Request: can't parse entities: {one[2]} and {two[2]} overlap")


def keyboard(told: Any) -> dict[str, Any]:
    """Inline buttons."""
    for row in told["inline_keyboard"]:
        for button in row:
            if not button.get("text"):
                raise NotTaken(400, "Bad Request: text buttons are unallowed in the inline keyboard")
            if not 1 <= len(button.get("callback_data", "").encode()) <= 64:
                raise NotTaken(400, "Bad Request: BUTTON_DATA_INVALID")
    return dict(told)


def webhook(told: dict[str, Any]) -> dict[str, Any]:
    """A webhook; by plain HTTP too, as a server of one's own with `--local` does."""
    url, secret = str(told.get("url", "")), str(told.get("secret_token", ""))
    if not re.fullmatch(r"https?://[^\s/]+(?:/\S*)?", url):
        raise NotTaken(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
    if re.search(r"[^A-Za-z0-9_-]", secret):
        raise NotTaken(400, "Bad Request: secret token contains unallowed characters")
    if len(secret) > 256:
        raise NotTaken(400, "Bad Request: secret token is too long")
    most = int(told.get("max_connections", 40))
    return {"url": url, "secret": secret, "most": min(max(most, 1), 100), "allowed": told.get("allowed_updates") or []}


def read(fields: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a form, whose structures are JSON."""
    told = dict(fields)
    for name in ("entities", "caption_entities", "reply_markup", "reply_parameters", "link_preview_options", "allowed_updates"):
        if isinstance(told.get(name), str):
            told[name] = json.loads(told[name])
    for name in ("chat_id", "message_thread_id", "draft_id", "message_id", "offset", "limit", "timeout"):
        if isinstance(told.get(name), str) and re.fullmatch(r"-?\d+", told[name]):
            told[name] = int(told[name])
    return told
