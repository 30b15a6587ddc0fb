"""Agents whose process ends in the middle and begins again: builders for tests."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from hulk.kernel.errors import HulkError, retold
from hulk.kernel.records import JsonObject
from hulk.kernel.time import Clock, utc_now
from hulk.modules.agents import STEP, TASK, Agent, AgentBook
from hulk.modules.agents.adapters.hands import GovernedHands
from hulk.modules.agents.ports import Hands
from hulk.modules.agents.wiring import Needs, wired
from hulk.modules.tools import Calling, Output
from hulk.runtime.language import voice
from hulk.runtime.store import Store
from support.team import Team, as_they_were


class Killed(BaseException):
    """The process is no more."""


@dataclass
class DiesOnce:
    """The process ends in the middle of the first act, before that is done."""

    asked: int = 0

    async def __call__(self, _: str, __: Calling) -> Output | None:
        self.asked += 1
        if self.asked == 1:
            raise Killed
        return None


def why(error: JsonObject | None) -> HulkError:
    """What something failed with."""
    assert error is not None
    return retold(error)


def restarted(
    team: Team, store: Store, agent: Agent, hands: Hands | None = None, values: Mapping[str, JsonObject] | None = None,
    clock: Clock = utc_now,
) -> None:  # fmt: skip
    """The program begins again, with that agent in the place of its own, and with those hands."""
    place = team.place
    needs = Needs(
        runs=place.desk, trail=place.trail, commit=store.commit, models=team.models, hands=hands or GovernedHands(place.acts),
        ask=place.tickets.ask, voices=voice, standing=as_they_were, clock=clock,
    )  # fmt: skip
    made = wired(replace(team.agents, book=AgentBook([agent])), values or {}, needs)
    place.desk.workflows |= {TASK: made.task, STEP: made.step}
