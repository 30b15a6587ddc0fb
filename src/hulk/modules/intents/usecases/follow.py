"""Going on from an intent that was answered."""

from dataclasses import replace

from hulk.modules.intents.domain import Asked
from hulk.modules.intents.usecases.show import IntentView
from hulk.modules.router import Turn

_LONGEST_TURN = 8000
"""Characters of an answer that who answers next is told."""


def following(asked: Asked, before: IntentView) -> Asked:
    """What is asked, by somebody to whom `before` is shown and who goes on from there: what was said is known, and stays in the company
    where it may have had to. Of what an agent found it is not known here whether it had to."""
    intent, decision = before.intent, before.decision
    said = (Turn(intent.text, False), *((Turn(intent.answer[:_LONGEST_TURN], True),) if intent.answer else ()))
    private = intent.private or decision is None or decision.sensitivity != "public" or decision.kind == "agent"
    return replace(asked, turns=said, private=asked.private or private)
