"""Channels: how people and programs reach Hulk, and are answered. Nothing is lost, nothing is answered twice, and nobody is let in.

    verify the raw bytes > keep (once) > 200 > a run: who is it, what is it > intent
    intent ends > its answer is in the outbox, in the same transaction > sent, those of an address in their order

Each kind of channel is one adapter. A vendor that calls us comes in by `/v1/hooks/{channel}`; at the others we listen.
"""

from hulk.modules.channels.domain import Channel, Directory, Shown, Turn
from hulk.modules.channels.ports import Approval, Asking, Checked, Decided, Waiting
from hulk.modules.channels.usecases import DECISION, TICKET, WORKFLOW, AnswerIntent, TakeArrivals, decision

__all__ = [
    "DECISION", "TICKET", "WORKFLOW", "AnswerIntent", "Approval", "Asking", "Channel", "Checked", "Decided", "Directory", "Shown",
    "TakeArrivals", "Turn", "Waiting", "decision",
]  # fmt: skip
