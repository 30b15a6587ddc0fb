"""Data files at addresses: what they are called, that they are fetched whole and once, and what is refused. A real server serves them."""

import asyncio
import gzip
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.errors import Forbidden, HulkError, NotFound, Refused, TooLarge, Unavailable
from hulk.modules.skills import Source
from hulk.modules.tools.adapters.git import Git
from hulk.modules.tools.adapters.http import HttpGet
from hulk.modules.tools.adapters.sources import LocalSources
from hulk.modules.tools.adapters.tables import DuckTables
from hulk.modules.tools.adapters.web import WebSources
from hulk.modules.tools.domain import Head, table_name

CSV = b"loja;valor\nCentro;1,5\nSul;2\n"


ANSWERS: Mapping[str, tuple[int, bytes, Mapping[str, str]]] = {
    "/vendas.csv": (200, CSV, {}),
    "/export": (200, CSV, {"Content-Type": "text/csv; charset=utf-8"}),
    "/packed.csv.gz": (200, gzip.compress(CSV), {}),
    "/undone.csv.gz": (200, gzip.compress(CSV), {"Content-Encoding": "gzip"}),
    "/download": (200, CSV, {"Content-Disposition": 'attachment; filename="../relatório 1.csv"'}),
    "/page.csv": (200, b"<html>", {"Content-Type": "text/html"}),
    "/empty.csv": (200, b"", {}),
    "/busy.csv": (503, b"", {}),
    "/away.csv": (302, b"", {"Location": "http://169.254.169.254/latest/meta-data"}),
}
TABLE = web.AppKey("table", Path)


