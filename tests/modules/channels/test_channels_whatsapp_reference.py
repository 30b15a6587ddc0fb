"""Meta's twin and our reading of its calls, held against pywa (MIT, 4.5.0), which nobody here wrote."""

import hmac
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from hulk.modules.channels.adapters.whatsapp import WhatsAppDoor
from hulk.modules.channels.adapters.whatsapp.arrivals import digest
from hulk.modules.channels.domain import Arrival
from hulk.modules.channels.ports import Request
from support.twins.whatsapp import APP_SECRET, NUMBER, PERSON, PHONE, TOKEN, VERIFY_TOKEN, Meta, meta
from support.twins.whatsapp.payloads import BODIES, message, person, status, value, webhook

pywa = pytest.importorskip("pywa", reason="pywa is not installed: pip install pywa==4.5.0")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HANDLE = "msg_01h455vb4pex5vsknk084sn02q"


@pytest.fixture(scope="module")
def twin() -> Iterator[Meta]:
    with meta() as running:
        yield running


class Redirected(httpx.HTTPTransport):
    """Meta's address leads to the twin."""

    def __init__(self, twin: Meta) -> None:
        super().__init__()
        self._twin = httpx.URL(twin.url)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """To the twin."""
        request.url = request.url.copy_with(scheme="http", host=self._twin.host, port=self._twin.port)
        return super().handle_request(request)


@pytest.fixture
def client(twin: Meta) -> Iterator[Any]:
    twin.reset()
    with httpx.Client(transport=Redirected(twin)) as session:
        yield pywa.WhatsApp(phone_id=NUMBER, token=TOKEN, app_secret=APP_SECRET, verify_token=VERIFY_TOKEN, session=session)


def parsed(client: Any, payload: Any, caplog: pytest.LogCaptureFixture) -> Any:
    """What pywa makes of it."""
    found: list[Any] = []
    for listen in (
        client.on_message, client.on_callback_button, client.on_callback_selection, client.on_message_status, client.on_phone_number_change,
        client.on_edited_message, client.on_deleted_message,
    ):  # fmt: skip
        listen()(lambda _, update: found.append(update))
    with caplog.at_level(logging.WARNING):
        assert client.webhook_update_handler(json.dumps(payload).encode()) == ("ok", 200)
    assert not caplog.records, caplog.text
    [one] = found
    return one


async def ours(payload: Any) -> Arrival:
    body = json.dumps(payload).encode()
    signed = b"sha256=" + hmac.digest(APP_SECRET.encode(), body, "sha256").hex().encode()
    door = WhatsAppDoor(NUMBER, lambda: APP_SECRET, lambda: VERIFY_TOKEN)
    [one] = (await door.accept(Request("POST", {"x-hub-signature-256": (signed,)}, {}, body, NOW))).arrivals
    return one


@pytest.mark.parametrize("kind", BODIES)
async def test_each_type_of_message_is_read_as_pywa_reads_it(kind: str, client: Any, caplog: pytest.LogCaptureFixture) -> None:
    payload = webhook(value(messages=[message(kind, context={"from": "15550783881", "id": "wamid.OURS"})]))
    theirs, arrival = parsed(client, payload, caplog), await ours(payload)
    assert theirs.timestamp == arrival.at
    if kind == "changed number":
        assert (theirs.new_user_id, theirs.old_wa_id) == (arrival.moved, arrival.sender.phone.removeprefix("+"))
        return
    assert (theirs.from_user.bsuid, theirs.from_user.wa_id, theirs.from_user.name) == (PERSON, PHONE, arrival.sender.name)
    assert theirs.id in (arrival.id, arrival.key)
    _same(kind, theirs, arrival)


def _same(kind: str, theirs: Any, arrival: Arrival) -> None:
    """What is particular to the type."""
    match arrival.kind:
        case "press":
            assert (theirs.data, theirs.title, theirs.reply_to_message.id) == (arrival.pressed, arrival.text, arrival.about)
        case "reaction":
            assert ((theirs.reaction.emoji or ""), theirs.reaction.message_id) == (arrival.emoji, arrival.about)
        case "edit" | "deletion":
            assert theirs.original_message_id == arrival.id
        case "message" if arrival.files:
            [file] = arrival.files
            assert (theirs.media.id, digest(theirs.media.sha256)) == (file.ref, file.sha256)
            assert (theirs.caption or "") == arrival.text
            assert bool(getattr(theirs.media, "voice", False)) == file.voice
        case "message" if kind == "text":
            assert theirs.text == arrival.text
        case "other":
            assert theirs.error.code == 131051


@pytest.mark.parametrize("what", ["sent", "delivered", "read", "played", "failed"])
async def test_receipts_are_read_as_pywa_reads_them(what: str, client: Any, caplog: pytest.LogCaptureFixture) -> None:
    fault = {"code": 131026, "title": "Message undeliverable", "message": "Message undeliverable", "error_data": {"details": "No."}}
    said = status("wamid.OUT1", what, HANDLE, errors=[fault] if what == "failed" else None)
    payload = webhook(value(statuses=[said], contacts=[person(name=None)]))
    theirs, arrival = parsed(client, payload, caplog), await ours(payload)
    assert (theirs.id, theirs.tracker, theirs.timestamp) == (arrival.id, arrival.handle, arrival.at)
    assert (theirs.status.value == "failed") == (arrival.fate == "failed")


def test_what_the_twin_signs_is_what_pywa_holds_for_signed() -> None:
    body = json.dumps(webhook(value(messages=[message("text")]))).encode()
    signed = "sha256=" + hmac.digest(APP_SECRET.encode(), body, "sha256").hex()
    assert pywa.utils.webhook_updates_validator(APP_SECRET, body, signed)


def test_the_twin_answers_pywa_as_meta_does(client: Any, twin: Meta, tmp_path: Path) -> None:
    sent = client.send_message(to=PHONE, text="Olá", buttons=[pywa.types.Button("Sim", callback_data="a.1")], tracker=HANDLE)
    (tmp_path / "n.pdf").write_bytes(b"nota")
    client.send_document(to=PHONE, document=str(tmp_path / "n.pdf"), filename="n.pdf", caption="A nota")
    first, second = twin.sent()
    assert sent.id == first["wamid"]
    assert (first["type"], first["biz_opaque_callback_data"], second["document"]["filename"]) == ("interactive", HANDLE, "n.pdf")
    found = client.get_media_url(second["document"]["id"])
    assert found.file_size == 4


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (130429, "RateLimitHit"), (131056, "TooManyMessages"), (131047, "ReEngagementMessage"), (131026, "MessageUndeliverable"),
        (190, "ExpiredAccessToken"), (368, "TemporarilyBlocked"), (131016, "ServiceUnavailable"), (131000, "UnknownError"),
        (131062, "BSUIDRecipientNotSupported"),
    ],
)  # fmt: skip
def test_the_twins_errors_are_metas_to_pywa(client: Any, twin: Meta, code: int, error: str) -> None:
    twin.be(code=code)
    with pytest.raises(pywa.errors.WhatsAppError) as raised:
        client.send_message(to=PHONE, text="Olá")
    assert type(raised.value).__name__ == error


def test_the_pair_limit_of_the_twin_is_metas(client: Any) -> None:
    for _ in range(45):
        client.send_message(to=PHONE, text="Olá")
    with pytest.raises(pywa.errors.TooManyMessages):
        client.send_message(to=PHONE, text="Olá")
