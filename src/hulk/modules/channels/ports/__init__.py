"""What channels need: the vendors' lines, places where messages are kept, and the rest of Hulk."""

from hulk.modules.channels.ports.around import (
    Admit,
    Ask,
    Asking,
    Decided,
    Feedback,
    Files,
    Pending,
    People,
    Speak,
    Tickets,
    Transcribe,
    Voices,
    Waiting,
)
from hulk.modules.channels.ports.keeping import Contacts, Conversations, Inbox, Kept, Outbox, Scene
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
from hulk.modules.channels.ports.watching import Figures, Standings

__all__ = [
    "Accepted", "Admit", "Ask", "Asking", "Checked", "Contacts", "Conversations", "Decided", "Door", "Feedback", "Figures", "Files",
    "Heard", "Inbox", "Kept", "Line", "Listens", "Open", "Outbox", "Pending", "People", "Refusal", "Reply", "Request", "Scene", "Sent",
    "Serves", "Speak", "Standings", "Tickets", "Told", "Transcribe", "Uncertain", "Unknowable", "Voices", "Waiting",
]  # fmt: skip
