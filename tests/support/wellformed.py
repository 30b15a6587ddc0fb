"""Well-formed requests to every route, made from the OpenAPI document: what a route takes it is sent, without a list to keep."""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

Known = Mapping[str, Sequence[str]]
"""Words that mean something here, by the name of the parameter or field: ids that there are, names that are taken."""

OFTEN = 8
DEEPEST = 4
MOST = 3

WORDS: Known = {
    "assignee": ["", "person:", "worker_group:x", "agent:x"], "assignees": ["worker_group:x"], "at": ["2099-12-24T18:00"],
    "code": ["refused"], "cron": ["30 8 * * mon-fri", "0 9 1 * *"], "email": ["a@example.com"], "every": ["24h", "90d"],
    "kind": ["report"], "kinds": ["report"], "label": ["env=prod"], "attribute": ["a=b"], "level": ["error"],
    "namespace": ["default", "prod"], "queue": ["other"], "text": ["Is the disk full?", "Find anomalies in sales.csv"],
    "timezone": ["UTC", "America/Sao_Paulo"], "workflow": ["intent", "nope"], "url": ["http://127.0.0.1:1/x.csv"],
    "path": ["examples/sales.csv", "."], "next": ["/v1/me"], "act": ["reset", "isolate"], "language": ["pt", "en"],
    "last-event-id": ["0", "3"], "idempotency-key": ["once"],
}  # fmt: skip
"""Those that mean something everywhere. `level` and `every` are such that the program is not kept busy with what they set off."""

TIMES = ("2026-01-01T00:00:00Z", "2099-12-31T23:59:59-03:00")
PLAIN = ("a", "x1", "something", "Ação", "two words")


@dataclass(frozen=True, slots=True)
class Operation:
    """A method at a path, as the document describes it."""

    method: str
    path: str
    parameters: Sequence[Mapping[str, Any]] = ()
    body: Mapping[str, Any] | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def operations(document: Mapping[str, Any], routes: Sequence[str]) -> list[Operation]:
    """All routes that are served; those that the document leaves out have neither parameters nor body. Those that take neither and are
    dear to answer (the metrics, what the page of the API loads) stand there once, the others `OFTEN`."""
    described = {
        f"{method.upper()} {path}": Operation(method.upper(), path, about.get("parameters", ()), _body(about))
        for path, methods in document["paths"].items()
        for method, about in methods.items()
    }
    plain = [route.replace(":path}", "}") for route in routes]
    found = [described.get(route, _bare(route)) for route in plain]
    return [one for one in found for _ in range(OFTEN if one.path.startswith("/v1/") else 1)]


def _bare(route: str) -> Operation:
    method, _, path = route.partition(" ")
    return Operation(method, path)


def _body(about: Mapping[str, Any]) -> Mapping[str, Any] | None:
    content = about.get("requestBody", {}).get("content", {})
    found: Mapping[str, Any] | None = content.get("application/json", {}).get("schema")
    return found


class Maker:
    """Makes values that schemas describe. `known` are words that go before `WORDS`."""

    def __init__(self, schemas: Mapping[str, Any], known: Known) -> None:
        self.schemas = schemas
        self.known = {**WORDS, **known}

    def value(self, rng: random.Random, schema: Mapping[str, Any], name: str = "", depth: int = 0) -> Any:
        """Some value of that schema; `name` is what it is called where it stands."""
        if "$ref" in schema:
            return self.value(rng, self.schemas[schema["$ref"].rpartition("/")[2]], name, depth)
        if kinds := schema.get("anyOf"):
            return self.value(rng, rng.choice(kinds), name, depth)
        if "const" in schema:
            return schema["const"]
        match schema.get("type"):
            case "object":
                return self._object(rng, schema, depth)
            case "array":
                items = schema.get("items", {})
                least = schema.get("minItems", 0)
                return [self.value(rng, items, name, depth + 1) for _ in range(rng.randint(least, max(least, MOST)))]
            case kind:
                return self._plain(rng, schema, kind, name)

    def _object(self, rng: random.Random, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        required = schema.get("required", ())
        parts = {
            key: self.value(rng, part, key, depth + 1)
            for key, part in schema.get("properties", {}).items()
            if key in required or (depth < DEEPEST and rng.random() < 0.3)
        }
        return parts or ({"n": rng.randint(0, 9)} if schema.get("additionalProperties") is True and rng.random() < 0.5 else {})

    def _plain(self, rng: random.Random, schema: Mapping[str, Any], kind: str | None, name: str) -> Any:
        if kind == "boolean":
            return rng.random() < 0.5
        if kind in ("integer", "number"):
            return 0 if name == "wait" else rng.randint(int(schema.get("minimum", 0)), int(min(schema.get("maximum", 50), 50)))
        if kind == "null" or kind is None:
            return None
        return self.word(rng, name, schema)

    def word(self, rng: random.Random, name: str, schema: Mapping[str, Any]) -> str:
        """A text for that name, one that means something where there is such."""
        known = self.known.get(name, ())
        if "enum" in schema:
            return str(rng.choice([one for one in known if one in schema["enum"]] or schema["enum"]))
        return rng.choice(known or (TIMES if schema.get("format") == "date-time" else PLAIN))


@dataclass(slots=True)
class Draft:
    """A request that can still be changed: the parts of its path, its query, its headers, its body as a value and as bytes."""

    method: str
    path: str
    parts: dict[str, str]
    query: list[tuple[str, str]]
    headers: list[tuple[bytes, bytes]]
    value: Any = None
    body: bytes | None = None

    def target(self) -> bytes:
        """The path with its query, as it goes over the wire."""
        path = self.path
        for name, value in self.parts.items():
            path = path.replace(f"{{{name}}}", quote(value, safe="", errors="surrogatepass"))
        query = "&".join(f"{quote(name)}={quote(value, safe='', errors='surrogatepass')}" for name, value in self.query)
        return (path + (f"?{query}" if query else "")).encode()


def draft(rng: random.Random, operation: Operation, maker: Maker) -> Draft:
    """A well-formed request to that route."""
    made = Draft(operation.method, operation.path, {}, [], [])
    for one in operation.parameters:
        _parameter(rng, made, one, maker)
    if operation.body is not None:
        made.value = maker.value(rng, operation.body)
        made.headers.append((b"content-type", b"application/json"))
    elif operation.path == "/v1/files":
        made.body = b"a,b\n1,2\n"
    return made


def _parameter(rng: random.Random, made: Draft, one: Mapping[str, Any], maker: Maker) -> None:
    name, schema = one["name"], one["schema"]
    if one["in"] == "path":
        made.parts[name] = maker.word(rng, name, schema)
    elif rng.random() < (0.9 if one.get("required") else 0.25):
        found = maker.value(rng, schema, name)
        given = [each for each in (found if isinstance(found, list) else [found]) if each is not None]
        if one["in"] == "query":
            made.query += [(name, spelt(each)) for each in given]
        else:
            made.headers += [(name.encode(), spelt(each).encode()) for each in given[:1]]


def spelt(value: Any) -> str:
    """A value as it stands in a query."""
    return value if isinstance(value, str) else json.dumps(value)
