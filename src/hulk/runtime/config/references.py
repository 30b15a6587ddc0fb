"""A setting may say where its secret is instead of holding it: `file:/run/secrets/nats`, `env:NATS_PASSWORD`, `bitwarden:<id>`.

    parsed("env:NATS_PASSWORD")        Reference("env", "NATS_PASSWORD")
    parsed("s3cret")                   None: it is the secret
    parsed("literal:env:odd")          None: it is the secret `env:odd`

Which settings may: those of type `SecretStr`, and texts that are marked `Referable`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias, TypeVar, get_args

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from hulk.kernel.text import Text
from hulk.runtime.validation import Explained

M = TypeVar("M", bound=BaseModel)

Kind: TypeAlias = Literal["file", "credential", "env", "bitwarden"]
KINDS: tuple[Kind, ...] = get_args(Kind)
LITERAL = "literal:"
"""Before a secret that begins like a reference."""

_ID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_FORMS: Mapping[Kind, tuple[re.Pattern[str], Text]] = {
    "file": (re.compile(r"/[^\x00]+"), Text("an absolute path, such as file:/run/secrets/name")),
    "credential": (re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*"), Text("a systemd credential's name, such as credential:name")),
    "env": (re.compile(r"[A-Za-z_][A-Za-z0-9_]*"), Text("a variable's name, such as env:NAME")),
    "bitwarden": (re.compile(rf"{_ID}|[^/\s-][^/\x00]*/[^\x00]+"), Text("a secret's id or project/key, such as bitwarden:prod/nats")),
}


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a secret is. Itself no secret: it may be shown."""

    kind: Kind
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


@dataclass(frozen=True, slots=True)
class Mark:
    """On a text setting: it may be a reference, as secrets may."""


Referable: TypeAlias = Annotated[str, Mark()]
"""A text that may be a reference: a user name, a URL with a password."""


def parsed(value: str) -> Reference | None:
    """The reference that `value` is, None when it is the secret itself.

    Raises `Explained` for what begins like a reference and is none; its words do not quote it, since it may be a secret."""
    kind, colon, name = value.partition(":")
    known = next((one for one in KINDS if one == kind and colon), None)
    if known is None:
        return None
    form, expected = _FORMS[known]
    if not form.fullmatch(name):
        raise Explained(
            Text("it begins with {kind}: and is no reference; expected is {expected}. Before a secret that begins so, write literal:",
                 kind=kind, expected=expected)
        )  # fmt: skip
    return Reference(known, name)


def literal(value: str) -> str:
    """The secret that stands in the settings themselves."""
    return value.removeprefix(LITERAL)


def revised(section: M, path: str, change: Callable[[str, str], str]) -> M:
    """`section` with each secret setting as `change` gives it for its dotted name and its value."""
    updates = {
        attribute: _revised(field, getattr(section, attribute), f"{path}.{field.alias or attribute}", change)
        for attribute, field in type(section).model_fields.items()
    }
    changed = {name: value for name, value in updates.items() if value is not getattr(section, name)}
    return section.model_copy(update=changed) if changed else section


def _revised(field: FieldInfo, value: Any, path: str, change: Callable[[str, str], str]) -> Any:
    if isinstance(value, BaseModel):
        return revised(value, path, change)
    if isinstance(value, tuple) and any(isinstance(entry, BaseModel) for entry in value):
        entries = tuple(revised(entry, f"{path}[{place}]", change) for place, entry in enumerate(value))
        return value if all(new is old for new, old in zip(entries, value, strict=True)) else entries
    if isinstance(value, SecretStr):
        new = change(path, value.get_secret_value())
        return value if new == value.get_secret_value() else SecretStr(new)
    if isinstance(value, str) and referable(field):
        new = change(path, value)
        return value if new == value else new
    return value


def referable(field: FieldInfo) -> bool:
    """Whether a text field is marked so."""
    return any(isinstance(mark, Mark) for mark in field.metadata)


def secrets_in(sections: Mapping[str, BaseModel]) -> Iterator[tuple[str, str]]:
    """Name and value, as written, of each secret setting."""
    found: list[tuple[str, str]] = []

    def noted(path: str, value: str) -> str:
        found.append((path, value))
        return value

    for name, section in sections.items():
        revised(section, name, noted)
    yield from found
