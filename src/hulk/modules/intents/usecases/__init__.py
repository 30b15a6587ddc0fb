"""The acts of an intent: accept it, run it to its answer, show it."""

from hulk.modules.intents.usecases.accept import WORKFLOW, AcceptIntent
from hulk.modules.intents.usecases.follow import following
from hulk.modules.intents.usecases.run import ReopenIntent, RunIntent
from hulk.modules.intents.usecases.show import IntentView, ShowIntent

__all__ = ["WORKFLOW", "AcceptIntent", "IntentView", "ReopenIntent", "RunIntent", "ShowIntent", "following"]
