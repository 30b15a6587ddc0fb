"""Objects: what lies in the allowed folders is listed, read and lent, what is put is put once, and no key leads outside."""

import asyncio
import base64
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import obstore
import pytest
from hypothesis import given
from hypothesis import strategies as st
from obstore.store import LocalStore, MemoryStore

from hulk.kernel.errors import Conflict, Forbidden, NotFound, Refused, TooLarge, Unavailable
from hulk.modules.tools.adapters.backends.acts import About
from hulk.modules.tools.adapters.backends.objects import S3, Area, Areas, Most, Objects
from hulk.modules.tools.domain import Bytes, Link, Words
from hulk.modules.tools.ports import Uncertain
from hulk.modules.tools.settings.objects import ObjectsSettings
from hulk.runtime.validation import parsed
from support.asking import a_calling, ask, told
from support.ports import free_port
from support.seaweed import Seaweed, a_seaweed

CSV = "loja;valor\nSão João;1,5\n"


def areas(*texts: str) -> Areas:
    return Areas(tuple(map(Area.of, texts)))


OUT = areas("lake/out")
SMALL = Most(size=1000)


def in_memory(write: Areas = OUT, most: Most = SMALL) -> tuple[Objects, MemoryStore]:
    """The backend over a bucket in memory, and the bucket."""
    store = MemoryStore()
    return Objects("lake", lambda _: store, read=areas("lake"), write=write, about=About(), most=most), store


async def test_objects_are_listed_in_order_and_page_by_page() -> None:
    backend, store = in_memory()
    for number in range(250):
        store.put(f"2026/{number:03}.csv", b"x")
    store.put("2025/old.csv", b"xx")
    first = await ask(backend, "list_objects", bucket="lake", most=100)
    assert first.data is not None
    keys = [one["key"] for one in first.data["objects"]]
    assert keys[:2] == ["2025/old.csv", "2026/000.csv"]
    assert first.cut == f"more than 100 objects: ask for those after {keys[-1]}"
    rest = await told(backend, "list_objects", bucket="lake", after=keys[-1], most=1000)
    assert len(keys) + len(rest["objects"]) == 251
    assert len((await told(backend, "list_objects", bucket="lake", prefix="2025"))["objects"]) == 1


async def test_only_what_lies_in_an_area_is_listed() -> None:
    store = MemoryStore()
    for key in ("a/1", "b/1", "c/1", "ab/1"):
        store.put(key, b"x")
    backend = Objects("lake", lambda _: store, read=areas("lake/a", "lake/b"), write=areas(), about=About(), most=Most())
    assert [one["key"] for one in (await told(backend, "list_objects", bucket="lake"))["objects"]] == ["a/1", "b/1"]
    for prefix in ("c", "ab", "a/../c"):
        with pytest.raises(Refused):
            await ask(backend, "list_objects", bucket="lake", prefix=prefix)
    with pytest.raises(Forbidden, match="lake/a/, lake/b/"):
        await ask(backend, "read_object", bucket="other", key="a/1")


async def test_a_text_is_text_and_the_rest_bytes() -> None:
    backend, store = in_memory()
    store.put("a.csv", CSV.encode())
    store.put("a.bin", b"\x00\xff\x80")
    store.put("empty", b"")
    assert (await ask(backend, "read_object", bucket="lake", key="a.csv")).pieces == (Words(CSV),)
    (piece,) = (await ask(backend, "read_object", bucket="lake", key="a.bin")).pieces
    assert isinstance(piece, Bytes)
    assert piece.data == b"\x00\xff\x80"
    assert (await ask(backend, "read_object", bucket="lake", key="empty")).pieces == (Words(""),)


