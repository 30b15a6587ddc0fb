"""Servers that may be asked by address."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator

from hulk.kernel.text import Text
from hulk.modules.tools.settings.backend import BackendSettings
from hulk.modules.tools.settings.rest import Address
from hulk.runtime.config import Section, Size
from hulk.runtime.validation import Explained

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]
_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "accept-encoding", "content-type"})


class HeaderSettings(Section):
    """A header that goes with each request."""

    name: HeaderName = Field(description="As `Authorization`.")
    value: SecretStr = Field(description="As `Bearer …`.")

    @field_validator("name")
    @classmethod
    def _not_ours(cls, name: str) -> str:
        if name.lower() in _OURS:
            raise Explained(Text("{name} is set by Hulk for each request", name=name))
        return name


class EndpointSettings(Section):
    """What may be asked below one address."""

    prefix: Address = Field(description="Addresses that begin so may be asked: `https://erp.example.com/api/v1`.")
    methods: tuple[Method, ...] = Field(default=("GET", "HEAD"), description="Which methods; writing ones only if they are named.")
    headers: tuple[HeaderSettings, ...] = Field(default=(), description="Headers that go with each request, as for a key.")
    private: bool = Field(default=False, description="Whether the server is on a private network.")
    idempotency: HeaderName | None = Field(
        default=None, description="The header by which the server takes a key that makes it act once (`Idempotency-Key`)."
    )


class RequestsSettings(BackendSettings):
    """Servers that have no backend of their own here."""

    endpoints: tuple[EndpointSettings, ...] = Field(default=(), description="Which may be asked. None allows none.")
    max_size: Size = Field(default=1_000_000, ge=1000, le=50_000_000, description="Largest answer that is read.")
