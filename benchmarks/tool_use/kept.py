"""The file of answers, from which a stopped run goes on: a line of JSON each, written before the next is asked."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.tool_use.cases import Outcome


class OfAnother(Exception):
    """The folder holds what came of asking another model, or another version of the cases."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Those in a folder. `run` says of what they are: only a run that says the same goes on with them."""

    folder: Path

    @classmethod
    def opened(cls, folder: Path, run: Mapping[str, Any]) -> "Answers":
        """Raises `OfAnother`."""
        folder.mkdir(parents=True, exist_ok=True)
        head = folder / "run.json"
        if head.exists() and (before := json.loads(head.read_text())) != dict(run):
            differs = ", ".join(f"{name}: {before.get(name)!r}, now {run.get(name)!r}" for name in run if before.get(name) != run.get(name))
            raise OfAnother(f"{folder} holds the answers of another run ({differs}): take another folder with --out, or remove it")
        head.write_text(json.dumps(dict(run), indent=1) + "\n")
        return cls(folder)

    @property
    def file(self) -> Path:
        """Where they are."""
        return self.folder / "answers.jsonl"

    def all(self) -> dict[str, Outcome]:
        """By their cases: of each the last; a line that was broken off does not count."""
        lines = self.file.read_text().splitlines() if self.file.exists() else []
        return {one.case: one for one in map(_outcome, lines) if one is not None}

    def add(self, outcome: Outcome) -> None:
        """One more, on disk when this returns."""
        with self.file.open("ab+") as file:
            if size := file.seek(0, os.SEEK_END):
                file.seek(size - 1)
            torn = size and file.read(1) != b"\n"
            file.write(b"\n" * bool(torn) + json.dumps(outcome.kept(), ensure_ascii=False).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


def _outcome(line: str) -> Outcome | None:
    try:
        return Outcome(**json.loads(line))
    except (ValueError, TypeError):
        return None
