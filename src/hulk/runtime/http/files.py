"""A file as an answer, whole or in part."""

from collections.abc import Mapping
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.types import Message, Receive, Scope, Send


class Download(FileResponse):
    """A file, or the range of it that is asked for (RFC 9110, 14.2); a range that cannot be is told as the problem that it is."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; raises `HTTPException` in the place of Starlette's own refusals, which are plain text."""

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] >= 400:
                sizes = {name: value for name, value in Headers(raw=message["headers"]).items() if name == "content-range"}
                raise HTTPException(message["status"], "the header Range", sizes)
            await send(message)

        await super().__call__(scope, receive, told)


_PICTURES = frozenset({"image/png"})


ATTACHED: Mapping[str, str] = {"content-security-policy": "default-src 'none'; sandbox", "x-content-type-options": "nosniff"}
"""What goes with whatever somebody made: a browser that shows it nevertheless runs and loads nothing of it."""


def downloaded(path: Path, media_type: str, name: str) -> Download:
    """The file, shown by a browser only when it is a picture: anything else could be a page."""
    kind = "inline" if media_type in _PICTURES else "attachment"
    return Download(path, media_type=media_type, filename=name, content_disposition_type=kind, headers=ATTACHED)


def attached(text: str, media_type: str, name: str) -> Response:
    """A text as a file to be kept; `name` is plain ASCII without quotes."""
    headers = {**ATTACHED, "content-disposition": f'attachment; filename="{name}"'}
    return Response(text, media_type=media_type, headers=headers)
