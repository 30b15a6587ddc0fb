"""The settings in force, typed and frozen, and how they are shown without their secrets."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeVar, cast

from pydantic import BaseModel, SecretStr

from hulk.kernel.errors import NotFound
from hulk.runtime.config.keys import Key, keys
from hulk.runtime.config.references import parsed, revised, secrets_in
from hulk.runtime.config.sections import Modules
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
    SecretsSettings,
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
    secrets: SecretsSettings = field(default_factory=SecretsSettings)
    logging: LoggingSettings = field(default_factory=LoggingSettings)
    telemetry: TelemetrySettings = field(default_factory=TelemetrySettings)
    locale: LocaleSettings = field(default_factory=LocaleSettings)
    modules: Modules = field(default_factory=Modules)
    origins: Mapping[str, Origin] = field(default_factory=dict)
    file: Path | None = None
    """The settings file that was read, if there is one."""
    resolved: bool = False
    """Whether its secrets are the secrets themselves, no longer references."""

    def section(self, kind: type[S]) -> S:
        """The section of that class; raises `NotFound` when it was not among those loaded, which is a mistake in the program."""
        runtime = (getattr(self, name) for name in RUNTIME)
        found = next((one for one in runtime if isinstance(one, kind)), None) or self.modules.of(kind)
        if found is None:
            raise NotFound("There is no settings section {name}.", name=kind.__name__)
        return cast("S", found)

    def written_secrets(self, *sections: str) -> Mapping[str, str]:
        """Each secret setting of those sections, or of all, by its name, with its value as written: the secret, a reference to it, or
        nothing."""
        return dict(secrets_in({name: self._section(name) for name in sections} or self._sections()))

    def with_secrets(self, change: Callable[[str, str], str]) -> "Config":
        """The same settings with each secret that somebody has set as `change` gives it for its name and its value."""
        runtime: dict[str, Any] = {name: revised(getattr(self, name), name, change) for name in RUNTIME}
        modules = self.modules.with_made(lambda name, section: revised(section, name, change))
        return replace(self, **runtime, modules=modules, resolved=True)

    def _sections(self) -> Mapping[str, BaseModel]:
        return {name: self._section(name) for name in (*RUNTIME, *self.modules)}

    def _section(self, name: str) -> BaseModel:
        section: BaseModel = getattr(self, name) if name in RUNTIME else self.modules[name]
        return section

    def effective(self) -> Iterator[Effective]:
        """Every setting with its value in force and where that comes from; secrets and passwords in addresses are masked."""
        values = self._sections()
        for key in keys({name: type(section) for name, section in values.items()}):
            if not key.entry:
                value = _reached(values, key.name)
                yield Effective(key.name, self._shown(key, value), self.origins.get(key.name, "default"))

    def _shown(self, key: Key, value: object) -> str:
        if isinstance(value, SecretStr):
            return self._shown_secret(value.get_secret_value())
        if isinstance(value, tuple):
            return ", ".join(_entry(part) for part in cast("tuple[object, ...]", value))
        return masked(key.written(value))

    def _shown_secret(self, value: str) -> str:
        """Where it is, when it is a reference; else only whether there is one."""
        reference = None if self.resolved else parsed(value)
        return str(reference) if reference else MASK if value else ""


def _reached(values: Mapping[str, BaseModel], name: str) -> object:
    first, *path = name.split(".")
    reached: Any = values[first]
    for part in path:
        attribute = next(attribute for attribute, field in type(reached).model_fields.items() if (field.alias or attribute) == part)
        reached = getattr(reached, attribute)
    return reached


def _entry(value: object) -> str:
    """One entry of a list; a section's secrets mask themselves in its JSON."""
    return value.model_dump_json(exclude_none=True) if isinstance(value, BaseModel) else masked(str(value))
