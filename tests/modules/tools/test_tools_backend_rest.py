"""The rules of the REST client that hold for every backend: what a path may be, what is told of an error, what a header must not hold."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.errors import Refused, Unavailable
from hulk.modules.tools.adapters.backends.rest import Asking, Reply, Rest, at, excerpt, path
from hulk.modules.tools.adapters.backends.rest.failures import of_status, retry_after
from hulk.modules.tools.ports import Uncertain
from hulk.modules.tools.settings.rest import RestSettings
from hulk.runtime.validation import parsed
from support.backends import calling

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


def _reply(status: int, *, writes: bool, headers: dict[str, str] | None = None) -> Reply:
    asking = Asking(method="POST", path="/", writes=writes, again=False)
    return Reply(asking=asking, status=status, headers=headers or {}, body=b"")


@given(st.lists(st.text(min_size=1), min_size=1, max_size=5))
def test_each_part_of_a_path_stays_one_segment_whatever_it_holds(parts: list[str]) -> None:
    if any(part in (".", "..") for part in parts):
        with pytest.raises(Refused):
            path(*parts)
        return
    segments = path(*parts).split("/")[1:]
    assert [unquote(one) for one in segments] == [part.encode("utf-8", "replace").decode() for part in parts]
    assert all(one not in (".", "..", "") for one in segments)


@given(st.text(max_size=2000), st.lists(st.text(min_size=4, max_size=20), max_size=3))
def test_an_excerpt_is_one_short_line_without_secrets(said: str, secrets: list[str]) -> None:
    shown = excerpt("".join([said, *secrets]), secrets)
    assert len(shown) <= 200
    assert shown.isprintable()


@pytest.mark.parametrize("secret", ["abcd", "Bearer tok-1"])
def test_a_secret_in_what_a_server_says_is_not_told(secret: str) -> None:
    assert secret not in excerpt(f"no such key: {secret}", [secret])


@given(st.integers(300, 599), st.booleans())
def test_only_a_write_is_ever_uncertain_and_every_status_has_a_meaning(status: int, writes: bool) -> None:
    error = of_status("It", _reply(status, writes=writes), "")
    assert isinstance(error, Uncertain) <= (writes and status >= 500)
    assert str(status) in str(error)


@pytest.mark.parametrize(
    ("said", "least", "most"),
    [
        pytest.param("7", 7, 7, id="seconds"),
        pytest.param("0.5", 0.5, 0.5, id="part of one"),
        pytest.param("Sun, 06 Nov 1994 08:49:37 GMT", 0, 0, id="a date that is over"),
        pytest.param("99999999", 86400, 86400, id="no more than a day"),
    ],
)
def test_when_to_ask_again_is_read_as_seconds_or_a_date(said: str, least: float, most: float) -> None:
    wait = retry_after(_reply(429, writes=False, headers={"Retry-After": said}))
    assert wait is not None
    assert least <= wait <= most


def test_when_to_ask_again_is_read_as_a_date_to_come() -> None:
    wait = retry_after(
        _reply(429, writes=False, headers={"Retry-After": format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)})
    )
    assert wait is not None
    assert 3000 < wait <= 3600


@given(st.text(max_size=50))
def test_whatever_stands_there_instead_is_no_time_or_a_sensible_one(said: str) -> None:
    wait = retry_after(_reply(429, writes=False, headers={"Retry-After": said}))
    assert wait is None or 0 <= wait <= 86400


@given(_JSON, st.lists(st.text() | st.integers(-3, 3), max_size=4))
def test_what_is_not_there_is_none(data: Any, places: list[str | int]) -> None:
    found = at(data, *places)
    assert found is None or json.dumps(found) in json.dumps(data)


@pytest.mark.parametrize("key", ["two\r\nlines", "ключ", "tab\there"])
async def test_a_key_that_is_none_is_refused_and_not_told(key: str) -> None:
    rest = Rest(name="It", url="http://127.0.0.1:9", headers=lambda: {"X-Key": key})
    with pytest.raises(Refused, match="holds what no key does") as told:
        await rest.read(calling(), "/")
    assert key not in str(told.value)


async def test_a_call_to_nobody_says_that_nothing_was_sent() -> None:
    with pytest.raises(Unavailable, match="Nothing was sent"):
        await Rest(name="It", url="http://no-such-host.invalid").write(calling(), "POST", "/", {})


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        pytest.param("https://erp.example/api/", "https://erp.example/api", id="without the slash at its end"),
        pytest.param("http://[::1]:8080", "http://[::1]:8080", id="IPv6"),
    ],
)
def test_an_address_is_kept_without_the_slash_at_its_end(url: str, kept: str) -> None:
    assert parsed(RestSettings, {"name": "erp", "url": url}).url == kept


@pytest.mark.parametrize(
    "url",
    ["ftp://erp.example", "https://me:pw@erp.example", "https://erp.example?x", "https://erp.example#x", "https://", "https://a b", "erp", "https://é"],
)  # fmt: skip
def test_what_is_no_plain_address_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(Refused) as told:
        parsed(RestSettings, {"name": "erp", "url": url})
    assert "pw@" not in str(told.value)
