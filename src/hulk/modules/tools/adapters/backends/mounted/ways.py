"""How a server is reached: as a program that we start, or at an address."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from hulk.modules.tools.adapters.backends.mounted.hiding import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program that speaks MCP on its standard input and output. It gets `env` and `secrets` as its environment, and nothing of ours;
    `PATH` and `HOME`, which is `folder`, where they do not say. It is started in `folder`, which is made when it is not there."""

    command: tuple[str, ...]
    folder: Path
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Secret] = field(default_factory=dict)

    @property
    def print(self) -> str:
        """Changes when a secret does: then it has to be started again."""
        return _print(self.secrets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Who we are to the authorisation server `issuer`, from which tokens for the MCP server are got (OAuth 2.1, client credentials)."""

    id: str
    secret: Secret
    issuer: str
    scope: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """A server at an address that speaks streamable HTTP. `headers` go to it with each request, as they are then."""

    url: str
    headers: Mapping[str, Secret] = field(default_factory=dict)
    client: Client | None = None

    @property
    def secrets(self) -> Mapping[str, Secret]:
        """All that must not be shown."""
        return {**self.headers, **({"client": self.client.secret} if self.client else {})}

    @property
    def print(self) -> str:
        """Changes when the client's secret does; headers are looked at with each request anyway."""
        return _print({"client": self.client.secret}) if self.client else ""


Way: TypeAlias = Program | Remote


def _print(secrets: Mapping[str, Secret]) -> str:
    return hashlib.sha256("\0".join(f"{name}={secret()}" for name, secret in secrets.items()).encode()).hexdigest()
