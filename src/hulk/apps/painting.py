"""Rich text for whoever sits at the terminal: tables, colours, Markdown. Programs that only wait do without it (`terminal.announce`)."""

import sys

from rich.console import Console

out = Console(highlight=False, width=None if sys.stdout.isatty() else 240)
err = Console(stderr=True, highlight=False)
