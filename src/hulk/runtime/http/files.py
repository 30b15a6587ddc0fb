"""A file as an answer, whole or in part."""

from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse
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


def downloaded(path: Path, media_type: str, name: str) -> Download:
    """The file, shown by a browser only when it is a picture: anything else could be a page."""
    shown = media_type in _PICTURES
    return Download(path, media_type=media_type, filename=name, content_disposition_type="inline" if shown else "attachment")
