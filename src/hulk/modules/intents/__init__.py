"""Intents: what somebody asked, kept before anything is done about it, run to an answer as a durable run.

    accept > decide > plan > tickets in parallel > answer

One transaction keeps the intent, its run and its first event; each later step commits its record with its effects.
"""

from hulk.modules.intents.domain import Asked, Intent, Plan, Status, plan_of
from hulk.modules.intents.ports import Decides, Delegated, Intents, Told
from hulk.modules.intents.usecases import WORKFLOW, AcceptIntent, IntentView, ShowIntent

__all__ = [
    "WORKFLOW", "AcceptIntent", "Asked", "Decides", "Delegated", "Intent", "IntentView", "Intents", "Plan", "ShowIntent", "Status", "Told",
    "plan_of",
]  # fmt: skip
