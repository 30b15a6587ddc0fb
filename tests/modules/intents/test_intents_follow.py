"""Going on from an intent: what was said is known, and what may have had to stay in the company stays there."""

from typing import Literal

import pytest

from hulk.kernel.money import Money
from hulk.modules.intents.domain import Asked
from hulk.modules.intents.usecases import IntentView, following
from hulk.modules.router import Decision, Turn
from support.intents import START, an_intent


def seen(kind: Literal["skill", "agent", "model"] | None, sensitivity: Literal["public", "p0"], *, private: bool) -> IntentView:
    """An answered intent, as it is shown."""
    intent = an_intent(text="Por que caiu?", answer="Choveu." * 2000, status="completed", private=private)
    decision = kind and Decision(
        id="dec_1", tenant="acme", intent=intent.id, kind=kind, name="x", reasons=(), sensitivity=sensitivity, labels=(), language="pt",
        candidates=(), score=0, margin=0, threshold=0, at=START,
    )  # fmt: skip
    return IntentView(intent=intent, decision=decision or None, tickets=(), artefacts=(), cost=Money.zero("USD"), seconds=1.0)


@pytest.mark.parametrize(
    ("kind", "sensitivity", "private", "stays"),
    [
        pytest.param("skill", "public", False, False, id="public"),
        pytest.param("model", "p0", False, True, id="what was found to be sensitive"),
        pytest.param("model", "public", True, True, id="from where all is"),
        pytest.param("agent", "public", False, True, id="an agent's: it may have seen anything"),
        pytest.param(None, "public", False, True, id="not decided on yet"),
    ],
)
def test_what_may_have_had_to_stay_in_the_company_stays_there(
    kind: Literal["skill", "agent", "model"] | None, sensitivity: Literal["public", "p0"], private: bool, stays: bool
) -> None:
    asked = following(Asked(text="E ontem?"), seen(kind, sensitivity, private=private))
    assert asked.private is stays
    assert asked.turns == (Turn("Por que caiu?", ours=False), Turn(("Choveu." * 2000)[:8000], ours=True))
