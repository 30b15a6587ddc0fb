"""What Meta takes: sizes and numbers, and how fast to one person."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

BURST, SECONDS = 45, 6.0
_FILES = ("image", "video", "audio", "document", "sticker")


@dataclass
class Pair:
    """One in 6 seconds to the same person, of which 45 may be spent at once."""

    reached: dict[str, float] = field(default_factory=dict)

    def takes(self, to: str) -> bool:
        """Whether one more may go there now."""
        now = time.monotonic()
        after = max(self.reached.get(to, now), now) + SECONDS
        if after - now > BURST * SECONDS:
            return False
        self.reached[to] = after
        return True


def broken(said: dict[str, Any], files: Mapping[str, Any]) -> str | None:
    """What is wrong with a message, if anything is."""
    if said.get("messaging_product") != "whatsapp" or not (said.get("to") or said.get("recipient")):
        return "to whom, and by which product"
    kind = said.get("type")
    if kind not in ("text", "interactive", "template", *_FILES) or kind not in said:
        return "type"
    if not 1 <= len(said.get("biz_opaque_callback_data", "x")) <= 512:
        return "biz_opaque_callback_data"
    return _wrong(kind, said[kind], files)


def _wrong(kind: str, body: dict[str, Any], files: Mapping[str, Any]) -> str | None:
    if kind == "text":
        return None if body["body"].strip() and len(body["body"]) <= 4096 else "text.body"
    if kind == "interactive":
        return _interactive(body)
    if kind == "template":
        texts = [one["text"] for part in body["components"] for one in part["parameters"]]
        return "newlines in a variable" if any("\n" in one or "    " in one or not one or len(one) > 1024 for one in texts) else None
    if body.get("id") not in files:
        return f"{kind}.id"
    if kind == "audio" and "caption" in body:
        return "audio.caption"
    return f"{kind}.caption" if len(body.get("caption", "")) > 1024 else None


def _interactive(body: dict[str, Any]) -> str | None:
    if not body["body"]["text"].strip() or len(body["body"]["text"]) > 1024:
        return "interactive.body"
    if body["type"] == "button":
        replies = [one["reply"] for one in body["action"]["buttons"]]
        return _chosen(replies, 3, 20, 256)
    rows = [row for section in body["action"]["sections"] for row in section["rows"]]
    return "list.button" if not 1 <= len(body["action"]["button"]) <= 20 else _chosen(rows, 10, 24, 200)


def _chosen(many: list[dict[str, str]], most: int, title: int, id_: int) -> str | None:
    if not 1 <= len(many) <= most or len({one["id"] for one in many}) != len(many) or len({one["title"] for one in many}) != len(many):
        return "as many, and each once"
    return "titles" if any(not 1 <= len(one["title"]) <= title or not 1 <= len(one["id"]) <= id_ for one in many) else None
