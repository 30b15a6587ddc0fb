"""What is said of every system that is asked over HTTP."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from hulk.kernel.text import Text
from hulk.modules.tools.settings.backend import BackendSettings
from hulk.runtime.validation import Explained


def _plain(url: str) -> str:
    try:
        parts = urlsplit(url)
        plain = parts.hostname and parts.port != 0 and not (parts.username or parts.password or parts.query or parts.fragment)
    except ValueError:
        plain = False
    if not plain or not (url.isascii() and url.isprintable()) or "?" in url or "#" in url:
        raise Explained(Text("an address such as https://host/path, without a name, a password, `?` or `#`"))
    return url.rstrip("/")


Address = Annotated[str, Field(pattern=r"^https?://\S+$"), AfterValidator(_plain)]
"""Where a server is, without a slash at the end."""


class RestSettings(BackendSettings):
    """A system that is asked over HTTP."""

    url: Address = Field(description="Its address.")
