"""One thing that was said, and what is answered."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import structlog

from hulk.kernel.errors import HulkError
from hulk.kernel.text import Language, Text, Voice
from hulk.modules.channels.adapters.speech import aloud
from hulk.modules.channels.adapters.wyoming.events import Event, write
from hulk.modules.channels.adapters.wyoming.hearing import arrival, conversation, decided, language
from hulk.modules.channels.domain import Arrival, Button, Outgoing, split
from hulk.modules.channels.domain.arrival import LONGEST_TEXT
from hulk.modules.channels.ports import Told

log = structlog.get_logger(__name__)
_MOST_ASKED = 256
"""Conversations in which we wait for a yes or no."""
_TAKEN_WITHIN = 10.0


@dataclass(slots=True)
class Talk:
    """What was asked in each conversation, and what answers. One for all connections: Home Assistant opens a new one for each sentence."""

    told: Told
    voices: Callable[[Language], Voice]
    clock: Callable[[], datetime]
    longest: int
    fallback: Language
    _asked: OrderedDict[str, tuple[Button, ...]] = field(default_factory=OrderedDict, init=False)

    async def __call__(self, event: Event, wait: float, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Have what was said worked on, and say what came of it within `wait` seconds. Raises `OSError` when nobody is there any more to
        hear it: then it is kept for later."""
        text, asked = event.data.get("text"), self._asked.pop(conversation(event.data), ())
        if not isinstance(text, str) or not text.strip():
            return await self._out(writer, event, "not-handled", self._words(event, Text("I did not understand that.")))
        answered = decided(text) if asked else None
        if answered is False and len(asked) == 1:
            return await self._out(writer, event, "handled", self._words(event, Text("All right.")))
        came = arrival(text, event.data, self.clock())
        if answered is not None:
            came = replace(came, kind="press", pressed=asked[0 if answered else -1].data)
        try:
            await self._given(came, event, wait, reader, writer)
        except HulkError as error:
            log.warning("wyoming_not_answered", code=error.code, reason=str(error))
            await self._out(writer, event, "not-handled", self._words(event, error.text))
        return None

    async def _given(self, came: Arrival, event: Event, wait: float, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with self.told(came, wait) as reply:
            if reader.at_eof() or writer.is_closing():
                raise ConnectionResetError("who asked is gone")
            words = "" if reply.message is None else self._spoken(reply.message, event)
            await self._out(writer, event, "handled" if reply.taken else "not-handled", words)

    def _spoken(self, message: Outgoing, event: Event) -> str:
        """As much as is listened to; where there is more, or something is asked, so that a yes or no answers it."""
        parts = split(aloud(message.text), self.longest)
        first, buttons = (parts[0] if parts else ""), message.buttons
        if not buttons or (len(buttons) == 1 and len(parts) < 2):
            return first
        self._asked[conversation(event.data)] = buttons[:2]
        while len(self._asked) > _MOST_ASKED:
            self._asked.popitem(last=False)
        return f"{first}\n{buttons[0].text}" if len(buttons) == 1 else first

    def _words(self, event: Event, text: Text) -> str:
        return self.voices(language(event.data.get("language")) or self.fallback).say(text)

    async def _out(self, writer: asyncio.StreamWriter, event: Event, type_: str, text: str) -> None:
        """The context goes back as it came, so that whoever asks knows which conversation it was."""
        context = event.data.get("context")
        data: dict[str, Any] = {"text": text, **({"context": context} if isinstance(context, dict) else {})}
        async with asyncio.timeout(_TAKEN_WITHIN):
            await write(writer, Event(type_, data))

    def more(self, said: str, event: Event) -> str:
        """What was said up to now, with what a piece of it adds; not more than is taken."""
        piece = event.data.get("text")
        return (said + piece)[: LONGEST_TEXT + 1] if isinstance(piece, str) else said
