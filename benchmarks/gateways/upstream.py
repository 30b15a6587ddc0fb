"""An OpenAI-like server that answers at once and always the same, so that it is not what is measured. Says its port first."""

import asyncio
import json
import re
import sys

import uvloop

from benchmarks.gateways.prompts import ANSWER, MODEL

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
STREAMING = re.compile(rb'"stream" *: *true')
USAGE = {"prompt_tokens": 80, "completion_tokens": 9, "total_tokens": 89}


def _said(kind: str, **choice: object) -> dict[str, object]:
    chosen = {"index": 0, "finish_reason": None, "logprobs": None, **choice}
    return {"id": "chatcmpl-1", "object": kind, "created": 1763700000, "model": MODEL, "choices": [chosen]}


def _response(kind: str, content: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-type: %s\r\ncontent-length: %d\r\n\r\n%s" % (kind.encode(), len(content), content)


def _events() -> bytes:
    words = [f"{word} " for word in ANSWER.split()]
    told = [_said("chat.completion.chunk", delta={"role": "assistant", "content": word}) for word in words]
    told.append(_said("chat.completion.chunk", delta={}, finish_reason="stop"))
    told.append({**told[-1], "choices": [], "usage": USAGE})
    return b"".join(b"data: " + json.dumps(one).encode() + b"\n\n" for one in told) + b"data: [DONE]\n\n"


_WHOLE = {**_said("chat.completion", message={"role": "assistant", "content": ANSWER}, finish_reason="stop"), "usage": USAGE}
WHOLE = _response("application/json", json.dumps(_WHOLE).encode())
STREAMED = _response("text/event-stream", _events())
MODELS = _response("application/json", json.dumps({"object": "list", "data": [{"id": MODEL, "object": "model"}]}).encode())


class Connection(asyncio.Protocol):
    """One that is kept open; its requests say how long they are."""

    def __init__(self) -> None:
        self._held = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # a server's is always one
        """Remember whom to answer."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request that is whole."""
        self._held += data
        while (head := self._held.find(b"\r\n\r\n")) >= 0:
            length = LENGTH.search(self._held, 0, head)
            end = head + 4 + (int(length[1]) if length else 0)
            if len(self._held) < end:
                return
            self._transport.write(_answer(self._held[:end]))
            self._held = self._held[end:]


def _answer(request: bytes) -> bytes:
    if not request.startswith(b"POST"):
        return MODELS
    return STREAMED if STREAMING.search(request) else WHOLE


async def serve(port: int) -> None:
    """Serve until killed."""
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", port, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]) if sys.argv[1:] else 0))
