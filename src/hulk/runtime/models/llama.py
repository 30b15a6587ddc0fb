"""The child that serves a local model: `python llama.py`, with one line of JSON on standard input.

    {"file": "/…/model.gguf", "port": 40123, "key": "…", "context": 4096, "slots": 1, "threads": 2, "name": "local"}

Run as a script in a process of its own: a crash of llama.cpp ends only that. It serves OpenAI's API on loopback, for who has the key,
says `{"address": "http://…"}` on standard output when it takes questions, and ends when standard input does, so with whoever started it.
llama.cpp tells errors only (verbosity 1): what it tells above holds pieces of prompts.
"""

import json
import os
import sys
import threading
from typing import Any, TextIO

QUIET = 1
"""llama.cpp's verbosity: errors. From 3 on it quotes what was asked."""

COLD = 0.0
"""The temperature where a question says none: by llama.cpp's own 0.8, a small model named the wrong capital in one of three answers."""


def main() -> None:
    """Serve until standard input ends."""
    words = _words()
    wanted = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    server = served(wanted)
    words.write(json.dumps({"address": server.listening_address}) + "\n")
    words.flush()
    threading.Event().wait()


def _words() -> TextIO:
    """What we say goes there; what llama.cpp prints on standard output goes to standard error."""
    ours = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return ours


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


def served(wanted: dict[str, Any]) -> Any:
    """llama-server with that model, once it is loaded. It has no page, tells nobody what its slots do, and keeps no prompts in memory
    beside those of its slots. Raises `RuntimeError` when it cannot serve."""
    import xllamacpp  # 106 MB, an extra

    params = xllamacpp.CommonParams()
    params.model.path = wanted["file"]
    params.model_alias = {wanted["name"]}
    params.hostnames, params.port, params.api_keys = ["127.0.0.1"], wanted["port"], [wanted["key"]]
    params.n_parallel, params.n_ctx = wanted["slots"], wanted["context"] * wanted["slots"]
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = wanted["threads"]
    params.sampling.temp = COLD
    params.use_jinja, params.verbosity, params.cache_ram_mib = True, QUIET, 0
    params.ui = params.endpoint_slots = params.endpoint_props = params.endpoint_metrics = False
    return xllamacpp.Server(params)


if __name__ == "__main__":
    main()
