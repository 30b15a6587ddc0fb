"""A mailbox."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from hulk.kernel.text import Text
from hulk.modules.channels.settings.channel import ChannelSettings
from hulk.runtime.validation import Explained

_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
_HOST = r"^[A-Za-z0-9.:-]+$"
_NAME = r"^[A-Za-z0-9._-]+$"


def _address(text: str) -> str:
    local, _, domain = text.partition("@")
    if not local or "." not in domain or not text.isascii() or any(char in text for char in ' <>,;:"()[]\\') or "@" in domain:
        raise Explained(Text("an address such as hulk@example.com"))
    return text.lower()


def _token_endpoint(url: str) -> str:
    parts = urlsplit(url)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE)
    if url and (not safe or not parts.hostname or parts.username or parts.fragment):
        raise Explained(Text("an address of https, without a password: what is said there are secrets"))
    return url


class EmailSettings(ChannelSettings):
    """A mailbox of Hulk's own, heard by IMAP and answered by SMTP."""

    address: Annotated[str, AfterValidator(_address)] = Field(
        max_length=200, description=Text("Its address, from which answers come.").msgid
    )
    called: str = Field(default="Hulk", max_length=80, description="What stands beside the address in people's mail programs.")
    authserv: str = Field(
        min_length=1, max_length=255, pattern=_NAME,
        description=Text(
            "What the server that receives its mail calls itself in `Authentication-Results`, such as "
            "`mx.google.com`: only that is believed about who a mail is from."
        ).msgid,
    )  # fmt: skip
    password: SecretStr = Field(
        default=SecretStr(""),
        description=Text("The mailbox's password; where the provider has them, one for this program only. Not with `oauth_url`.").msgid,
    )
    oauth_url: Annotated[str, AfterValidator(_token_endpoint)] = Field(
        default="", max_length=500,
        description="Where access tokens are given (OAuth 2.0), in place of a password: Gmail `https://oauth2.googleapis.com/token`, "
        "Microsoft 365 `https://login.microsoftonline.com/TENANT/oauth2/v2.0/token`.",
    )  # fmt: skip
    oauth_client: str = Field(default="", max_length=500, description="The id of the app that is registered there.")
    oauth_secret: SecretStr = Field(default=SecretStr(""), description=Text("The app's secret; empty for an app that has none.").msgid)
    oauth_refresh: SecretStr = Field(
        default=SecretStr(""),
        description=Text(
            "A refresh token, by which it acts for who gave it (Gmail). Empty: for itself, by its secret (Microsoft 365)."
        ).msgid,
    )
    oauth_scope: str = Field(
        default="", max_length=500,
        description="What is asked for: Microsoft 365 `https://outlook.office365.com/.default`; with a refresh token it may be empty.",
    )  # fmt: skip
    user: str = Field(default="", max_length=255, description="The name to log in with; empty: the address.")
    imap_host: str = Field(pattern=_HOST, max_length=255, description=Text("The server by which it is read.").msgid)
    imap_port: int = Field(default=993, ge=1, le=65535, description="Its port: 993 for `tls`, 143 for `starttls`.")
    imap_security: Literal["tls", "starttls", "plain"] = Field(
        default="tls", description="How the line is made safe; `plain` only on this machine (localhost)."
    )
    smtp_host: str = Field(pattern=_HOST, max_length=255, description=Text("The server that takes what it sends.").msgid)
    smtp_port: int = Field(default=465, ge=1, le=65535, description="Its port: 465 for `tls`, 587 for `starttls`.")
    smtp_security: Literal["tls", "starttls", "plain"] = Field(
        default="tls", description="How the line is made safe; `plain` only on this machine (localhost)."
    )
    smtp_user: str = Field(default="", max_length=255, description="The name to log in with there; empty: the same.")
    smtp_password: SecretStr = Field(default=SecretStr(""), description=Text("The password there; empty: the same.").msgid)
    ca: str = Field(default="", description="File (PEM) of whoever certifies both servers; empty: those that everybody knows.")
    folder: str = Field(default="INBOX", min_length=1, max_length=200, pattern=r"^[ -~]+$", description="The folder that is heard.")
    sent: str = Field(
        default="", max_length=200, pattern=r"^[ -~]*$",
        description="The folder where the server itself keeps what it was given to send (Gmail: `[Gmail]/Sent Mail`): there it is looked "
        "up whether a mail went out. Empty: it keeps none.",
    )  # fmt: skip
    trust_people: bool = Field(default=True, description="Whether an address that is proven makes somebody who has that account.")
    probes: bool = Field(default=True, description="Whether a check sends a mail to itself, and removes it when it has arrived.")

    @model_validator(mode="after")
    def _one_way_in(self) -> "EmailSettings":
        if self.oauth_url and not (self.oauth_client and (self.oauth_secret.get_secret_value() or self.oauth_refresh.get_secret_value())):
            raise Explained(Text("oauth_url needs oauth_client, and oauth_secret or oauth_refresh"))
        if not self.oauth_url and not self.password.get_secret_value():
            raise Explained(Text("password is missing, or oauth_url for access tokens in its place"))
        return self

    @model_validator(mode="after")
    def _safe(self) -> "EmailSettings":
        for name, host, security in (
            ("imap_security", self.imap_host, self.imap_security), ("smtp_security", self.smtp_host, self.smtp_security),
        ):  # fmt: skip
            if security == "plain" and host not in _HERE:
                raise Explained(Text("{name} may be plain for localhost only: passwords would be readable on the way", name=name))
        return self
