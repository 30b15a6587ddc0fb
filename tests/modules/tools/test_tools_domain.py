"""Which addresses may be fetched."""

import contextlib
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hulk.kernel.errors import Forbidden, HulkError, Refused
from hulk.modules.tools.domain import allowed, is_public
from hulk.modules.tools.settings import HttpSettings

HOSTS = ("api.example.com", "*.example.org", "localhost", "10.0.0.7", "[::1]", "bücher.example")


@pytest.mark.parametrize(
    ("url", "host", "local"),
    [
        pytest.param("https://api.example.com/a?b=c", "api.example.com", False, id="listed"),
        pytest.param("http://API.Example.COM.:8080/", "api.example.com", False, id="capitals, port and dot"),
        pytest.param("https://a.example.org", "a.example.org", False, id="below a suffix"),
        pytest.param("https://a.b.example.org", "a.b.example.org", False, id="far below a suffix"),
        pytest.param("http://localhost:8000", "localhost", True, id="localhost"),
        pytest.param("http://10.0.0.7/", "10.0.0.7", True, id="listed ip"),
        pytest.param("http://[::1]/", "::1", True, id="listed ipv6"),
    ],
)
def test_what_is_on_the_list_is_allowed(url: str, host: str, local: bool) -> None:
    found = allowed(url, HOSTS)
    assert (found.host, found.local) == (host, local)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://example.org",
        "https://evilexample.org",
        "https://api.example.com.evil.net",
        "https://evil.net/api.example.com",
        "https://evil.net?api.example.com",
        "http://10.0.0.8",
        "http://127.0.0.1",
        "http://[::ffff:10.0.0.7]",
    ],
)
def test_what_is_not_on_the_list_is_forbidden_naming_the_setting(url: str) -> None:
    with pytest.raises(Forbidden, match=r"tools\.http\.allow"):
        allowed(url, HOSTS)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.example.com",
        "ftp://api.example.com",
        "file:///etc/passwd",
        "https://",
        "https://[",
        "https://api.example.com:99999",
        "https://api.example.com:0",
        "https://user:secret@api.example.com",
        "https://evil.net\\@api.example.com",
        "https://api.example.com/a b",
        "https://api.example.com/\r\nX: y",
        "https://\ud800.example.org",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(Refused) as refused:
        allowed(url, HOSTS)
    assert not isinstance(refused.value, Forbidden)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "entry", ["api.example.com", "*.example.org", "localhost", "10.0.0.7", "::1", "[::1]", "bücher.example", " spaced.example "]
)
def test_a_host_may_be_listed(entry: str) -> None:
    assert HttpSettings(allow=(entry,)).allow == (entry,)


@pytest.mark.parametrize("entry", ["https://api.example.com", "api.example.com/a", "localhost:8000", "*", "a@b.example", "", "a b"])
def test_a_listed_entry_that_no_address_could_fit_stops_the_start(entry: str) -> None:
    with pytest.raises(ValidationError, match="is no host"):
        HttpSettings(allow=("api.example.com", entry))


@given(st.text(max_size=80))
def test_any_text_is_allowed_or_refused(text: str) -> None:
    with contextlib.suppress(HulkError):
        assert allowed(text, HOSTS).url == text


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            str(IPv4Address(0)),
            "224.0.0.1",
            "255.255.255.255",
        ),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1"),
        *("2002:7f00:1::", "2001:db8::1", "not an address", str(IPv4Address(0)), "2130706433"),
    ],
)
def test_private_addresses(address: str) -> None:
    assert not is_public(address)
