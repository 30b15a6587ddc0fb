"""What channels need: the vendors' lines, places where messages are kept, and the rest of Hulk."""

from hulk.modules.channels.ports.around import (
    Admit,
    Approval,
    Approvals,
    Ask,
    Asking,
    Decided,
    Expects,
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
from hulk.modules.channels.ports.keeping import ANYBODY, Contacts, Conversations, Guessed, Inbox, Kept, Outbox, Scene, Sought
from hulk.modules.channels.ports.lines import (
    Accepted,
    Checked,
    Door,
    Edits,
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
from hulk.modules.channels.ports.watching import Figures, Presence, Standings

__all__ = [
    "ANYBODY", "Accepted", "Admit", "Approval", "Approvals", "Ask", "Asking", "Checked", "Contacts", "Conversations", "Decided", "Door",
    "Edits", "Expects", "Feedback", "Figures", "Files", "Guessed", "Heard", "Inbox", "Kept", "Line", "Listens", "Open", "Outbox",
    "Pending", "People", "Presence", "Refusal", "Reply", "Request", "Scene", "Sent", "Serves", "Sought", "Speak", "Standings", "Tickets",
    "Told", "Transcribe", "Uncertain", "Unknowable", "Voices", "Waiting",
]  # fmt: skip
