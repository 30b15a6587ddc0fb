"""Under which names, and from which pages, MCP may be reached (MCP 2025-11-25, “Security Warning” of Streamable HTTP: DNS rebinding)."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from hulk.kernel.errors import Forbidden
from hulk.modules.tools.settings import McpSettings

_HERE = ("localhost", "127.0.0.1", "[::1]")
_ANY = frozenset(("0.0.0.0", "::", ""))  # noqa: S104  # compared, not bound


@dataclass(frozen=True, slots=True)
class Guard:
    """`hosts` and `origins` as the protocol's own library takes them: exact, or with `:*` for any port."""

    hosts: Sequence[str]
    origins: Sequence[str]

    @classmethod
    def of(cls, settings: McpSettings, listening: str, public: str) -> "Guard":
        """For a server that listens on that address, and is known to browsers under that URL (empty: it is not)."""
        parts = urlsplit(public)
        named = [*_HERE, *([] if listening in _ANY else [f"[{listening}]" if ":" in listening else listening])]
        hosts = dict.fromkeys([*(one for name in named for one in (name, f"{name}:*")), *filter(None, [parts.netloc]), *settings.hosts])
        own = [f"http://{one}" for name in named for one in (name, f"{name}:*")]
        ours = [f"{parts.scheme}://{parts.netloc}"] if parts.netloc else []
        return cls(tuple(hosts), tuple(dict.fromkeys([*own, *ours, *settings.origins])))

    def require(self, headers: Headers) -> None:
        """Raises `Forbidden` for another name or another site's page."""
        host, origin = headers.get("host", ""), headers.get("origin")
        if not _covered(host, self.hosts):
            raise Forbidden(
                "Over MCP, Hulk is not reached as “{host}” ({allowed}): add that name to `tools.mcp.hosts`.",
                host=host[:100], allowed=", ".join(self.hosts),
            )  # fmt: skip
        if origin is not None and not _covered(origin, self.origins):
            raise Forbidden("Pages of “{origin}” may not use Hulk over MCP: add the site to `tools.mcp.origins`.", origin=origin[:100])


def _covered(value: str, allowed: Sequence[str]) -> bool:
    return value in allowed or any(_any_port(value, one) for one in allowed if one.endswith(":*"))


def _any_port(value: str, pattern: str) -> bool:
    return value.startswith(pattern[:-1]) and value[len(pattern) - 1 :].isdecimal()
