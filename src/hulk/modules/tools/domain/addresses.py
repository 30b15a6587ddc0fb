"""Which addresses may be fetched, and what the file there is called. Pure rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from hulk.kernel.addresses import address_name, require_no_password, shown_address
from hulk.kernel.errors import Forbidden, Refused

_EMBEDDING = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))
"""NAT64 (RFC 6052, RFC 8215): the last 32 bits are an IPv4 address."""


ENDINGS = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".json", ".parquet", ".pq")
PACKED = (".gz", ".zst")
"""How text files may be packed besides."""
_MEDIA_TYPES: Mapping[str, str] = {
    "text/csv": ".csv",
    "application/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "text/plain": ".txt",
    "application/json": ".json",
    "application/jsonl": ".jsonl",
    "application/x-ndjson": ".jsonl",
    "application/ndjson": ".jsonl",
    "application/vnd.apache.parquet": ".parquet",
    "application/parquet": ".parquet",
    "application/x-parquet": ".parquet",
}
_PAGES = ("text/html", "application/xhtml+xml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What an answer says before its body: the address after redirects, the media type without parameters, and the file name, if any."""

    url: str
    media_type: str
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An address that may be fetched. `local` when its host is allow-listed as `localhost` or as an IP, so it may be private."""

    url: str
    host: str
    local: bool

    @property
    def shown(self) -> str:
        """What may be told of it."""
        return shown_address(self.url)


def table_name(wanted: str, head: Head) -> str:
    """A name for the fetched file that ends as tables do: the wanted one, the server's, the address's, else by the media type.

    Raises `Refused` for a web page and when nothing tells what kind of file it is."""
    shown = shown_address(head.url)
    if head.media_type in _PAGES:
        raise Refused("{url} is a web page, not a data file: give the address from which the file itself is downloaded.", url=shown)
    names = (wanted, head.name or "", address_name(head.url))
    found = next((name for name in names if _ends_as_table(name)), None)
    if found is None and head.media_type not in _MEDIA_TYPES:
        raise Refused(
            "Nothing tells what kind of file {url} is: its name ends in none of {endings}, and its media type is “{media_type}”.",
            url=shown, endings=", ".join(ENDINGS), media_type=head.media_type[:80],
        )  # fmt: skip
    return _plain(found or wanted + _MEDIA_TYPES[head.media_type])


def _ends_as_table(name: str) -> bool:
    lower = name.lower()
    return lower.endswith((*ENDINGS, *(ending + packed for ending in ENDINGS[:6] for packed in PACKED)))


def _plain(name: str) -> str:
    """What any file system takes: letters, digits and few marks, at most 100 characters from the end."""
    return (
        "".join(letter if letter.isalnum() or letter in ".-_ ()" else "_" for letter in name)[-100:].encode()[-200:].decode(errors="ignore")
    )


def allowed(url: str, hosts: tuple[str, ...]) -> Address:
    """`url` if it is http(s) and its host is one of `hosts` (`api.example.com`, or `*.example.com` for any host below it).

    Raises `Refused` for what is no such address, and `Forbidden` naming the host and what is allowed.
    """
    parts = _parts(url)
    host = _ascii(parts.hostname or "", url)
    listed = [entry.strip().lower().rstrip(".").strip("[]") for entry in hosts]
    if not any(_covers(entry, host) for entry in listed):
        raise Forbidden(
            "“{host}” is not a host that Hulk may fetch from ({allowed}): add it to the list `tools.http.allow` in hulk.yaml and start "
            "Hulk again, or fetch the file yourself and send it with `hulk ask --file`.",
            host=host[:200],
            allowed=", ".join(hosts) or "—",
        )
    return Address(url=url, host=host, local=host in listed and (host == "localhost" or _ip(host) is not None))


def _parts(url: str) -> SplitResult:
    require_no_password(url)
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
        parts = SplitResult("", "", "", "", "")
    if not usable or any(letter.isspace() or not letter.isprintable() or letter == "\\" for letter in url):
        raise _unusable(url)
    return parts


def _unusable(url: str) -> Refused:
    return Refused(
        "“{url}” is not an address that can be fetched: write http:// or https:// and a host.", url=ascii(shown_address(url))[1:201]
    )


def _ascii(host: str, url: str) -> str:
    host = host.lower().rstrip(".")
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode()
    except UnicodeError as wrong:
        raise _unusable(url) from wrong


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
