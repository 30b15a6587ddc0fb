"""What is asked of Meta besides sending: files, whether it works, and to show that work is under way."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hulk.kernel.errors import Forbidden, NotFound, Refused, TooLarge, Unauthenticated, Unavailable
from hulk.modules.channels.domain import Attached
from support.twins.whatsapp import NUMBER, PERSON, Meta, meta
from support.whatsapp import HOOK, line


@pytest.fixture(scope="module")
def running() -> Iterator[Meta]:
    with meta() as twin:
        yield twin


@pytest.fixture
def twin(running: Meta) -> Meta:
    running.reset()
    return running


async def test_working_marks_as_read_and_shows_typing(twin: Meta) -> None:
    async with line(twin) as to:
        await to.working(PERSON, "wamid.HBgN1")
        await to.working(PERSON, "")
    [asked] = twin.seen()
    assert asked["body"] == {
        "messaging_product": "whatsapp", "status": "read", "message_id": "wamid.HBgN1", "typing_indicator": {"type": "text"},
    }  # fmt: skip


async def test_a_file_is_fetched_with_the_token_and_its_digest_checked(twin: Meta, tmp_path: Path) -> None:
    twin.be(put={"77": "conteúdo"})
    async with line(twin) as to:
        await to.fetch(Attached(ref="77"), tmp_path / "f", 1000)
        assert (tmp_path / "f").read_text() == "conteúdo"
        with pytest.raises(Unavailable):
            await to.fetch(Attached(ref="77", sha256="0" * 64), tmp_path / "g", 1000)
        assert not (tmp_path / "g").exists()
        with pytest.raises(TooLarge):
            await to.fetch(Attached(ref="77"), tmp_path / "h", 3)


@pytest.mark.parametrize("ref", ["78", "../me", "7/8", "é", ""])
async def test_a_file_that_is_gone_or_never_was_is_not_found(twin: Meta, tmp_path: Path, ref: str) -> None:
    async with line(twin) as to:
        with pytest.raises(NotFound):
            await to.fetch(Attached(ref=ref), tmp_path / "f", 1000)


@pytest.mark.parametrize(
    "host", ["http://127.0.0.2:1", "https://evil.example", "http://lookaside.fbsbx.com", "https://fbsbx.com.evil.example"]
)
async def test_our_token_goes_to_meta_only(twin: Meta, tmp_path: Path, host: str) -> None:
    twin.be(put={"77": "conteúdo"}, elsewhere=host)
    async with line(twin) as to:
        with pytest.raises(Refused, match="not Meta's"):
            await to.fetch(Attached(ref="77"), tmp_path / "f", 1000)


SUBSCRIBED = {
    "object": "whatsapp_business_account", "callback_url": HOOK, "active": True, "fields": [{"name": "messages", "version": "v25.0"}],
}  # fmt: skip


async def test_a_check_tells_of_the_number_and_of_who_is_called(twin: Meta) -> None:
    twin.be(subscription=SUBSCRIBED)
    async with line(twin) as to:
        checked = await to.check()
    assert [str(text) for text, _ in checked.steps] == [
        "The number +1 555-078-3881 of Loja da Ana answers, its quality is GREEN", f"Meta calls {HOOK}",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("subscription", "said"),
    [
        pytest.param({}, "not subscribed", id="to nothing"),
        pytest.param({**SUBSCRIBED, "fields": [{"name": "account_update"}]}, "not subscribed", id="to other things"),
        pytest.param({**SUBSCRIBED, "active": False}, "not subscribed", id="not any more"),
        pytest.param({**SUBSCRIBED, "callback_url": "https://n8n.example.com"}, "n8n.example.com", id="by another program"),
    ],
)
async def test_a_check_fails_when_meta_does_not_call_us(twin: Meta, subscription: Any, said: str) -> None:
    twin.be(subscription=subscription)
    async with line(twin) as to:
        with pytest.raises(Forbidden, match=said):
            await to.check()


async def test_a_check_with_a_token_that_was_taken_back_says_so(twin: Meta) -> None:
    async with line(twin, token="revoked") as to:
        with pytest.raises(Unauthenticated, match="new token"):
            await to.check()


async def test_a_token_that_may_not_ask_for_the_subscription_leaves_that_unknown(twin: Meta) -> None:
    twin.upset("403", times=1, skip=NUMBER)
    async with line(twin) as to:
        checked = await to.check()
    assert "not known" in str(checked.steps[1][0])
