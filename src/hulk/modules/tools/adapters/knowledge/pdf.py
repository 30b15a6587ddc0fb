"""The text of a PDF file as JSON: `python -I pdf.py <file>`, a process of its own, because a PDF is a program for who reads it."""

import json
import resource
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pypdf import PdfReader

MISSING = 3
"""How it ends without pypdf."""
_MEMORY, _SECONDS, _PAGES, _CHARACTERS = 1 << 30, 60, 2000, 5_000_000


def main() -> None:
    """Write it; what goes wrong is said on standard error, in one line."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    try:
        from pypdf import PdfReader  # only this process needs it
        from pypdf.errors import PyPdfError
    except ImportError:
        sys.exit(MISSING)
    try:
        found = _read(PdfReader(sys.argv[1]))
    except (PyPdfError, OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, MemoryError) as error:
        sys.exit(f"{type(error).__name__}: {error}".replace("\n", " ")[:200])
    json.dump(found, sys.stdout)


def _read(reader: "PdfReader") -> dict[str, Any]:
    pages, room = [], _CHARACTERS
    for page in reader.pages[:_PAGES]:
        pages.append(page.extract_text()[:room])
        room -= len(pages[-1])
    return {"title": str((reader.metadata and reader.metadata.title) or "").strip(), "pages": pages}


if __name__ == "__main__":
    main()
