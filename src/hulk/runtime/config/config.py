"""The settings in force, typed and frozen, and how they are shown without their secrets."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, TypeVar, cast

from pydantic import BaseModel, SecretStr

from hulk.kernel.errors import NotFound
from hulk.runtime.config.keys import Key, keys
from hulk.runtime.config.settings import (
    RUNTIME,
    BlobsSettings,
    BreakerSettings,
    CacheSettings,
    EngineSettings,
    GrpcSettings,
    LocaleSettings,
    LoggingSettings,
    NatsSettings,
    ServerSettings,
    StoreSettings,
    TelemetrySettings,
    WorkerSettings,
)

Origin: TypeAlias = Literal["default", "file", "env", "option"]
"""Where a value comes from."""

S = TypeVar("S", bound=BaseModel)

MASK = "********"
_PASSWORD = re.compile(r"(?<=://)[^/@\s]+(?=@)")


def masked(text: str) -> str:
    """`text` without the user and password of addresses in it."""
    return _PASSWORD.sub(MASK, text)


@dataclass(frozen=True, slots=True)
class Effective:
    """A setting as it is in force, written as text, with secrets masked."""

    key: str
    value: str
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The settings in force. Frozen; a module takes its own by `section`."""

    server: ServerSettings = field(default_factory=ServerSettings)
    grpc: GrpcSettings = field(default_factory=GrpcSettings)
    engine: EngineSettings = field(default_factory=EngineSettings)
    cache: CacheSettings = field(default_factory=CacheSettings)
    breaker: BreakerSettings = field(default_factory=BreakerSettings)
    nats: NatsSettings = field(default_factory=NatsSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    blobs: BlobsSettings = field(default_factory=BlobsSettings)
    worker: WorkerSettings = field(default_factory=WorkerSettings)
    logging: LoggingSettings = field(default_factory=LoggingSettings)
    telemetry: TelemetrySettings = field(default_factory=TelemetrySettings)
    locale: LocaleSettings = field(default_factory=LocaleSettings)
    modules: Mapping[str, BaseModel] = field(default_factory=dict)
    origins: Mapping[str, Origin] = field(default_factory=dict)

    def section(self, kind: type[S]) -> S:
        """The section of that class; raises `NotFound` when it was not among those loaded, which is a mistake in the program."""
        for section in (*self.modules.values(), *(getattr(self, name) for name in RUNTIME)):
            if isinstance(section, kind):
                return section
        raise NotFound("There is no settings section {name}.", name=kind.__name__)

    def effective(self) -> Iterator[Effective]:
        """Every setting with its value in force and where that comes from; secrets and passwords in addresses are masked."""
        values: Mapping[str, BaseModel] = {**{name: getattr(self, name) for name in RUNTIME}, **self.modules}
        for key in keys({name: type(section) for name, section in values.items()}):
            if not key.entry:
                value = _reached(values, key.name)
                yield Effective(key.name, _shown(key, value), self.origins.get(key.name, "default"))


def _reached(values: Mapping[str, BaseModel], name: str) -> object:
    first, *path = name.split(".")
    reached: Any = values[first]
    for part in path:
        attribute = next(attribute for attribute, field in type(reached).model_fields.items() if (field.alias or attribute) == part)
        reached = getattr(reached, attribute)
    return reached


def _shown(key: Key, value: object) -> str:
    if isinstance(value, SecretStr):
        return MASK if value.get_secret_value() else ""
    if isinstance(value, tuple):
        return ", ".join(_entry(part) for part in cast("tuple[object, ...]", value))
    return masked(key.written(value))


def _entry(value: object) -> str:
    """One entry of a list; a section's secrets mask themselves in its JSON."""
    return value.model_dump_json(exclude_none=True) if isinstance(value, BaseModel) else masked(str(value))
