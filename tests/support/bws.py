"""Bitwarden's program for tests: its twin, made executable, with a vault that tests fill."""

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from support import bws_twin
from support.bws_twin import TOKEN

__all__ = ["TOKEN", "Bws"]


@dataclass
class Bws:
    """`program` is the executable; it answers from what was `put` last."""

    folder: Path
    vault: dict[str, Any] = field(default_factory=lambda: {"projects": [], "secrets": []})

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.program.write_text(f"#!{sys.executable} -I\n" + Path(bws_twin.__file__).read_text())
        self.program.chmod(0o755)
        self.write()

    @property
    def program(self) -> Path:
        """The executable."""
        return self.folder / "bws"

    def write(self) -> None:
        """Have the program know the vault as it is now, at once."""
        temporary = self.folder / "vault.new"
        temporary.write_text(json.dumps(self.vault))
        temporary.replace(self.folder / "vault.json")

    def project(self, name: str) -> str:
        """The id of a new project."""
        made = {"id": str(uuid4()), "name": name, "creationDate": "2023-06-28T20:13:20Z", "revisionDate": "2023-06-28T20:13:20Z"}
        self.vault["projects"].append(made)
        self.write()
        return made["id"]

    def put(self, key: str, value: str, project: str | None = None) -> str:
        """The id of a new secret."""
        made = {"id": str(uuid4()), "projectId": project, "key": key, "value": value}
        self.vault["secrets"].append(made)
        self.write()
        return str(made["id"])

    def change(self, id_: str, value: str) -> None:
        """Another value for the secret of that id."""
        next(one for one in self.vault["secrets"] if one["id"] == id_)["value"] = value
        self.write()

    def fail(self, fault: str | None, style: str = "report") -> None:
        """From now on it fails so; None: not any more."""
        self.vault |= {"fault": fault, "style": style}
        self.write()

    @property
    def calls(self) -> list[dict[str, Any]]:
        """The arguments and the names of the environment's variables of each call."""
        file = self.folder / "calls.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
