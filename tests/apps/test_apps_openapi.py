"""The OpenAPI document says what the program does: every operation answers as it describes, whatever it is sent.

Requests are made from the document itself, as it wants them and not, the same ones always.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from support.asgi import Answer, Request, asked
from support.callers import World, a_world
from support.subjects import known
from support.wellformed import WORDS, Known

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance, response_headers_conformance]
EXAMPLES = {GenerationMode.POSITIVE: 2, GenerationMode.NEGATIVE: 1}
CALLERS = ("admin", "platform")
"""An admin of a tenant, and one of the platform, who alone may do some things."""


class Described:
    """A running Hulk on a loop of its own, which the examples share, with its description."""

    def __init__(self, folder: Path) -> None:
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.world: World = self.runner.run(self.stack.enter_async_context(a_world(folder, logging__level="error")))
        self.known: Known = {**WORDS, **self.runner.run(known(self.world))}
        schema = schemathesis.openapi.from_dict(self.world.app.openapi())
        schema.config.update(base_url="http://localhost")
        self.operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]

    def words(self, operation: Any) -> dict[str, str]:
        """For the operation's path: what there is."""
        names = [one.name for one in operation.path_parameters]
        return {name: self.known[name][0] for name in names if name in self.known}

    def answered(self, who: str, case: Any) -> schemathesis.Response:
        """What the application answers to the example."""
        sent = requests.Request(**case.as_transport_kwargs()).prepare()
        return _response(sent, self.runner.run(asked(self.world.app, _request(sent, self.world.keys[who]))))

    def close(self) -> None:
        """End all."""
        self.runner.run(self.stack.aclose())
        self.runner.close()


def _request(sent: requests.PreparedRequest, key: str) -> Request:
    parts = urlsplit(str(sent.url))
    headers = [
        (name.lower().encode(), value if isinstance(value, bytes) else value.encode("latin-1")) for name, value in sent.headers.items()
    ]
    body = sent.body.encode() if isinstance(sent.body, str) else sent.body or b""
    assert isinstance(body, bytes)
    return Request(
        method=str(sent.method),
        target=f"{parts.path}?{parts.query}".encode(),
        headers=(*headers, (b"x-api-key", key.encode())),
        body=(body,),
    )


def _response(sent: requests.PreparedRequest, answer: Answer) -> schemathesis.Response:
    headers: dict[str, list[str]] = {}
    for name, value in answer.headers:
        headers.setdefault(name.decode(), []).append(value.decode("latin-1"))
    return schemathesis.Response(answer.status, headers, answer.body, sent, 0.0, verify=True, encoding="utf-8")


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Described]:
    """One for all examples."""
    found = Described(tmp_path_factory.mktemp("described"))
    try:
        yield found
    finally:
        found.close()


def each(operation: Any, mode: GenerationMode, words: dict[str, str], act: Callable[[Any], None]) -> None:
    """Do that with some examples of the operation's requests: such as the document wants, or such as it does not."""

    @settings(
        max_examples=EXAMPLES[mode], derandomize=True, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )  # fmt: skip
    @given(operation.as_strategy(generation_mode=mode, path_parameters=words))
    def done(case: Any) -> None:
        act(case)

    with contextlib.suppress(Unsatisfiable):  # some take anything: a file is any bytes
        done()


@pytest.mark.parametrize("mode", GenerationMode)
def test_every_operation_answers_as_the_document_says(mode: GenerationMode, described: Described) -> None:
    wrong: dict[str, str] = {}

    def tried(case: Any) -> None:
        for who in CALLERS:
            try:
                case.validate_response(described.answered(who, case), checks=CHECKS)
            except FailureGroup as failures:
                wrong.update({f"{case.method} {case.path}: {one}": who for one in failures.exceptions})

    for operation in described.operations:
        if (
            mode is GenerationMode.POSITIVE or operation.query or operation.body
        ):  # else there is nothing to send that is not as it should be
            each(operation, mode, described.words(operation), tried)
    assert not wrong, "\n\n".join(wrong)


def test_every_answer_with_a_body_is_described_with_its_type(described: Described) -> None:
    answers = {
        f"{method} {path} {status}": bool(answer.get("content"))
        for path, methods in described.world.app.openapi()["paths"].items()
        for method, about in methods.items()
        for status, answer in about["responses"].items()
    }
    bare = [answer for answer, typed in answers.items() if not typed and not answer.endswith((" 204", " 303"))]
    assert bare == []
