"""MCP servers that somebody else wrote."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from hulk.kernel.text import Text
from hulk.modules.tools.domain import Trust
from hulk.modules.tools.settings.backend import BackendSettings
from hulk.runtime.config import Section, Size
from hulk.runtime.validation import Explained

_HERE = ("localhost", "127.0.0.1", "::1")


class ClientSettings(Section):
    """Who Hulk is to the authorisation server that gives tokens for the MCP server (OAuth 2.1, client credentials)."""

    id: str = Field(min_length=1, max_length=400, description="The client's id there.")
    secret: SecretStr = Field(description="The client's secret there.")
    issuer: str = Field(pattern=r"^https?://\S+$", description="The authorisation server's address, exactly as it calls itself.")
    scope: str = Field(default="", description="What the tokens should allow, with spaces between; empty is what the server gives.")


class MountedServerSettings(BackendSettings):
    """An MCP server: a program that Hulk starts, or one at an address. Its tools are used only once somebody has approved them."""

    command: tuple[str, ...] = Field(default=(), description="The program that is started, and its arguments.")
    url: str = Field(default="", pattern=r"^(https?://\S+)?$", description="The address of a server that runs elsewhere.")
    env: Mapping[str, str] = Field(default={}, description="Environment of the program; it gets nothing of Hulk's own.")
    secrets: Mapping[str, SecretStr] = Field(default={}, description="Environment of the program that is never shown.")
    headers: Mapping[str, SecretStr] = Field(default={}, description="Headers that go to the address with each request.")
    client: ClientSettings | None = Field(default=None, description="For a server at an address that wants OAuth tokens.")
    read: tuple[str, ...] = Field(
        default=(),
        description="Tools that change nothing, by the server's own names (`list_*`); its own word is not believed.",
    )
    trust: Trust = Field(
        default="approval", description="`approval`: no tool is used before somebody approved it; `first_use`: what it says at first is."
    )
    memory_limit: Size = Field(default=10**9, ge=16 * 10**6, description="Memory that the program and all that it starts may take.")
    max_size: Size = Field(default=8 * 10**6, ge=10**5, le=10**8, description="Largest message that is taken from it.")
    start_timeout: float = Field(default=30.0, gt=0, le=600, description="Seconds until it must be ready, or have said what it can.")

    @model_validator(mode="after")
    def _one_way(self) -> "MountedServerSettings":
        if bool(self.command) == bool(self.url):
            raise Explained(Text("a server has either a command or a url"))
        if self.command and (self.headers or self.client):
            raise Explained(Text("headers and client are for a url; a program gets secrets"))
        if self.url and (self.env or self.secrets):
            raise Explained(Text("env and secrets are for a command; a url gets headers"))
        return self

    @model_validator(mode="after")
    def _in_private(self) -> "MountedServerSettings":
        parts = urlsplit(self.url)
        if parts.scheme == "http" and (self.headers or self.client) and parts.hostname not in _HERE:
            raise Explained(Text("headers and tokens go over https only, but to this machine"))
        if parts.username or parts.password:
            raise Explained(Text("a url holds no password: give it as a header"))
        return self
