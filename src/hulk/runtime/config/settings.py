"""The settings of the runtime itself, section by section. A module declares its own in its `settings.py`."""

import ipaddress
import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from hulk.kernel.text import Text
from hulk.runtime.config.references import Referable
from hulk.runtime.config.units import GB, MB, Duration, Size
from hulk.runtime.validation import Explained


class Section(BaseModel):
    """A part of the settings tree: frozen, and knowing each of its keys. Every field has a default and a `description`."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


QUEUE_NAME = r"^[a-z0-9_-]{1,64}$"
"""What a queue may be called: it is a word of a subject and of a consumer's name on the bus."""


def _workers(value: object) -> object:
    if value == "auto" or (isinstance(value, int) and not isinstance(value, bool) and value > 0):
        return value
    if isinstance(value, str) and value.isdecimal() and int(value) > 0:
        return int(value)
    raise Explained(Text("allowed: auto, or a whole number of at least 1"))


def _zone(value: object) -> object:
    try:
        ZoneInfo(str(value))
    except (ValueError, OSError, KeyError) as error:
        raise Explained(Text("an IANA time zone is expected, such as America/Sao_Paulo or UTC")) from error
    return value


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class ServerSettings(Section):
    """Where and how HTTP is served."""

    host: str = Field(default="127.0.0.1", min_length=1, description="Address to listen on. Any but a loopback address requires API keys.")
    port: int = Field(default=8080, ge=0, le=65535, description="TCP port; 0 takes a free one.")
    read_timeout: Duration = Field(default=timedelta(seconds=30), description="Longest wait for the next part of a request's body.")
    write_timeout: Duration = Field(
        default=timedelta(seconds=60), description="Longest wait, after a request has arrived, for its answer to begin."
    )
    max_body: Size = Field(default=2 * MB, description="Largest request body, uploads excepted.")
    max_hook: Size = Field(default=5 * MB, description="Largest request of the vendor of a channel: some bring 4 MB.")
    max_prompt: Size = Field(default=20 * MB, description="Largest request to a model, with the pictures and files that it holds.")
    max_upload: Size = Field(default=4 * GB, description="Largest file sent to Hulk.")
    rate_limit: float = Field(default=200, gt=0, description="Requests per second that one caller may make, twice as many in a burst.")
    shutdown_timeout: Duration = Field(
        default=timedelta(seconds=10), description="How long a stop waits for what runs before handing it back."
    )

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return _loopback(self.host)


class CertificateSettings(Section):
    """TLS of a server of ours."""

    cert: Path | None = Field(default=None, description="Our certificate (PEM), with those of who signed it. Given: TLS only.")
    key: Path | None = Field(default=None, description="The key of our certificate (PEM).")


class GrpcSettings(Section):
    """Where gRPC is served, beside HTTP."""

    enabled: bool = Field(default=True, description="Whether `hulk up` serves gRPC. It needs the package grpcio (extra `grpc`).")
    host: str = Field(default="127.0.0.1", min_length=1, description="Address to listen on. Any but a loopback address requires API keys.")
    port: int = Field(
        default=50052,
        ge=0,
        le=65535,
        description="TCP port; 0 takes a free one, and so does the default where HTTP takes a free one (`--port 0`).",
    )
    reflection: bool = Field(default=True, description="Whether anybody may ask which services and messages there are.")
    tls: CertificateSettings = Field(default_factory=CertificateSettings)

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return _loopback(self.host)


class EngineSettings(Section):
    """The pool that executes tasks."""

    workers: Annotated[int | Literal["auto"], BeforeValidator(_workers)] = Field(
        default="auto", description="Tasks of each queue executed at once; `auto` is 2 x CPUs."
    )
    max_workers: Annotated[int | Literal["auto"], BeforeValidator(_workers)] = Field(
        default="auto",
        description="How many that may become while tasks wait and the processor does not; `auto` is 4 x `workers`, and fewer is as many.",
    )
    queues: tuple[Annotated[str, Field(pattern=QUEUE_NAME)], ...] = Field(
        default=("default",),
        description="Queues whose tasks this process executes. None (`[]`): it executes nothing, which only a cluster allows.",
    )
    weights: Mapping[str, Annotated[int, Field(ge=1)]] = Field(
        default_factory=dict, description="Shares of tenants while several want to be served, such as `{acme: 3}`; 1 when not named."
    )
    queue_size: int = Field(default=2000, ge=1, description="Tasks that may wait before publishers are held back.")
    timeout: Duration = Field(default=timedelta(seconds=20), description="A step's limit unless it sets its own.")

    @property
    def slots(self) -> int:
        """`workers` as a number."""
        return 2 * (os.cpu_count() or 1) if self.workers == "auto" else self.workers

    @property
    def most_slots(self) -> int:
        """`max_workers` as a number, at least `slots`."""
        return 4 * self.slots if self.max_workers == "auto" else max(self.slots, self.max_workers)


