"""Addresses in what is asked: taken when they can be, refused without being kept when they hold a password."""

import pytest

from hulk.kernel.errors import Refused
from hulk.modules.intents.api import SourceBody
from hulk.modules.intents.domain import Asked
from hulk.modules.skills import Source


@pytest.mark.parametrize(
    ("url", "name", "called"),
    [
        pytest.param("https://example.com/vendas.csv?ano=2025", None, "vendas.csv", id="by its path"),
        pytest.param("https://example.com/export", "vendas.csv", "vendas.csv", id="by what a person calls it"),
    ],
)
def test_a_source_may_be_a_file_at_an_address(url: str, name: str | None, called: str) -> None:
    assert SourceBody(kind="file", url=url, name=name).source() == Source(kind="file", name=called, url=url)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        pytest.param(SourceBody(kind="file"), "exactly one of path", id="nothing"),
        pytest.param(SourceBody(kind="file", url="https://host/a.csv", path="a.csv"), "exactly one of path", id="two"),
        pytest.param(SourceBody(kind="repository", url="https://host/a.git"), "clone it", id="repository"),
        pytest.param(SourceBody(kind="file", url="https://ana:s3nha@host/a.csv"), "user name or password", id="password"),
        pytest.param(SourceBody(kind="repository", url="https://s3nha@host/a.git"), "user name or password", id="token"),
    ],
)
def test_a_source_that_cannot_be_is_refused(body: SourceBody, told: str) -> None:
    with pytest.raises(Refused, match=told) as refused:
        body.source()
    assert "s3nha" not in str(refused.value)


@pytest.mark.parametrize("text", ["perfil de https://ana:s3nha@host/a.csv", "veja (HTTPS://s3nha@host)", "https://ana:s3n/ha@host/a.csv"])
def test_a_text_with_a_password_in_an_address_is_not_accepted(text: str) -> None:
    with pytest.raises(Refused) as refused:
        Asked(text=text).checked()
    assert "s3n" not in str(refused.value)


def test_a_text_with_an_address_is_accepted() -> None:
    asked = Asked(text="perfil de https://host:8080/@ana/a.csv")
    assert asked.checked() is asked
