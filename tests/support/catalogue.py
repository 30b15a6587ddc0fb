"""The built-in skills as the router sees them."""

from dataclasses import dataclass

from hulk.modules.router import Attachment, Candidate
from hulk.modules.skills.domain.anomalies import answer as anomalies
from hulk.modules.skills.domain.churn import answer as churn
from hulk.modules.skills.domain.forecast import FORECAST
from hulk.modules.skills.domain.profile import answer as profile
from hulk.modules.skills.domain.skill import Skill

SKILLS = {value.name: value for module in (churn, profile, anomalies) for value in vars(module).values() if isinstance(value, Skill)}
SKILLS |= {FORECAST.name: FORECAST}


@dataclass(frozen=True, slots=True)
class Skills:
    """A `Catalogue` of those candidates."""

    all: tuple[Candidate, ...]

    def candidates(self) -> tuple[Candidate, ...]:
        """See `Catalogue`."""
        return self.all


def built_in() -> Skills:
    """All of them."""
    return Skills(tuple(Candidate(name=skill.name, examples=skill.examples, takes=takes(skill)) for skill in SKILLS.values()))


def takes(skill: Skill) -> frozenset[Attachment]:
    """What kinds of attachment a skill works on, by its parameters."""
    kinds: dict[str, Attachment] = {"table": "file", "repository": "repository"}
    return frozenset(kinds[parameter.kind] for parameter in skill.parameters if parameter.kind in kinds)