class CacheSettings(Section):
    """The cache's levels: memory, shared, disk."""

    l1_size: int = Field(default=5000, ge=1, description="Entries kept in memory.")
    l2_url: SecretStr = Field(
        default=SecretStr(""), description="Shared cache, `redis://:password@host:6379/0` (Redis or Valkey); empty is none."
    )
    l2_ttl: Duration = Field(default=timedelta(hours=1), description="How long an entry lives in the shared cache.")
    l3_path: Path | None = Field(default=None, description="Folder of the disk snapshots; empty is `cache` in the data folder.")
    l3_size: Size = Field(default=256 * MB, ge=1, description="Most that the disk snapshots may take.")


_POSITIVE = timedelta(0)


class BreakerLimits(Section):
    """When a breaker opens, and for how long."""

    enabled: bool = Field(default=True, description="Whether calls are ever refused.")
    failure_rate: float = Field(default=0.5, gt=0, le=1, description="Share of failed calls in the window at which it opens.")
    slow_rate: float = Field(default=0.9, gt=0, le=1, description="Share of slow calls in the window at which it opens.")
    slow_after: Duration = Field(default=timedelta(seconds=60), gt=_POSITIVE, description="A call that takes longer is slow.")
    minimum_calls: int = Field(default=5, ge=1, description="Calls that must be in the window before the shares mean anything.")
    window: Duration = Field(default=timedelta(seconds=30), gt=_POSITIVE, description="Older calls do not count.")
    window_calls: int = Field(default=100, ge=1, description="Of those, only the last so many count.")
    first_open: Duration = Field(
        default=timedelta(milliseconds=400), gt=_POSITIVE, description="How long it refuses at first; twice as long each time in a row."
    )
    longest_open: Duration = Field(default=timedelta(seconds=30), gt=_POSITIVE, description="How long it refuses at most.")
    calm: Duration = Field(default=timedelta(seconds=30), description="Closed for so long, it begins with the first time again.")
    probe_every: Duration = Field(
        default=timedelta(milliseconds=500), gt=_POSITIVE, description="How often a dependency that is away is probed."
    )

    def limits(self) -> dict[str, Any]:
        """What is set here, durations in seconds."""
        kept = self.model_dump(exclude={"name", "overrides"}, exclude_unset=isinstance(self, BreakerOverride))
        return {name: value.total_seconds() if isinstance(value, timedelta) else value for name, value in kept.items()}


class BreakerOverride(BreakerLimits):
    """Limits for some breakers."""

    name: str = Field(min_length=1, description="`http:example.com`, or a pattern such as `model:*`; what is not set is as above.")


class BreakerSettings(BreakerLimits):
    """What keeps calls from dependencies that are not well."""

    overrides: tuple[BreakerOverride, ...] = Field(default=(), description="Other limits for some breakers; the last that fits wins.")


class TlsSettings(Section):
    """TLS to the servers of a NATS cluster."""

    ca: Path | None = Field(default=None, description="Certificates (PEM) of who signs the servers'. Given: all connections are encrypted.")
    cert: Path | None = Field(default=None, description="Our certificate (PEM), for servers that ask for one.")
    key: Path | None = Field(default=None, description="The key of our certificate (PEM).")


