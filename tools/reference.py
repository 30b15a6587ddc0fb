"""Write docs/configuration.md and hulk.example.yaml anew from the settings classes: `tools/reference.py [--check]`."""

import sys
from collections.abc import Mapping
from pathlib import Path

from hulk.apps.settings import SECTIONS
from hulk.runtime.config import example, markdown

ROOT = Path(__file__).parent.parent


def written() -> Mapping[Path, str]:
    """What stands in each file."""
    return {ROOT / "docs/configuration.md": markdown(SECTIONS), ROOT / "hulk.example.yaml": example(SECTIONS)}


def main(arguments: list[str]) -> int:
    """Write both files; with `--check` only tell which are not what the code says. Gives the exit code."""
    stale = [path for path, text in written().items() if not path.is_file() or path.read_text("utf-8") != text]
    if arguments == ["--check"]:
        for path in stale:
            sys.stderr.write(f"{path.name} is not what the code says: run `python tools/reference.py`.\n")
        return int(bool(stale))
    for path in stale:
        path.write_text(written()[path], "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
