"""What an OpenAPI document (3.0) says of requests and answers."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml


@dataclass(frozen=True)
class Api:
    """A document."""

    document: Any

    @classmethod
    def of(cls, path: Path) -> "Api":
        """The document in that file."""
        return cls(yaml.load(path.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))  # noqa: S506  # both are safe

    def operation(self, method: str, path: str) -> Any:
        """What is said of it; a path with fewer parameters is meant first. Raises `LookupError`."""
        for template in sorted(self.document["paths"], key=lambda one: one.count("{")):
            pattern = re.sub(r"{\w+}", "[^/]+", template)
            if re.fullmatch(pattern, path) and method.lower() in self.document["paths"][template]:
                return self.document["paths"][template][method.lower()]
        raise LookupError(f"{method} {path}")

    def asked(self, method: str, path: str, query: dict[str, str], body: Any) -> list[str]:
        """What is wrong with a request."""
        operation = self.operation(method, path)
        known = {one["name"]: one["schema"] for one in operation.get("parameters", ()) if one["in"] == "query"}
        wrong = [f"unknown query: {name}" for name in query if name not in known]
        wrong += [
            f"no number: {name}" for name, text in query.items() if known.get(name, {}).get("type") == "integer" and not text.isdecimal()
        ]
        schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        return wrong + (self._wrong(schema, body) if schema is not None else [])

    def answered(self, method: str, path: str, status: int, body: Any) -> list[str]:
        """What is wrong with an answer."""
        answers = self.operation(method, path)["responses"]
        if str(status) not in answers:
            return [f"unknown status: {status}"]
        schema = answers[str(status)].get("content", {}).get("application/json", {}).get("schema")
        return self._wrong(schema, body) if schema is not None else []

    def _wrong(self, schema: Any, body: Any) -> list[str]:
        whole = {"allOf": [schema], "components": self.document["components"]}
        return [f"{list(one.instance_path)}: {one.message}" for one in jsonschema_rs.Draft4Validator(whole).iter_errors(body)]
