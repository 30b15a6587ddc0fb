"""What tools may touch: section `tools`."""

from pydantic import Field

from hulk.modules.tools.settings.backend import BackendSettings
from hulk.modules.tools.settings.files import FilesSettings, HttpSettings
from hulk.runtime.config import Section

__all__ = ["BackendSettings", "FilesSettings", "HttpSettings", "ToolsSettings"]


class ToolsSettings(Section):
    """What the tools may read and fetch, and the systems that they act on."""

    files: FilesSettings = Field(default_factory=FilesSettings)
    http: HttpSettings = Field(default_factory=HttpSettings)
