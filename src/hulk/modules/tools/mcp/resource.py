"""What MCP is to an authorisation server: protected resources (RFC 9728), of which its tokens must say that they are meant for them.

/mcp           may be called with tokens for  https://hulk.example.com/mcp
/mcp/{server}  with those, and with tokens for  https://hulk.example.com/mcp/{server}
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from hulk.kernel.records import JsonObject

PATH = "/mcp"
WELL_KNOWN = "/.well-known/oauth-protected-resource"
_VIRTUAL = re.compile(rf"{PATH}/[a-z0-9][a-z0-9-]{{0,62}}")
"""Nothing else: the path is repeated in a header."""


@dataclass(frozen=True, slots=True)
class Resource:
    """`url` is where Hulk is reached, `issuer` whose tokens are taken."""

    url: str
    issuer: str

    def audiences(self, path: str) -> Sequence[str]:
        """For which resources a token must be meant that is shown at that path; none: no token is taken there."""
        if path == PATH:
            return (self._at(PATH),)
        return (self._at(path), self._at(PATH)) if _VIRTUAL.fullmatch(path) else ()

    def described(self, path: str) -> str:
        """Where the resource at that path is described."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}{WELL_KNOWN}{parts.path.rstrip('/')}{path}"

    def description(self, path: str = PATH) -> JsonObject:
        """What it says of itself."""
        return {
            "resource": self._at(path), "authorization_servers": [self.issuer], "bearer_methods_supported": ["header"],
            "scopes_supported": ["openid", "email"], "resource_name": "Hulk",
        }  # fmt: skip

    def _at(self, path: str) -> str:
        return f"{self.url.rstrip('/')}{path}"
