"""Write docs/configuration.md and hulk.example.yaml anew from the settings classes: `python tools/reference.py`."""

from pathlib import Path

from hulk.apps.settings import SECTIONS
from hulk.runtime.config import example, markdown

ROOT = Path(__file__).parent.parent


def main() -> None:
    """Write both files."""
    (ROOT / "docs/configuration.md").write_text(markdown(SECTIONS), "utf-8")
    (ROOT / "hulk.example.yaml").write_text(example(SECTIONS), "utf-8")


if __name__ == "__main__":
    main()
