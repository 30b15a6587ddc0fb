"""Files that were made here are kept as those that were sent are: the tenant's own, and counted in its quota."""

from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from pathlib import Path

import pytest

from hulk.apps.uploads import Uploads
from hulk.kernel.errors import NotFound, OverQuota
from hulk.modules.quotas.settings import QuotaSettings
from hulk.modules.quotas.wiring import quotas_of, wired
from hulk.runtime.blobs import FolderBlobs
from hulk.runtime.outbox import Outbox
from hulk.runtime.store import Store
from hulk.runtime.workflows import at_work
from support.postgres import Postgres
from support.stores import a_store


@pytest.fixture
async def store(tmp_path: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Store]:
    async with a_store("sqlite", tmp_path, postgres) as store:
        yield store


@pytest.fixture
def uploads(store: Store, tmp_path: Path) -> Uploads:
    async def spent(_: str) -> tuple[Decimal, Decimal | None]:
        return Decimal(0), None

    async def known(tenant: str) -> bool:
        return tenant in ("acme", "other")

    trail = Outbox(store, b"k" * 32)
    quotas = wired(quotas_of(store, QuotaSettings(storage=10), at_work), spent, known, trail, store)
    return Uploads(FolderBlobs(tmp_path / "blobs"), quotas, trail, store.commit, 1000)


async def test_a_file_that_was_made_is_the_tenants_own_and_counted_once(uploads: Uploads, tmp_path: Path) -> None:
    (tmp_path / "made.csv").write_text("a,b\n1,2")
    first, again = [await uploads.keep("acme", "person:ana", tmp_path / "made.csv", "tool:tcl_1") for _ in range(2)]
    assert first == again
    await uploads.path("acme", first.id)
    with pytest.raises(NotFound):
        await uploads.path("other", first.id)
    assert (await uploads.quotas.quotas.standing("acme")).storage == 7


async def test_one_that_does_not_fit_into_the_quota_is_not_kept(uploads: Uploads, tmp_path: Path) -> None:
    (tmp_path / "made.csv").write_text("a,b\n1,2\n3,4\n")
    with pytest.raises(OverQuota):
        await uploads.keep("acme", "person:ana", tmp_path / "made.csv", "tool:tcl_1")
    assert not (tmp_path / "blobs").exists()
