"""What may be done to runs while no Hulk works: no more than while one does."""

import pytest

from hulk.apps.helm import TIED, helm_of
from hulk.kernel import ids
from hulk.kernel.durable import Started
from hulk.kernel.errors import Refused
from hulk.modules.agents import STEP, TASK
from hulk.modules.intents import WORKFLOW as INTENT
from hulk.modules.tickets import WORKFLOW as TICKET
from hulk.modules.tools import WORKFLOW as TOOL_CALL
from hulk.runtime.language import voice
from hulk.runtime.outbox import Outbox
from hulk.runtime.store import Store
from hulk.runtime.workflows import Hooks, Journal
from support.runs import KEY


@pytest.mark.parametrize("workflow", [INTENT, TICKET, TOOL_CALL, TASK, STEP])
async def test_a_run_that_belongs_to_what_it_works_for_is_not_copied_nor_given_other_data(store: Store, workflow: str) -> None:
    """A copied step of an agent would call its tools again, under keys of its own."""
    run = ids.new("run")
    await store.commit(Journal(Hooks()).begin(Started(workflow=workflow, data={}, tenant="acme", id=run)))
    steering = helm_of(store, Outbox(store, KEY), voice("en")).steering
    with pytest.raises(Refused, match="cannot be copied"):
        await store.commit(steering.fork(run, ids.new("run"), "thor", index=0, data={"task": "tsk_1"}))
    with pytest.raises(Refused, match="take no other data"):
        await store.commit(steering.replay(run, "thor", data={"task": "tsk_1"}))


def test_all_that_belong_to_what_they_work_for_are_named() -> None:
    assert {INTENT, TICKET, TOOL_CALL, TASK, STEP} == TIED
