"""What channels need: the vendors' lines, places where messages are kept, and the rest of Hulk."""

from hulk.modules.channels.ports.around import Ask, Asking, Feedback, Files, People, Speak, Tickets, Transcribe, Voices
from hulk.modules.channels.ports.keeping import Contacts, Conversations, Inbox, Kept, Outbox
from hulk.modules.channels.ports.lines import (
    Accepted,
    Checked,
    Door,
    Heard,
    Line,
    Listens,
    Open,
    Refusal,
    Reply,
    Request,
    Sent,
    Serves,
    Told,
    Uncertain,
    Unknowable,
)

__all__ = [
    "Accepted", "Ask", "Asking", "Checked", "Contacts", "Conversations", "Door", "Feedback", "Files", "Heard", "Inbox", "Kept",
    "Line", "Listens", "Open", "Outbox", "People", "Refusal", "Reply", "Request", "Sent", "Serves", "Speak", "Tickets", "Told",
    "Transcribe", "Uncertain", "Unknowable", "Voices",
]  # fmt: skip
