"""What we ask a Mattermost server, and what its twin answers, is as Mattermost's own OpenAPI has it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.mattermost import BUTTONS, Chat, Inbox, bot, message
from support.openapi import Api
from support.twins.systems import System, system
from support.twins.systems.mattermost import ANA, DIRECT, TOWN

SPECIFICATION = Path(os.environ.get("HULK_SPECS", "/work/shared/specs")) / "mattermost-openapi-v4.yaml"
UNTOLD = {"format", "connection_id", "sequence_number", "pending_post_id"}
"""Of the server's source and clients only: the document says nothing of them."""


UNTRUE = ("/patch", "['props']", 'is not of type "string"')
"""A string, says the document of what a post is changed into; an object, say the server (`PostPatch.Props`), its clients, and the document
of every other post."""


@pytest.fixture(scope="module")
def running() -> Iterator[System]:
    """One for all."""
    with system("mattermost") as made:
        yield made


@pytest.mark.skipif(not SPECIFICATION.exists(), reason=f"Mattermost's OpenAPI is not at {SPECIFICATION}: say where by HULK_SPECS")
async def test_all_that_is_asked_and_answered_is_as_the_document_says(running: System, tmp_path: Path) -> None:
    chat, inbox = Chat(running), Inbox()
    (tmp_path / "x").write_bytes(b"a;b")
    async with bot(running, team="loja") as made:
        async with made.listening(inbox):
            root = chat.says("@hulk vendas?", channel_id=TOWN)
            chat.says("um")
            await inbox.until(lambda: len(inbox.kept) == 2)
        chat.does("cut", forget=True)
        chat.says("e hoje?", channel_id=TOWN, root_id=root)
        async with made.listening(inbox):
            await inbox.until(lambda: len(inbox.kept) == 3)
        one = message(f"{TOWN}:{root}", buttons=BUTTONS)
        sent = await made.line.send(one, [("a.csv", tmp_path / "x")])
        await made.line.send(message(f"{TOWN}@{ANA}", id="msg_2"), [])
        await made.line.find(one)
        await made.line.find(message(DIRECT, id="msg_3"))
        await made.line.working(f"{TOWN}:{root}")
        await made.line.check()
        await made.server.post(sent.id)
        await made.edits.put(one, sent.id)
        await made.edits.remove(one.address, sent.id)
    api, asked = Api.of(SPECIFICATION), [one for one in running.seen() if one["path"].startswith("/api/")]
    wrong = [
        (one["path"], *why)
        for one in asked
        if (why := api.asked(one["method"], one["path"], {k: v for k, v in one["query"].items() if k not in UNTOLD}, one["body"]))
    ]
    wrong = [one for one in wrong if not all(part in "".join(one) for part in UNTRUE)]
    told = chat.does("answers")
    wrong += [(one["path"], *why) for one in told if (why := api.answered(one["method"], one["path"], one["status"], one["body"]))]
    assert wrong == []
    assert len({api.operation(one["method"], one["path"])["operationId"] for one in asked}) >= 12
    assert len(told) > 20


@pytest.mark.skipif(not SPECIFICATION.exists(), reason=f"Mattermost's OpenAPI is not at {SPECIFICATION}: say where by HULK_SPECS")
def test_what_is_not_as_the_document_says_is_told() -> None:
    api = Api.of(SPECIFICATION)
    assert api.asked("POST", "/api/v4/posts", {}, {"message": "x"})
    assert api.asked("POST", "/api/v4/posts", {}, {"channel_id": TOWN, "message": "x", "file_ids": "x"})
    assert api.asked("GET", f"/api/v4/channels/{TOWN}/posts", {"afterwards": "x", "per_page": "many"}, None)
    assert api.answered("GET", f"/api/v4/posts/{TOWN}", 200, {"id": TOWN, "create_at": "now"})
    assert api.answered("POST", "/api/v4/posts", 200, {})
