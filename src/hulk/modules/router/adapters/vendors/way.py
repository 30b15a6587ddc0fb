"""A request and its response over the gated transport, in the few words that the dialects need. Imported at the first question: with what
it needs it takes 0.4 s and 30 MB."""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping

import httpx2

from hulk.modules.router.adapters.transport import opened
from hulk.modules.router.adapters.vendors.dialect import Broken, Unreached
from hulk.modules.router.adapters.vendors.events import MOST_BYTES, Overlong
from hulk.modules.router.ports import Gate


class Response:
    """What comes back. `headers` have names in lower case."""

    def __init__(self, response: httpx2.Response) -> None:
        self._response = response
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers

    async def pieces(self) -> AsyncGenerator[bytes]:
        """The body as it comes. Raises `Broken`."""
        with _told():
            async for piece in self._response.aiter_bytes():
                yield piece

    async def read(self, most: int = MOST_BYTES) -> bytes:
        """The whole body. Raises `Broken`, and `Overlong` when it is longer than `most` bytes."""
        body = bytearray()
        async with contextlib.aclosing(self.pieces()) as pieces:
            async for piece in pieces:
                body += piece
                if len(body) > most:
                    raise Overlong
        return bytes(body)


class Way:
    """Connections to models: to those of this company, or to all others."""

    def __init__(self, gate: Gate, *, local: bool) -> None:
        self._client = opened(gate, local=local)

    @contextlib.asynccontextmanager
    async def ask(self, url: str, headers: Mapping[str, str], body: bytes | None, connect_seconds: float) -> AsyncIterator[Response]:
        """POST a body, or GET without one; the connection is closed at the end, if the response was not read whole. Raises
        `Unreached`, `Broken`, and what the gate raises."""
        timeout = httpx2.Timeout(None, connect=connect_seconds)
        with _told():
            request = self._client.build_request("GET" if body is None else "POST", url, headers=headers, content=body, timeout=timeout)
            response = await self._client.send(request, stream=True)
        try:
            yield Response(response)
        finally:
            await response.aclose()

    async def close(self) -> None:
        """Close all of them."""
        await self._client.aclose()


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (httpx2.ConnectError, httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
        raise Unreached from error
    except (httpx2.TransportError, httpx2.DecodingError) as error:
        raise Broken from error
