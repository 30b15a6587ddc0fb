"""Where skills of one's own lie: section `skills`."""

from pathlib import Path

from pydantic import Field

from hulk.runtime.config import Section


class SkillsSettings(Section):
    """Skills besides the built-in ones."""

    folders: tuple[Path, ...] = Field(default=(), description="Folders with skills of your own.")
