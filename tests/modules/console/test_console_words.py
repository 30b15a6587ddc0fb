"""What the API says in one word, pages say in their reader's."""

from typing import get_args

import pytest

from hulk.modules.agents.domain.memory.memory import Kind as MemoryKind
from hulk.modules.agents.domain.plan import Status as StepStatus
from hulk.modules.agents.domain.task import State as TaskState
from hulk.modules.channels.domain.arrival import Kind as ArrivalKind
from hulk.modules.channels.domain.message import State as MessageState
from hulk.modules.console.pages.templating import WORDS
from hulk.modules.console.pages.timeline import KINDS
from hulk.modules.console.pages.trace import CHARGES
from hulk.modules.finops.domain.charges import Status as ChargeStatus
from hulk.modules.tickets.domain.ticket import Status as TicketStatus
from hulk.modules.tools.domain.call import Status as CallStatus
from hulk.modules.tools.domain.pinning import State as PinState
from hulk.runtime.breaker.breaker import State as BreakerState
from hulk.runtime.workflows.queries.timeline import Kind as EntryKind

FATES = (
    "asked", "commanded", "deleted", "edited", "feedback", "heard", "ignored", "moved", "opened", "overheard", "pressed", "refused",
    "stale", "unknown", "failed",
)  # fmt: skip
"""What becomes of what comes in at a channel."""
EVENTS = (
    "created", "leased", "started", "given_back", "lease_lost", "woken", "released", "commented", "overdue", "bounded", "approved",
    "rejected", "completed", "failed", "skipped", "cancelled", "reopened",
)  # fmt: skip
"""Of the history of a ticket."""


@pytest.mark.parametrize("words", [pytest.param(FATES, id="arrivals"), pytest.param(EVENTS, id="tickets")])
def test_what_became_of_it_is_told_too(words: tuple[str, ...]) -> None:
    assert [word for word in words if word not in WORDS] == []


@pytest.mark.parametrize(
    ("said", "known"),
    [
        pytest.param(MemoryKind, WORDS, id="what an agent remembers"),
        pytest.param(StepStatus, WORDS, id="steps of plans"),
        pytest.param(TaskState, WORDS, id="tasks of agents"),
        pytest.param(ArrivalKind, WORDS, id="what comes in"),
        pytest.param(MessageState, WORDS, id="what goes out"),
        pytest.param(TicketStatus, WORDS, id="tickets"),
        pytest.param(CallStatus, WORDS, id="calls of tools"),
        pytest.param(PinState, WORDS, id="tools of others"),
        pytest.param(BreakerState, WORDS, id="breakers"),
        pytest.param(EntryKind, KINDS, id="a run's timeline"),
        pytest.param(ChargeStatus, CHARGES, id="the money of a call"),
    ],
)
def test_each_word_of_the_api_that_pages_show_is_told_in_the_readers_language(said: object, known: dict[str, object]) -> None:
    assert [word for word in get_args(said) if word not in known] == []