class NatsSettings(Section):
    """The event backbone."""

    urls: tuple[str, ...] = Field(
        default=(), repr=False, description="Servers of a NATS cluster (`nats://host:4222`); none starts the embedded one."
    )
    user: Referable = Field(default="", repr=False, description="User name at that cluster; may be a reference.")
    # `pass` is a Python keyword: the key is as users know it from NATS, the attribute is not.
    password: SecretStr = Field(default=SecretStr(""), alias="pass", description="Password at that cluster.")
    replicas: int = Field(default=1, ge=1, le=5, description="Servers that keep each message: 3 in a cluster of three or more.")
    tls: TlsSettings = Field(default_factory=TlsSettings)


class StoreSettings(Section):
    """The relational store, which is the truth."""

    url: Referable = Field(
        default="",
        repr=False,
        description="`postgresql://user:password@host/database`; empty is SQLite in the data folder. May be a reference.",
    )
    password: SecretStr = Field(default=SecretStr(""), description="Password for `store.url`, in place of one written there.")


class BlobsSettings(Section):
    """Files that were sent or made."""

    path: Path | None = Field(
        default=None,
        description="Folder they are kept in; empty is `blobs` in the data folder. A cluster needs one for all, on a shared disk.",
    )


class WorkerSettings(Section):
    """What `hulk worker` serves: `/health`, `/ready` and `/metrics`."""

    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="Address to listen on. Any but a loopback address requires an API key for `/metrics`.",
    )
    port: int = Field(default=0, ge=0, le=65535, description="TCP port; 0 takes a free one.")


class BitwardenSettings(Section):
    """Bitwarden Secrets Manager, asked with its program `bws`."""

    program: str = Field(default="bws", min_length=1, description="Its command-line program: a name on PATH, or a path.")
    access_token: SecretStr = Field(
        default=SecretStr(""), description="Access token of a machine account; itself a `file:`, `credential:` or `env:` reference."
    )
    server_url: str = Field(
        default="", pattern=r"^(https?://.*)?$", description="A server of your own or the EU's; empty is as `bws` is configured."
    )
    timeout: Duration = Field(default=timedelta(seconds=10), gt=_POSITIVE, description="How long one call of it may take.")


class SecretsSettings(Section):
    """Secrets that other settings refer to."""

    refresh: Duration = Field(
        default=timedelta(seconds=60), ge=timedelta(seconds=1), description="How often they are read anew; on SIGHUP at once."
    )
    bitwarden: BitwardenSettings = Field(default_factory=BitwardenSettings)


class LoggingSettings(Section):
    """What is logged and in which form, always on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level that is written; changeable while running."
    )
    format: Literal["json", "console"] = Field(default="json", description="`json` for machines, `console` for people.")


class TracingSettings(Section):
    """OpenTelemetry traces."""

    enabled: bool = Field(default=False, description="Whether traces are exported. Logs carry trace ids either way.")
    exporter: Literal["otlp"] = Field(default="otlp", description="The protocol: OTLP over HTTP.")
    endpoint: str = Field(default="http://127.0.0.1:4318", min_length=1, description="Collector's address, without `/v1/traces`.")


class MetricsSettings(Section):
    """Prometheus metrics."""

    enabled: bool = Field(default=True, description="Whether `/metrics` is served.")


class TelemetrySettings(Section):
    """What Hulk tells about itself."""

    tracing: TracingSettings = Field(default_factory=TracingSettings)
    metrics: MetricsSettings = Field(default_factory=MetricsSettings)


class LocaleSettings(Section):
    """How people are spoken to when they do not say."""

    language: Literal["pt", "en"] = Field(default="pt", description="Language of answers and errors when a caller names none.")
    timezone: Annotated[str, BeforeValidator(_zone)] = Field(
        default="America/Sao_Paulo", description="IANA time zone in which dates such as “yesterday” are read."
    )


RUNTIME: Mapping[str, type[Section]] = {
    "server": ServerSettings,
    "grpc": GrpcSettings,
    "engine": EngineSettings,
    "cache": CacheSettings,
    "breaker": BreakerSettings,
    "nats": NatsSettings,
    "store": StoreSettings,
    "blobs": BlobsSettings,
    "worker": WorkerSettings,
    "secrets": SecretsSettings,
    "logging": LoggingSettings,
    "telemetry": TelemetrySettings,
    "locale": LocaleSettings,
}
"""The runtime's sections by name."""