@dataclass(slots=True)
class Site:
    """A server on 127.0.0.1 that counts what it is asked."""

    port: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    slow: float = 0.0

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        """The address of a path."""
        return f"http://{host}:{self.port}{path}"

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """As the path says."""
        self.asked[request.path] += 1
        await asyncio.sleep(self.slow)
        if request.path == "/chunked.csv":
            return await self._chunked(request)
        if request.path == "/table.parquet":
            return web.FileResponse(request.app[TABLE])
        status, body, headers = ANSWERS.get(request.path, (404, b"", {}))
        return web.Response(status=status, body=body, headers=headers)

    async def _chunked(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for line in CSV.splitlines(keepends=True):
            await response.write(line)
        return response


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    found = Site()
    app = web.Application()
    app[TABLE] = parquet(tmp_path / "table.parquet")
    app.router.add_get("/{path:.*}", found.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.port = runner.addresses[0][1]
    yield found
    await runner.cleanup()


def parquet(path: Path) -> Path:
    import duckdb  # heavy: see hulk.modules.tools.adapters.tables

    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT range AS n FROM range(100)) TO '{path}' (FORMAT parquet)")
    return path


async def no_blob(blob: str) -> Path:
    raise NotFound("There is no blob {blob}.", blob=blob)


def sources(*hosts: str, most: int = 10**6, root: Sequence[Path] = ()) -> WebSources:
    return WebSources(
        LocalSources(roots=tuple(root), blob_path=no_blob, git=Git()), HttpGet(hosts=hosts or ("127.0.0.1",), most_bytes=most)
    )


def at(url: str, name: str = "data") -> Source:
    return Source(kind="file", name=name, url=url)


@pytest.mark.parametrize(
    ("path", "name", "found", "form", "rows"),
    [
        pytest.param("/vendas.csv", "vendas.csv", "vendas.csv", "csv", 2, id="csv"),
        pytest.param("/chunked.csv?ano=2025", "chunked.csv", "chunked.csv", "csv", 2, id="without a length"),
        pytest.param("/export", "export", "export.csv", "csv", 2, id="by its media type"),
        pytest.param("/download", "download", ".._relatório 1.csv", "csv", 2, id="by the name that the server gives"),
        pytest.param("/export", "meu.tsv", "meu.tsv", "csv", 2, id="by the name that a person gives"),
        pytest.param("/packed.csv.gz", "packed.csv.gz", "packed.csv.gz", "csv", 2, id="packed"),
        pytest.param("/undone.csv.gz", "undone.csv.gz", "undone.csv", "csv", 2, id="packing undone on the way"),
        pytest.param("/table.parquet", "table.parquet", "table.parquet", "parquet", 100, id="parquet"),
    ],
)
async def test_a_file_is_fetched_under_a_name_that_tells_how_it_is_read(
    site: Site, path: str, name: str, found: str, form: str, rows: int, tmp_path: Path
) -> None:
    fetched = await sources().table(at(site.url(path), name), tmp_path)
    schema = await DuckTables().schema(fetched, tmp_path, ())
    assert (fetched.name, schema.format, schema.rows) == (found, form, rows)
    assert fetched.is_relative_to(tmp_path)


@pytest.mark.parametrize(
    ("path", "kind", "told"),
    [
        pytest.param("/page.csv", Refused, "is a web page", id="web page"),
        pytest.param("/empty.csv", Refused, "is empty", id="empty"),
        pytest.param("/none.csv", NotFound, "does not exist", id="missing"),
        pytest.param("/busy.csv", Unavailable, "does not answer now", id="busy"),
        pytest.param("/away.csv", Forbidden, "“169.254.169.254” is not a host", id="redirected to what is not allowed"),
    ],
)
async def test_what_is_no_data_file_is_told_apart(site: Site, path: str, kind: type[HulkError], told: str, tmp_path: Path) -> None:
    with pytest.raises(kind) as refused:
        await sources().table(at(site.url(path) + "?token=s3nha"), tmp_path)
    assert told in str(refused.value)
    assert "s3nha" not in str(refused.value)


async def test_a_file_larger_than_is_fetched_is_refused_before_it_is_on_disk(site: Site, tmp_path: Path) -> None:
    with pytest.raises(TooLarge, match="hulk ask --file"):
        await sources(most=10).table(at(site.url("/vendas.csv")), tmp_path)
    assert sum(path.stat().st_size for path in tmp_path.rglob("fetched-*/*")) == 0  # noqa: ASYNC240  # a test's own folder


@pytest.mark.parametrize(
    "hosts", [pytest.param(("*.example.com",), id="not listed"), pytest.param(("0x7f.1",), id="a listed name of a private address")]
)
async def test_a_private_address_is_forbidden_unless_it_is_listed_as_such(site: Site, hosts: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(Forbidden):
        await sources(*hosts).table(at(site.url("/vendas.csv", "0x7f.1")), tmp_path)
    assert not site.asked


async def test_a_repository_is_not_fetched(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="clone it"):
        await sources().repository(Source(kind="repository", name="x", url="https://127.0.0.1/x.git"), tmp_path)


async def test_what_is_no_address_is_left_to_this_machine(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(CSV)
    assert await sources(root=(tmp_path,)).table(Source(kind="file", name="a.csv", path="a.csv"), tmp_path) == tmp_path / "a.csv"


async def test_tickets_that_want_a_file_at_the_same_time_fetch_it_once_and_each_has_it(site: Site, tmp_path: Path) -> None:
    site.slow, shared = 0.1, sources()
    scratches = [tmp_path / str(number) for number in range(4)]
    for scratch in scratches:
        scratch.mkdir()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(shared.table(at(site.url("/vendas.csv")), scratch)) for scratch in scratches]
    assert site.asked["/vendas.csv"] == 1
    for task, scratch in zip(tasks, scratches, strict=True):
        assert task.result().is_relative_to(scratch)
        assert task.result().read_bytes() == CSV


async def test_those_who_waited_for_a_failed_fetch_are_told_and_who_comes_later_fetches_again(site: Site, tmp_path: Path) -> None:
    site.slow, shared = 0.1, sources()
    for _ in range(2):
        told = await asyncio.gather(*(shared.table(at(site.url("/busy.csv")), tmp_path) for _ in range(3)), return_exceptions=True)  # noqa: TID251  # each outcome is wanted
        assert {type(one) for one in told} == {Unavailable}
    assert site.asked["/busy.csv"] == 2


async def test_a_file_whose_ticket_has_ended_is_fetched_again(site: Site, tmp_path: Path) -> None:
    shared = sources()
    (await shared.table(at(site.url("/vendas.csv")), tmp_path)).unlink()
    assert (await shared.table(at(site.url("/vendas.csv")), tmp_path)).read_bytes() == CSV
    assert site.asked["/vendas.csv"] == 2


@pytest.mark.parametrize(
    ("wanted", "media_type", "name"),
    [
        pytest.param("a.CSV", "application/octet-stream", "a.CSV", id="its own ending"),
        pytest.param("a.json.zst", "", "a.json.zst", id="packed"),
        pytest.param("report", "application/vnd.apache.parquet", "report.parquet", id="parquet"),
        pytest.param("report.xlsx", "text/csv", "report.xlsx.csv", id="another ending"),
        pytest.param("x", "application/x-ndjson", "x.jsonl", id="JSON lines"),
        pytest.param("a/../b.csv", "", "a_.._b.csv", id="no folder"),
    ],
)
def test_the_name_of_a_fetched_table(wanted: str, media_type: str, name: str) -> None:
    assert table_name(wanted, Head(url="https://host/x", media_type=media_type)) == name


@pytest.mark.parametrize("wanted", ["a", "a.parquet.gz", "a.xlsx", "csv"])
def test_a_file_of_a_kind_that_nothing_tells_is_refused_naming_the_endings(wanted: str) -> None:
    with pytest.raises(Refused, match=r"\.parquet"):
        table_name(wanted, Head(url="https://host/x", media_type="application/octet-stream"))


@given(st.text(max_size=300), st.text(max_size=300))
def test_a_name_is_one_that_any_folder_takes(wanted: str, told: str) -> None:
    found = table_name(wanted + ".csv", Head(url="https://host/x", media_type="text/csv", name=told))
    assert found.endswith(".csv")
    assert "/" not in found
    assert "\0" not in found
    assert len(found.encode()) <= 200
