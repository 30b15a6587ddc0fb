"""How long steps may take, over the real journal: as long as their file says, not as long as the engine gives to steps that say nothing."""

import asyncio
import random
from datetime import timedelta
from pathlib import Path

import pytest

from hulk.kernel.records import JsonObject
from support.dags.kept import a_mortal_store
from support.dags.plans import FORM, Drawn
from support.dags.proof import proved
from support.dags.rig import Rig
from support.dags.shop import lines
from support.team import a_playbook, an_agent


@pytest.mark.parametrize(
    ("minutes", "state"), [pytest.param(1.0, "completed", id="in time"), pytest.param(0.1 / 60, "failed", id="too late")]
)
async def test_a_model_may_take_as_long_as_its_step_has(tmp_path: Path, minutes: float, state: str) -> None:
    step: JsonObject = {"key": "k", "think": "[slow:k]", "gives": FORM, "minutes": minutes}
    agent = an_agent(playbooks={"play": a_playbook(step, answer="${k.n}")})
    drawn = Drawn(seed=1, agents=(agent,), asked=agent.name, playbook="play", text="espere")
    async with a_mortal_store("", tmp_path) as store:
        rig = Rig(store, tmp_path, drawn, random.Random(1), limit=timedelta(seconds=0.2))
        found = await proved(rig, await rig.live())
    assert found.task.state == state
    assert len(await asyncio.to_thread(lines, rig.notes)) == 1, "it is asked once"
