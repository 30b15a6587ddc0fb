"""The file of answers, from which a stopped run goes on: a line of JSON each, written before the next is asked."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.tool_use.cases import Outcome


class OfAnother(Exception):
    """The folder holds what came of asking another model, or another version of the cases."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Those in a folder. `run` says of what they are: only a run that says nothing else goes on with them."""

    folder: Path

    @classmethod
    def opened(cls, folder: Path, run: Mapping[str, str]) -> "Answers":
        """Those of a run, and of earlier ones that said other things besides (the version of another set). Raises `OfAnother`."""
        folder.mkdir(parents=True, exist_ok=True)
        head = folder / "run.json"
        before: dict[str, str] = json.loads(head.read_text()) if head.exists() else {}
        if differing := [name for name in run if before.get(name, run[name]) != run[name]]:
            told = ", ".join(f"{name}: {before[name]!r}, now {run[name]!r}" for name in differing)
            raise OfAnother(f"{folder} holds the answers of another run ({told}): take another folder with --out, or remove it")
        head.write_text(json.dumps(before | dict(run), indent=1) + "\n")
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
