"""Which addresses may be fetched. Pure rules."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from hulk.kernel.errors import Forbidden, Refused

_EMBEDDING = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))
"""NAT64 (RFC 6052, RFC 8215): the last 32 bits are an IPv4 address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What a GET gave: the status (2xx), the media type without parameters, the bytes as decoded, and the address after redirects."""

    status: int
    media_type: str
    body: bytes
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An address that may be fetched. `local` when its host is allow-listed as `localhost` or as an IP, so it may be private."""

    url: str
    host: str
    local: bool


def allowed(url: str, hosts: tuple[str, ...]) -> Address:
    """`url` if it is http(s) and its host is one of `hosts` (`api.example.com`, or `*.example.com` for any host below it).

    Raises `Refused` for what is no such address, and `Forbidden` naming the host and what is allowed.
    """
    parts = _parts(url)
    host = _ascii(parts.hostname or "", url)
    listed = [entry.strip().lower().rstrip(".").strip("[]") for entry in hosts]
    if not any(_covers(entry, host) for entry in listed):
        raise Forbidden(
            "“{host}” is not an allowed host ({allowed}): add it to the setting `tools.http.allow`.",
            host=host[:200],
            allowed=", ".join(hosts) or "—",
        )
    return Address(url=url, host=host, local=host in listed and (host == "localhost" or _ip(host) is not None))


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
        parts = SplitResult("", "", "", "", "")
    if not usable or any(letter.isspace() or not letter.isprintable() or letter == "\\" for letter in url):
        raise Refused("“{url}” is not an address that can be fetched: write http:// or https:// and a host.", url=ascii(url)[1:201])
    if parts.username is not None:
        raise Refused("An address with a user name or password in it is not fetched: leave them out of “{host}”.", host=parts.hostname)
    return parts


def _ascii(host: str, url: str) -> str:
    host = host.lower().rstrip(".")
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode()
    except UnicodeError as wrong:
        raise Refused(
            "“{url}” is not an address that can be fetched: write http:// or https:// and a host.", url=ascii(url)[1:201]
        ) from wrong


def _covers(entry: str, host: str) -> bool:
    if entry.startswith("*."):
        return host.endswith(entry[1:]) and len(host) > len(entry) - 1 and _ip(host) is None
    return entry == host


def _ip(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet: not private, loopback, link-local, multicast, reserved or shared."""
    ip = _ip(address.partition("%")[0])
    if ip is None:
        return False
    inner = _inside(ip) if isinstance(ip, IPv6Address) else None
    return is_public(str(inner)) if inner else ip.is_global and not ip.is_multicast


def _inside(ip: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for (mapped, 6to4, Teredo, NAT64)."""
    if any(ip in network for network in _EMBEDDING):
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
