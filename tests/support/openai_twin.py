"""A twin of an OpenAI-compatible `/v1/chat/completions` server (not streaming), as a process of its own.

What it does is chosen by the model that is asked for: `echo` answers with the last message, `cut` stops at the token limit,
`limited` says 429 with Retry-After, `down` 500, `slow` waits 5 s, `truncated` breaks off, `garbage` sends no JSON, `flaky` fails
every first time. The key `wrong` is refused. `GET /seen` gives all bodies that arrived. Given a port, it can be switched off and on.
"""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_SEEN: list[Any] = []


class _Twin(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self._json(200, _SEEN)

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        _SEEN.append(asked)
        if self.headers.get("authorization") == "Bearer wrong":
            self._json(401, {"error": {"message": "bad key", "type": "invalid_request_error", "code": "invalid_api_key"}})
        elif self.path != "/v1/chat/completions" or asked["model"] not in _ANSWERS:
            self._json(404, {"error": {"message": "no such model", "type": "invalid_request_error", "code": "model_not_found"}})
        else:
            _ANSWERS[asked["model"]](self, asked)

    def _json(self, status: int, body: object, **headers: str) -> None:
        self._bytes(status, json.dumps(body).encode(), **headers)

    def _bytes(self, status: int, data: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"content-type": "application/json", "content-length": str(len(data)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def answer(self, asked: Any, finish: str = "stop") -> None:
        """The last message back, with a token per word."""
        said = asked["messages"][-1]["content"]
        sent = sum(len(message["content"].split()) for message in asked["messages"])
        message = {"role": "assistant", "content": f"You said: {said}"}
        usage = {"prompt_tokens": sent, "completion_tokens": len(said.split()) + 2, "total_tokens": sent + len(said.split()) + 2}
        choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": None}
        fixed = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1763700000, "model": asked["model"]}
        self._json(200, {**fixed, "choices": [choice], "usage": usage})

    def cut(self, asked: Any) -> None:
        """As if the token limit had come."""
        self.answer(asked, "length")

    def limited(self, _: Any) -> None:
        """Too many requests."""
        self._json(429, {"error": {"message": "slow down", "type": "requests", "code": "rate_limit_exceeded"}}, retry_after="7")

    def down(self, _: Any) -> None:
        """Trouble of its own."""
        self._json(500, {"error": {"message": "boom", "type": "server_error", "code": None}})

    def slow(self, asked: Any) -> None:
        """Later than anybody waits."""
        time.sleep(5)
        with contextlib.suppress(OSError):
            self.answer(asked)

    def truncated(self, _: Any) -> None:
        """Half of what was promised."""
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", "5000")
        self.end_headers()
        self.wfile.write(b'{"id": "chatcmpl-1", "choi')
        self.close_connection = True

    def garbage(self, _: Any) -> None:
        """Not what was asked for."""
        self._bytes(200, b"<html>proxy login</html>")

    def flaky(self, asked: Any) -> None:
        """Fails, then answers, in turn."""
        turn = sum(1 for seen in _SEEN if seen["model"] == "flaky")
        if turn % 2:
            self.down(asked)
        else:
            self.answer(asked)


_ANSWERS = {
    "echo": _Twin.answer,
    "cut": _Twin.cut,
    "limited": _Twin.limited,
    "down": _Twin.down,
    "slow": _Twin.slow,
    "truncated": _Twin.truncated,
    "garbage": _Twin.garbage,
    "flaky": _Twin.flaky,
}


@contextlib.contextmanager
def openai_twin(port: int = 0) -> Iterator[str]:
    """The address of a running twin, up to and with /v1."""
    with subprocess.Popen([sys.executable, "-u", __file__, str(port)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
        finally:
            process.kill()


def main() -> None:
    """Serve until killed; says its port first."""
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), _Twin)
    print(server.server_address[1])
    server.serve_forever()


if __name__ == "__main__":
    main()
