"""Twins of the vendors of models, each a process of its own that speaks the vendor's HTTP API as its official client reads it.

    with openai_twin() as url: …            # up to and with /v1
    with anthropic_twin() as url: …         # /v1
    with gemini_twin() as url: …            # /v1beta

What a twin does is said by the model that is asked for, or by the header `x-twin` (see `scenarios`). It keeps what it was sent, and its own
bill: `seen(url)`, `state(url)`. Checked with the vendors' official clients in tests/modules/router/test_router_twins.py.
"""

import contextlib
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_TESTS = Path(__file__).parents[2]


@dataclass(frozen=True)
class State:
    """What a twin has done: requests that it answered, the tokens that it would bill, streams under way, and how many clients hung up."""

    requests: int
    answered: int
    input_tokens: int
    output_tokens: int
    streaming: int
    hung_up: int


@contextlib.contextmanager
def twin(dialect: str, port: int = 0) -> Iterator[str]:
    """The root address of a running twin. Given a port, it can be switched off and on."""
    command = [sys.executable, "-u", "-m", "support.twins.serving", dialect, str(port)]
    with subprocess.Popen(command, cwd=_TESTS, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.kill()


@contextlib.contextmanager
def openai_twin(port: int = 0) -> Iterator[str]:
    """OpenAI's chat completions, models and embeddings."""
    with twin("openai", port) as url:
        yield f"{url}/v1"


@contextlib.contextmanager
def anthropic_twin(port: int = 0) -> Iterator[str]:
    """Anthropic's messages and models."""
    with twin("anthropic", port) as url:
        yield f"{url}/v1"


@contextlib.contextmanager
def gemini_twin(port: int = 0) -> Iterator[str]:
    """Gemini's generateContent, streamGenerateContent and models."""
    with twin("gemini", port) as url:
        yield f"{url}/v1beta"


def seen(url: str) -> Any:
    """All bodies that arrived at the twin of that address, in order."""
    return _got(url, "/seen")


def state(url: str) -> State:
    """How the twin of that address is."""
    return State(**_got(url, "/state"))


def _got(url: str, path: str) -> Any:
    parts = urlsplit(url)
    with urllib.request.urlopen(f"{parts.scheme}://{parts.netloc}{path}") as response:  # noqa: S310  # our own twin
        return json.load(response)
