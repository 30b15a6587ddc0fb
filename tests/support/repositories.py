"""Real git repositories with fixed authors and dates."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Repository:
    """A git repository in `path`, made by the git program."""

    path: Path

    def git(self, *arguments: str, moment: str = "2026-11-01T12:00:00+00:00", author: str = "Ana") -> str:
        """Run git there as that person at that moment; give what it writes."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.path),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_AUTHOR_NAME": author,
            "GIT_AUTHOR_EMAIL": f"{author.lower()}@example.com",
            "GIT_COMMITTER_NAME": author,
            "GIT_COMMITTER_EMAIL": f"{author.lower()}@example.com",
            "GIT_AUTHOR_DATE": moment,
            "GIT_COMMITTER_DATE": moment,
        }
        command = ["git", "-c", "protocol.file.allow=always", *arguments]
        return subprocess.run(command, cwd=self.path, env=environment, check=True, capture_output=True).stdout.decode(errors="replace")

    def write(self, name: str | bytes, text: str) -> None:
        """Write a file of the working tree."""
        path = os.path.join(os.fsencode(self.path), os.fsencode(name))  # noqa: PTH118  # pathlib has no names in bytes
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
        with open(path, "w") as file:  # noqa: PTH123
            file.write(text)

    def commit(self, files: dict[str, str], moment: str, author: str = "Ana", message: str = "change") -> str:
        """Write `files` (text by name), commit all; give the commit's id."""
        for name, text in files.items():
            self.write(name, text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message, moment=moment, author=author)
        return self.git("rev-parse", "HEAD").strip()


def repository(path: Path) -> Repository:
    """An empty repository in the new folder `path`, on the branch `main`."""
    path.mkdir(parents=True)
    made = Repository(path)
    made.git("init", "--quiet", "--initial-branch=main")
    return made


def lines(count: int, word: str = "line") -> str:
    """A text of that many lines, each different."""
    return "".join(f"{word} {number}\n" for number in range(count))
