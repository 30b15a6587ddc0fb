"""The skills by name."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hulk.kernel.errors import NotFound, Refused
from hulk.kernel.text import Voice
from hulk.modules.skills.domain.skill import Skill


@dataclass(frozen=True, slots=True)
class Book:
    """All skills of an installation. Raises `Refused` when two have one name."""

    skills: tuple[Skill, ...]

    def __post_init__(self) -> None:
        names = [skill.name for skill in self.skills]
        for name in names:
            if names.count(name) > 1:
                raise Refused("Two skills have the name “{name}”. Rename one.", name=name)

    def __iter__(self) -> Iterator[Skill]:
        return iter(self.skills)

    def get(self, name: str) -> Skill:
        """The skill; raises `NotFound`."""
        for skill in self.skills:
            if skill.name == name:
                return skill
        raise NotFound("There is no skill “{name}” in this Hulk: it may have been removed since.", name=name)

    def titles(self, voice: Voice) -> list[tuple[str, str]]:
        """Title and one example of each skill, in the reader's words."""
        return [(voice.say(skill.title), _example(skill, voice)) for skill in self.skills]


def _example(skill: Skill, voice: Voice) -> str:
    others: Sequence[str] = [sentence for sentences in skill.examples.values() for sentence in sentences]
    return (skill.examples.get(voice.language) or others)[0]
