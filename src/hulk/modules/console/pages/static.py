"""What browsers load besides pages: each file at an address with a piece of its SHA-256, so that it may be kept for ever."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import Response

from hulk.kernel.errors import NotFound

FOLDER = Path(__file__).parents[1] / "static"
_TYPES: Mapping[str, str] = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".txt": "text/plain"}
_YEAR = 31_536_000
_VENDORED = re.compile(r"vendor/([a-z]+)-(\d[\d.]*)\.min\.\w+")


@cache
def _files() -> Mapping[str, tuple[str, bytes, str]]:
    """By name: its mark, its bytes, its type."""
    found = {}
    for file in sorted(FOLDER.rglob("*")):
        if file.suffix in _TYPES:
            body = file.read_bytes()
            found[file.relative_to(FOLDER).as_posix()] = (hashlib.sha256(body).hexdigest()[:16], body, _TYPES[file.suffix])
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendored:
    """A file that others have written and that is served with ours. `licence` is its SPDX id."""

    file: str
    name: str
    version: str
    licence: str
    sha256: str


_LICENCES: Mapping[str, str] = {"htmx": "0BSD", "uplot": "MIT"}


def vendored() -> Sequence[Vendored]:
    """All of them, with what they are."""
    found = []
    for name, (_, body, _) in _files().items():
        match = _VENDORED.fullmatch(name)
        if match:
            mark = hashlib.sha256(body).hexdigest()
            found.append(Vendored(file=name, name=match[1], version=match[2], licence=_LICENCES[match[1]], sha256=mark))
    return found


def address_of(name: str) -> str:
    """Where the file `console.css` is found."""
    return f"/console/static/{_files()[name][0]}/{name}"


def static_routes() -> APIRouter:
    """The files."""
    router = APIRouter(prefix="/console/static", include_in_schema=False)

    @router.get("/{mark}/{name:path}")
    async def file(mark: str, name: str) -> Response:
        found = _files().get(name)
        if found is None or found[0] != mark:
            raise NotFound("There is no file {name} here.", name=name[:80])
        headers = {"cache-control": f"public, max-age={_YEAR}, immutable", "content-security-policy": "default-src 'none'"}
        return Response(found[1], media_type=found[2], headers=headers)

    return router
