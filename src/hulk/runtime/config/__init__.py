"""Settings: YAML, environment and options, read once at start into frozen typed values.

    config = load({"tools": ToolsSettings}, Path("hulk.yaml"), os.environ, {"server.port": 9000})
    config.server.port, config.section(ToolsSettings).http.allow

A module declares its section as a `Section` with `Field(default=…, description=…)`; `Duration` and `Size` are the kinds that
pydantic lacks. The page docs/configuration.md and hulk.example.yaml are made from these classes.
"""

from hulk.runtime.config.adding import added
from hulk.runtime.config.config import Config, Effective, Origin
from hulk.runtime.config.keys import Key, Tree, keys
from hulk.runtime.config.loading import load
from hulk.runtime.config.reference import example, markdown
from hulk.runtime.config.references import Referable, Reference, literal, parsed
from hulk.runtime.config.sections import Modules, Sections
from hulk.runtime.config.settings import (
    RUNTIME,
    BitwardenSettings,
    BlobsSettings,
    BreakerLimits,
    BreakerOverride,
    BreakerSettings,
    CacheSettings,
    EngineSettings,
    GrpcSettings,
    LocaleSettings,
    LoggingSettings,
    NatsSettings,
    SecretsSettings,
    Section,
    ServerSettings,
    StoreSettings,
    TelemetrySettings,
    TlsSettings,
    TracingSettings,
    WorkerSettings,
)
from hulk.runtime.config.units import Duration, Size

__all__ = [
    "RUNTIME",
    "BitwardenSettings",
    "BlobsSettings",
    "BreakerLimits",
    "BreakerOverride",
    "BreakerSettings",
    "CacheSettings",
    "Config",
    "Duration",
    "Effective",
    "EngineSettings",
    "GrpcSettings",
    "Key",
    "LocaleSettings",
    "LoggingSettings",
    "Modules",
    "NatsSettings",
    "Origin",
    "Referable",
    "Reference",
    "SecretsSettings",
    "Section",
    "Sections",
    "ServerSettings",
    "Size",
    "StoreSettings",
    "TelemetrySettings",
    "TlsSettings",
    "TracingSettings",
    "Tree",
    "WorkerSettings",
    "added",
    "example",
    "keys",
    "literal",
    "load",
    "markdown",
    "parsed",
]
