"""A folder served over HTTP, some files of which may be out of order."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class Site(ThreadingHTTPServer):
    """The folder on a free port of 127.0.0.1. What is in `broken` (`/sales.csv`) is answered with 503."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), partial(_Files, directory=str(folder)))
        self.broken = set[str]()

    @property
    def url(self) -> str:
        """Where it begins, without a slash at the end."""
        return f"http://127.0.0.1:{self.server_port}"


class _Files(SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        """The file, or 503."""
        assert isinstance(self.server, Site)
        if self.path in self.server.broken:
            self.send_error(503)
        else:
            super().do_GET()

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@contextmanager
def a_site(folder: Path) -> Iterator[Site]:
    """The folder, served from a thread of its own."""
    with Site(folder) as site:
        thread = threading.Thread(target=site.serve_forever, daemon=True)
        thread.start()
        try:
            yield site
        finally:
            site.shutdown()
            thread.join()
