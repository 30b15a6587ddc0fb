"""What tools may touch: section `tools`."""

from pathlib import Path

from pydantic import Field

from hulk.runtime.config import Section, Size


class FilesSettings(Section):
    """Files on the server."""

    roots: tuple[Path, ...] = Field(
        default=(), description="Folders under which paths in requests are read; none is the folder in which `hulk up` was started."
    )
    memory_limit: Size = Field(default=512 * 10**6, ge=64 * 10**6, description="Memory that reading one data file may take.")


class HttpSettings(Section):
    """Addresses outside."""

    allow: tuple[str, ...] = Field(
        default=(), description="Hosts that may be fetched (`api.example.com`, `*.example.com`); none allows none."
    )


class ToolsSettings(Section):
    """What the tools may read and fetch."""

    files: FilesSettings = Field(default_factory=FilesSettings)
    http: HttpSettings = Field(default_factory=HttpSettings)