async def test_a_large_object_is_read_in_parts_that_make_the_whole() -> None:
    backend, store = in_memory(most=Most(size=100))
    whole = ("açaí " * 100).encode()
    store.put("big", whole)
    read, start, cut = "", 0, "x"
    while cut:
        output = await ask(backend, "read_object", bucket="lake", key="big", start=start)
        (piece,) = output.pieces
        assert isinstance(piece, Words)
        assert output.data is not None
        read, cut, start = read + piece.text, output.cut, int(str(output.data["end"]))
    assert read.encode() == whole
    with pytest.raises(Refused, match="there is none at"):
        await ask(backend, "read_object", bucket="lake", key="big", start=len(whole) + 1)


async def test_what_is_put_is_put_once() -> None:
    backend, store = in_memory()
    first = await told(backend, "put_object", bucket="lake", key="out/a.csv", text=CSV, media_type="text/csv")
    again = await told(backend, "put_object", bucket="lake", key="out/a.csv", text=CSV)
    assert (first["changed"], again["changed"], again["etag"]) == (True, False, first["etag"])
    with pytest.raises(Conflict, match="other content"):
        await ask(backend, "put_object", bucket="lake", key="out/a.csv", text="other")
    assert bytes(store.get("out/a.csv").bytes()) == CSV.encode()


async def test_an_object_is_replaced_only_as_it_was_seen() -> None:
    backend, store = in_memory()
    seen = await told(backend, "put_object", bucket="lake", key="out/a", text="one")
    done = await told(backend, "replace_object", bucket="lake", key="out/a", base64=base64.b64encode(b"two").decode(), etag=seen["etag"])
    again = await told(backend, "replace_object", bucket="lake", key="out/a", text="two", etag=seen["etag"])
    assert (done["changed"], again["changed"]) == (True, False)
    with pytest.raises(Conflict):
        await ask(backend, "replace_object", bucket="lake", key="out/a", text="three", etag=seen["etag"])
    assert bytes(store.get("out/a").bytes()) == b"two"


async def test_an_object_is_deleted_once() -> None:
    backend, _ = in_memory()
    await ask(backend, "put_object", bucket="lake", key="out/a", text="one")
    assert [(await told(backend, "delete_object", bucket="lake", key="out/a"))["changed"] for _ in "12"] == [True, False]
    with pytest.raises(NotFound, match="lake/out/a"):
        await ask(backend, "head_object", bucket="lake", key="out/a")


async def test_writes_are_offered_only_where_there_is_an_area_for_them() -> None:
    reading, _ = in_memory(write=areas())
    assert {tool.effect for tool in await reading.tools()} == {"read"}
    writing, store = in_memory()
    assert {tool.name: tool.effect for tool in await writing.tools() if tool.writes} == {
        "lake.put_object": "write",
        "lake.replace_object": "destroy",
        "lake.delete_object": "destroy",
    }
    with pytest.raises(Forbidden, match="lake/out/"):
        await ask(writing, "put_object", bucket="lake", key="in/a", text="x")
    with pytest.raises(TooLarge, match="1000"):
        await ask(writing, "put_object", bucket="lake", key="out/a", text="x" * 1001)
    odds: tuple[dict[str, Any], ...] = ({}, {"text": "x", "base64": "eA=="}, {"base64": "?"})
    for odd in odds:
        with pytest.raises(Refused):
            await ask(writing, "put_object", bucket="lake", key="out/a", **odd)
    assert store.list().collect() == []


HOSTILE_KEYS = (
    "out/../secret", "../secret", "/etc/passwd", "out//x", "out/./x",
    "out/..", "..", ".", "out/", "out/\\..\\x", "out/%2e%2e/secret", "out/%2E%2e/x",
    "out%2f..%2fsecret", "out/\x00", "out/\n", "out/a\u202eb", "out/" + "é" * 600, "OUT/x", "outer/x", "out",
)  # fmt: skip


