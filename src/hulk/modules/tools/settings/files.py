"""What skills may read and fetch."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from hulk.kernel.text import Text
from hulk.runtime.config import Section, Size
from hulk.runtime.validation import Explained

_HOST = re.compile(r"(?:\*\.)?[^\s/:@*?#\[\]]+|\[?[0-9a-fA-F:.]*:[0-9a-fA-F:.]*\]?")
"""A name, `*.` and a name, an IPv4 address, or an IPv6 address with or without brackets."""


class FilesSettings(Section):
    """Files on the server."""

    roots: tuple[Path, ...] = Field(
        default=(), description="Folders under which paths in requests are read; none is the folder in which `hulk up` was started."
    )
    memory_limit: Size = Field(default=512 * 10**6, ge=64 * 10**6, description="Memory that reading one data file may take.")


def _hosts(entries: tuple[str, ...]) -> tuple[str, ...]:
    wrong = next((entry for entry in entries if not _HOST.fullmatch(entry.strip())), None)
    if wrong is not None:
        raise Explained(Text("“{entry}” is no host: write api.example.com or *.example.com, without https://, port or path", entry=wrong))
    return entries


class HttpSettings(Section):
    """Data files at addresses outside."""

    allow: Annotated[tuple[str, ...], AfterValidator(_hosts)] = Field(
        default=(), description="Hosts that may be fetched (`api.example.com`, `*.example.com`); none allows none."
    )
    max_size: Size = Field(default=10**9, ge=10**6, description="Largest data file that is fetched, unpacked from how it was sent.")
