"""A twin of the package xllamacpp, where the real one is too heavy: as much of it as `hulk.runtime.models.llama` uses.

The "model" is a JSON file that says how it does: `load` seconds, `broken` for one that cannot be loaded, `hold` bytes of memory. It prints
what it is asked on standard error, as llama.cpp may, answers every question with `answer`, and ends with a fault when asked for `DIE`.
Written after what llama-server 11549 was seen to answer; tests/journeys/test_journey_local.py runs the real one.
"""

import json
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any


class CommonParams(SimpleNamespace):
    """What may be set."""

    def __init__(self) -> None:
        super().__init__(
            model=SimpleNamespace(path=""), cpuparams=SimpleNamespace(), cpuparams_batch=SimpleNamespace(), sampling=SimpleNamespace()
        )


class Server:
    """Loads, then listens, as the real one does while it is made."""

    def __init__(self, params: Any) -> None:
        how = json.loads(Path(params.model.path).read_text())
        time.sleep(how.get("load", 0))
        if how.get("broken"):
            print("llama_model_load: error loading model: no such thing", file=sys.stderr, flush=True)
            raise RuntimeError("Failed to init server, please check the input params.")
        self._held = bytearray(b"x" * how.get("hold", 0))
        try:
            self._http = _Http(("127.0.0.1", params.port), _Answering)
        except OSError:
            print("couldn't bind HTTP server socket", file=sys.stderr, flush=True)
            raise
        self._http.how, self._http.params = how, params
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    @property
    def listening_address(self) -> str:
        """Where."""
        return f"http://127.0.0.1:{self._http.server_port}"


class _Http(ThreadingHTTPServer):
    how: dict[str, Any]
    params: Any


class _Answering(BaseHTTPRequestHandler):
    server: _Http
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/health":
            self._send({"status": "ok"})
        elif self._allowed():
            self._send({"data": [{"id": name} for name in self.server.params.model_alias]})

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["content-length"])).decode()
        print(f"got: {asked}", file=sys.stderr, flush=True)
        if not self._allowed():
            return
        body = json.loads(asked)
        if "DIE" in body["messages"][-1]["content"]:
            print(f"ggml.c:1: GGML_ASSERT(n > 0) failed while at {asked}", file=sys.stderr, flush=True)
            os.kill(os.getpid(), signal.SIGABRT)
            threading.Event().wait()
        self._answer(body)

    def _answer(self, body: dict[str, Any]) -> None:
        words, usage = self.server.how.get("answer", "Brasília."), {"prompt_tokens": 12, "completion_tokens": 3}
        head = {"id": "chatcmpl-1", "created": int(time.time()), "model": body["model"]}
        if not body.get("stream"):
            choice = {"index": 0, "message": {"role": "assistant", "content": words}, "finish_reason": "stop"}
            self._send({**head, "object": "chat.completion", "choices": [choice], "usage": usage})
            return
        chunks: list[dict[str, Any]] = [
            {"choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]} for piece in (words[:3], words[3:])
        ]
        chunks += [{"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}, {"choices": [], "usage": usage}]
        told = [json.dumps({**head, "object": "chat.completion.chunk", **chunk}) for chunk in chunks]
        self._reply(200, "text/event-stream", "".join(f"data: {one}\n\n" for one in (*told, "[DONE]")).encode())

    def _allowed(self) -> bool:
        allowed = self.headers.get("authorization") in {f"Bearer {key}" for key in self.server.params.api_keys}
        if not allowed:
            self._reply(401, "application/json", b'{"error":{"code":401,"message":"Invalid API Key","type":"authentication_error"}}')
        return allowed

    def _send(self, body: dict[str, Any]) -> None:
        self._reply(200, "application/json", json.dumps(body).encode())

    def _reply(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        """Nothing."""
