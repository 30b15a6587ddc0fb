"""Write docs/asyncapi.json, the description of the bus for other programs: `tools/asyncapi.py [--check]`."""

import json
import sys
from pathlib import Path

from hulk.apps.events import EVENTS
from hulk.runtime.bus import document

PAGE = Path(__file__).parents[1] / "docs" / "asyncapi.json"


def written() -> str:
    """The document as it is kept."""
    return json.dumps(document(EVENTS), ensure_ascii=False, indent=2) + "\n"


def main(arguments: list[str]) -> int:
    """Write it; with `--check` only tell whether it is what the code says. Gives the exit code."""
    if arguments != ["--check"]:
        PAGE.write_text(written(), encoding="utf-8")
        return 0
    stale = not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != written()
    if stale:
        sys.stderr.write("docs/asyncapi.json is not what the code says: run `python tools/asyncapi.py`.\n")
    return int(stale)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
