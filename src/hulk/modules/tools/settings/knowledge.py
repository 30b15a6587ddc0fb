"""Collections of documents that are searched."""

from pathlib import Path

from pydantic import Field

from hulk.runtime.config import Section


class KnowledgeSettings(Section):
    """Folders of Markdown, text, HTML and PDF files under one name."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,30}$", description="What it is called when it is searched. Each is there once.")
    about: str = Field(default="", max_length=300, description="What is in it, for who chooses where to look.")
    folders: tuple[Path, ...] = Field(min_length=1, description="Where the files are, with all folders below.")
    tenants: tuple[str, ...] = Field(default=("default",), description="The tenants that may search it.")
    sensitive: bool = Field(default=False, description="What is found in it must stay in the company, and is not for everybody.")
    passages: int = Field(default=20_000, ge=100, le=200_000, description="Most passages that are kept of it, in memory (some 5 kB each).")
