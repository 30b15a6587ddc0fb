"""Where the archive is: what may be named, and what is said of what may not."""

import asyncio
import gc
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from pydantic import SecretStr

from hulk.apps.settings import configured
from hulk.kernel.errors import Refused, Unavailable
from hulk.modules.audit.settings import AuditSettings
from hulk.modules.audit.wiring import archive_of
from hulk.runtime.telemetry import Metrics
from support.ports import free_port


@pytest.mark.parametrize("url", ["ftp://x", "mysql://h/d", "localhost:27017", "postgres"])
def test_a_url_of_another_kind_is_refused_with_those_that_are_taken(tmp_path: Path, url: str) -> None:
    with pytest.raises(Refused, match=r"audit\.archive.*mongodb://"):
        configured(None, {"HULK_AUDIT__ARCHIVE": url}, {}, tmp_path)


def test_its_password_is_not_shown(tmp_path: Path) -> None:
    config = configured(None, {"HULK_AUDIT__ARCHIVE": "mongodb://hulk:hush@db/audit"}, {}, tmp_path)
    assert not [one for one in config.effective() if "hush" in str(one.value)]


async def is_away(settings: AuditSettings, folder: Path) -> None:
    """It is opened, and raises when it is asked."""
    async with archive_of(settings, "", folder, Metrics()) as archive:
        with pytest.raises(Unavailable):
            await archive.tenants()


@pytest.mark.parametrize("scheme", ["mongodb", "postgresql"])
async def test_an_archive_that_is_away_may_be_opened_and_says_so_when_it_is_used(tmp_path: Path, scheme: str) -> None:
    options = "?serverSelectionTimeoutMS=200" if scheme == "mongodb" else ""
    settings = AuditSettings(archive=SecretStr(f"{scheme}://127.0.0.1:{free_port()}/audit{options}"))
    await is_away(settings, tmp_path)  # what holds the archive is gone with its end, so that all of it can be collected
    if left := asyncio.all_tasks() - {asyncio.current_task()}:  # of pymongo's, cancelled by its end: they hold sockets yet
        await asyncio.wait(left, timeout=5)
    with warnings.catch_warnings():  # pymongo leaves sockets that were refused to the collector: it may not find them in another's test
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


async def test_a_mongodb_url_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"audit\.archive is no URL"):
        async with archive_of(AuditSettings(archive=SecretStr("mongodb://h:port/x")), "", tmp_path, Metrics()):
            pass


def test_the_driver_is_not_imported_without_a_mongodb() -> None:
    code = "import sys, hulk.modules.audit.wiring; print([name for name in sys.modules if name.startswith(('pymongo', 'bson'))])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