@pytest.mark.parametrize("key", [pytest.param(key, id=ascii(key)[1:30]) for key in HOSTILE_KEYS])
async def test_no_key_leads_outside(key: str, tmp_path: Path) -> None:
    (tmp_path / "bucket").mkdir()
    (tmp_path / "secret").write_text("hush")
    store = LocalStore(tmp_path / "bucket")
    backend = Objects("lake", lambda _: store, read=areas("lake/out"), write=areas("lake/out"), about=About(), most=Most())
    for act, given_ in (
        ("read_object", {}),
        ("head_object", {}),
        ("put_object", {"text": "x"}),
        ("delete_object", {}),
        ("link_object", {}),
    ):
        tool = next(tool for tool in await backend.tools() if tool.name == f"lake.{act}")
        with pytest.raises(Refused):
            await backend.call(tool, {"bucket": "lake", "key": key, **given_}, a_calling())
    assert _names(tmp_path) == ["bucket", "secret"]


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*"))


@given(st.text(alphabet="ab/.\\%2eE \n", max_size=20))
def test_a_key_that_passes_stays_in_its_folder(key: str) -> None:
    try:
        areas("lake/a/b").require("lake", key)
    except Refused:
        return
    assert key.startswith("a/b/")
    assert str(Path("/lake", key).resolve()) == f"/lake/{key}"


async def test_nothing_is_asked_when_the_time_is_over() -> None:
    backend, _ = in_memory()
    with pytest.raises(Unavailable, match="was over"):
        await ask(backend, "list_objects", a_calling(seconds=-1), bucket="lake")


async def _silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        writer.close()


async def test_a_store_that_is_not_there_is_unavailable_and_one_that_does_not_answer_a_write_uncertain() -> None:
    def over(port: int) -> Objects:
        at = S3(endpoint=f"http://127.0.0.1:{port}", region="x", key_id="me", secret=lambda: "hush")
        return Objects("lake", at, read=areas("lake"), write=areas("lake"), about=About(), most=Most(seconds=0.5))

    with pytest.raises(Unavailable) as away:
        await ask(over(free_port()), "put_object", a_calling(seconds=20), bucket="lake", key="a", text="x")
    async with await asyncio.start_server(_silent, "127.0.0.1", 0) as mute:
        port = mute.sockets[0].getsockname()[1]
        with pytest.raises(Uncertain):
            await ask(over(port), "put_object", bucket="lake", key="a", text="x")
        with pytest.raises(Unavailable) as silent:
            await ask(over(port), "read_object", bucket="lake", key="a")
    assert not isinstance(away.value, Uncertain)
    assert not isinstance(silent.value, Uncertain)
    assert "hush" not in f"{away.value}{silent.value}"


@pytest.fixture(scope="module")
def seaweed() -> Iterator[Seaweed]:
    with a_seaweed("lake") as server:
        yield server


def at(server: Seaweed, who: str = "owner", secret: str | None = None) -> Objects:
    """The backend over the real server."""
    s3 = S3(endpoint=server.endpoint, region="us-east-1", key_id=who, secret=lambda: secret or f"{who}-secret")
    return Objects("lake", s3, read=areas("lake"), write=areas("lake/out"), about=About(), most=Most(size=1000))


async def test_a_real_server_is_read_and_written_as_one_in_memory(seaweed: Seaweed) -> None:
    backend = at(seaweed)
    first = await told(backend, "put_object", bucket="lake", key="out/são joão 1.csv", text=CSV, media_type="text/csv")
    assert (await told(backend, "put_object", bucket="lake", key="out/são joão 1.csv", text=CSV))["changed"] is False
    with pytest.raises(Conflict):
        await ask(backend, "put_object", bucket="lake", key="out/são joão 1.csv", text="other")
    with pytest.raises(Conflict):
        await ask(backend, "replace_object", bucket="lake", key="out/são joão 1.csv", text="other", etag='"0"')
    head = await told(backend, "head_object", bucket="lake", key="out/são joão 1.csv")
    assert (head["etag"], head["size"], head["media_type"]) == (first["etag"], len(CSV.encode()), "text/csv")
    assert (await ask(backend, "read_object", bucket="lake", key="out/são joão 1.csv")).pieces == (Words(CSV),)
    part = await ask(backend, "read_object", bucket="lake", key="out/são joão 1.csv", start=5, length=5)
    assert part.pieces == (Words("valor"),)
    assert [one["key"] for one in (await told(backend, "list_objects", bucket="lake", prefix="out"))["objects"]] == ["out/são joão 1.csv"]
    assert [(await told(backend, "delete_object", bucket="lake", key="out/são joão 1.csv"))["changed"] for _ in "12"] == [True, False]


