"""Programs that may be run in a sandbox."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from hulk.kernel.text import Text
from hulk.modules.tools.settings.backend import BackendSettings
from hulk.runtime.config import Size
from hulk.runtime.validation import Explained

_SHELLS = frozenset(["ash", "bash", "busybox", "dash", "fish", "ksh", "mksh", "sh", "tcsh", "zsh"])


def _programs(entries: tuple[str, ...]) -> tuple[str, ...]:
    for entry in entries:
        words = entry.split(" ")
        if not all(words) or "/" in words[0] or not entry.isprintable():
            raise Explained(
                Text("“{entry}” is no program: write its name (`jq`), or its name and first arguments (`git log`)", entry=entry)
            )
        if words[0] in _SHELLS and words[1:] != ["-c"]:
            raise Explained(Text("“{entry}” runs whatever it is told: if that is wanted, write `{name} -c`", entry=entry, name=words[0]))
    return entries


class ShellSettings(BackendSettings):
    """A sandbox: each command runs alone, sees little, and leaves nothing behind."""

    outside: bool = Field(
        default=False, description="Whether what it is given leaves the company: with a network it does, whatever is said."
    )
    programs: Annotated[tuple[str, ...], AfterValidator(_programs)] = Field(
        min_length=1, description="What may be run: names (`jq`), or names with their first arguments (`git log`, `sh -c`)."
    )
    folders: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,30}$")], Path] = Field(
        default_factory=dict, description="Folders that it may read, never write; it sees each under `/data/NAME`."
    )
    network: bool = Field(default=False, description="Whether it has this machine's network, with all that listens there on loopback.")
    cpu: int = Field(default=30, ge=1, le=3600, description="Seconds of CPU of all its processes together.")
    memory_limit: Size = Field(default=512 * 2**20, ge=16 * 2**20, description="Memory of all its processes together.")
    processes: int = Field(default=64, ge=1, le=4096, description="Processes and threads at once.")
    scratch: Size = Field(default=128 * 2**20, ge=2**20, le=16 * 2**30, description="Room for its files, which are kept in memory.")
    file_size: Size = Field(default=64 * 2**20, ge=2**10, description="Its largest file.")
    output: Size = Field(
        default=32 * 2**10, ge=2**10, le=2**20, description="What is given of its standard output, and as much of its errors."
    )
    files: int = Field(default=20, ge=0, le=200, description="Most files that are given of those that it makes.")
    files_size: Size = Field(default=200_000, ge=0, le=900_000, description="Most bytes of these files together.")
    at_once: int = Field(default=2, ge=1, le=64, description="Most commands at once; others wait.")
