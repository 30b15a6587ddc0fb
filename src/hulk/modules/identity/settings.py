"""How people log in: section `identity`."""

from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from hulk.kernel.tenancy import DEFAULT_TENANT, EVERYWHERE, Role
from hulk.kernel.text import Text
from hulk.runtime.config import Duration, Section
from hulk.runtime.validation import Explained

_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


def _address(value: str) -> str:
    parts = urlsplit(value)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE)
    if value and (not safe or not parts.hostname or parts.query or parts.fragment or parts.username is not None):
        raise Explained(Text("an https address is expected, without query or password; http only on localhost"))
    return value


Address = Annotated[str, AfterValidator(_address)]


class ClaimGrantSettings(Section):
    """What a value of the claim gives whoever has it."""

    value: str = Field(min_length=1, max_length=400, description="The value, such as the name of a group at the provider.")
    role: Role = Field(description="viewer, operator, approver or admin.")
    namespace: str = Field(default=EVERYWHERE, max_length=63, description="In which namespace; `*` is all.")


class IdentitySettings(Section):
    """Logging in by OpenID Connect."""

    issuer: Address = Field(
        default="", description="The provider's address, exactly as it names itself. Empty: people log in with API keys only."
    )
    client_id: str = Field(default="", max_length=400, description="What Hulk is called at the provider.")
    client_secret: SecretStr = Field(default=SecretStr(""), description="Hulk's secret there; empty for a public client.")
    url: Address = Field(
        default="", description="Where browsers reach Hulk, such as https://hulk.example.com; register this and `/v1/login/callback`."
    )
    scopes: tuple[str, ...] = Field(default=("openid", "email", "profile"), description="What is asked of the provider.")
    tenant: str = Field(default=DEFAULT_TENANT, description="The tenant of those who log in.")
    domains: tuple[str, ...] = Field(default=(), description="E-mail domains whose people may log in without an admin having added them.")
    trust_email: bool = Field(default=False, description="Believe addresses of which the provider does not say whether it verified them.")
    claim: str = Field(default="", max_length=200, description="Claim that says what people may do; empty: admins do.")
    grants: tuple[ClaimGrantSettings, ...] = Field(default=(), description="What each value of that claim gives.")
    idle: Duration = Field(default=timedelta(hours=8), description="How long a session lasts that nobody uses.")
    lifetime: Duration = Field(default=timedelta(hours=24), description="How long a session lasts at most.")
    timeout: Duration = Field(default=timedelta(seconds=10), description="How long the provider may take to answer.")