async def test_a_link_opens_the_object_and_nothing_else(seaweed: Seaweed) -> None:
    seaweed.store("lake").put("out/lent.csv", CSV.encode())
    output = await ask(at(seaweed), "link_object", bucket="lake", key="out/lent.csv", minutes=60)
    (link,) = output.pieces
    assert isinstance(link, Link)
    assert "X-Amz-Expires=900" in link.uri
    assert "X-Amz" not in str(output.data)
    assert "owner-secret" not in link.uri
    async with aiohttp.ClientSession() as session:
        async with session.get(link.uri) as answer:
            assert await answer.text() == CSV
        async with session.get(link.uri.replace("lent.csv", "other.csv")) as answer:
            assert answer.status == 403
        async with session.put(link.uri, data=b"x") as answer:
            assert answer.status == 403


@pytest.mark.parametrize(("who", "secret"), [("owner", "wrong"), ("reader", None), ("", None)], ids=["a wrong key", "a reader", "nobody"])
async def test_what_the_account_may_not_is_forbidden(seaweed: Seaweed, who: str, secret: str | None) -> None:
    with pytest.raises(Forbidden, match="Hulk's account") as told_:
        await ask(at(seaweed, who, secret), "put_object", bucket="lake", key="out/no.csv", text="x")
    assert "Signature" not in str(told_.value)


@pytest.mark.parametrize("key_id", ["me", ""], ids=["with a key", "without"])
async def test_what_the_environment_says_of_s3_is_not_used(key_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "env-key", "AWS_SECRET_ACCESS_KEY": "env-secret", "AWS_SESSION_TOKEN": "env-token", "AWS_ENDPOINT": "http://env",
        "AWS_ENDPOINT_URL": "http://env", "AWS_ENDPOINT_URL_S3": "http://env", "AWS_REGION": "env-region",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    sent: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sent.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        s3 = S3(endpoint=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", region="r", key_id=key_id, secret=lambda: "s")
        backend = Objects("lake", s3, read=areas("lake"), write=areas(), about=About(), most=Most())
        with pytest.raises(NotFound):
            await ask(backend, "head_object", bucket="lake", key="a")
    (request,) = sent
    assert "env" not in request
    assert ("Credential=me/" in request) is bool(key_id)
    assert ("authorization" in request.lower()) is bool(key_id)
    aws = S3(endpoint="", region="sa-east-1", key_id="me", secret=lambda: "s")("lake")
    url = await obstore.sign_async(aws, "GET", "a", timedelta(minutes=1))  # type: ignore[call-overload]  # it is an S3Store
    assert url.startswith("https://s3.sa-east-1.amazonaws.com/lake/a?")
    assert "env" not in url


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param({}, id="nothing to read"),
        pytest.param({"read": ["*"]}, id="a pattern"),
        pytest.param({"read": ["a/../b"]}, id="a way out"),
        pytest.param({"read": ["a"], "endpoint": "http://user:pass@host"}, id="a password in the address"),
        pytest.param({"read": ["a"], "link": "2h"}, id="a link that holds too long"),
    ],
)
def test_settings_that_make_no_sense_are_refused(odd: dict[str, object]) -> None:
    with pytest.raises(Refused):
        parsed(ObjectsSettings, {"name": "lake", **odd})


def test_settings_have_sensible_defaults() -> None:
    settings = parsed(ObjectsSettings, {"name": "lake", "read": ["reports/2026"]})
    assert (settings.write, settings.link, settings.outside) == ((), timedelta(minutes=15), True)
