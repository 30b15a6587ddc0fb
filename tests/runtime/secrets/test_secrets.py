"""Secrets that settings refer to: read at the start or no start, read again while running, kept when they cannot be read."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import structlog

from hulk.apps.settings import SECTIONS
from hulk.kernel.errors import Unavailable
from hulk.runtime.config import Config, load
from hulk.runtime.secrets import Secrets, Unreadable, resolved, secrets_of
from hulk.runtime.telemetry import Metrics
from support.bws import TOKEN, Bws
from support.patience import until

NATS = "nats.pass"


def settings(**written: str) -> Config:
    return load(SECTIONS, overrides={name.replace("__", "."): value for name, value in written.items()})


@asynccontextmanager
async def kept(config: Config, environ: Mapping[str, str] | None = None) -> AsyncIterator[Secrets]:
    """The secrets of a running program."""
    secrets = await secrets_of(config, environ or {})
    async with asyncio.TaskGroup() as group:
        task = group.create_task(secrets.run())
        yield secrets
        task.cancel()


def put(file: Path, secret: str | bytes) -> None:
    """Write it as an editor does, in place."""
    file.write_bytes(secret.encode() if isinstance(secret, str) else secret)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with the secret `one`."""
    (tmp_path / "pass").write_text("one\n")
    return tmp_path / "pass"


async def test_settings_get_what_they_refer_to(tmp_path: Path, file: Path) -> None:
    models = '[{"name": "a", "url": "http://h/v1", "model": "m"}, {"name": "b", "url": "http://h/v1", "model": "m", "api_key": "env:KEY"}]'
    written = {"nats__pass": f"file:{file}", "audit__key": "literal:env:odd", "store__url": "credential:url"}
    config = settings(models__providers=models, **written)
    (tmp_path / "url").write_text("postgresql://me:pw@db/hulk\n")
    environ = {"KEY": "abc", "CREDENTIALS_DIRECTORY": str(tmp_path)}
    applied = (await secrets_of(config, environ)).applied(config)
    assert applied.nats.password.get_secret_value() == "one"
    assert applied.store.url == "postgresql://me:pw@db/hulk"
    assert [one.api_key.get_secret_value() for one in applied.modules["models"].providers] == ["", "abc"]  # type: ignore[attr-defined]
    assert applied.modules["audit"].key.get_secret_value() == "env:odd"  # type: ignore[attr-defined]
    shown = f"{applied!r} " + " ".join(one.value for one in applied.effective())
    assert not {"one", "abc", "pw", "odd"} & set(shown.replace("'", " ").replace(":", " ").replace("@", " ").split())


async def test_what_cannot_be_read_at_the_start_is_told_all_at_once(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    config = settings(
        nats__pass=f"file:{tmp_path}/none", audit__key="env:NONE", store__password=f"file:{tmp_path}/empty", cache__l2_url="env:BYTES"
    )
    with pytest.raises(Unavailable) as told:
        await secrets_of(config, {"BYTES": b"\xff".decode(errors="surrogateescape")})
    assert str(told.value).splitlines() == [
        "Hulk does not start without the secrets that its settings refer to.",
        "cache.l2_url refers to env:BYTES: It is not text.",
        f"nats.pass refers to file:{tmp_path}/none: The file {tmp_path}/none cannot be read: No such file or directory.",
        f"store.password refers to file:{tmp_path}/empty: It is empty.",
        "audit.key refers to env:NONE: There is no environment variable NONE. Set it before Hulk starts.",
    ]


async def test_a_changed_file_is_seen_when_it_is_asked_for_and_by_itself(file: Path) -> None:
    heard: list[str] = []
    async with kept(settings(nats__pass=f"file:{file}", secrets__refresh="1s")) as secrets:
        password = secrets.follow(NATS)
        secrets.watch(NATS, lambda: heard.append(password()))
        put(file, "two")
        secrets.soon()
        assert await until(lambda: password() == "two") < 0.9
        put(file, "three")
        await until(lambda: password() == "three")
        await secrets.refresh()
    assert heard == ["two", "three"]


async def test_what_cannot_be_read_any_more_keeps_its_value_and_is_told_once(file: Path) -> None:
    metrics = Metrics()
    with structlog.testing.capture_logs() as logs:
        secrets = await secrets_of(settings(nats__pass=f"file:{file}"), {})
        secrets.measure(metrics)
        for broken in (b"", b"\xff", b""):
            put(file, broken)
            await secrets.refresh()
        assert secrets.now(NATS) == "one"
        [status] = [one for one in secrets.status() if one.setting == NATS]
        assert (status.errors, str(status.problem), status.kind, status.reference) == (3, "It is empty.", "file", f"file:{file}")
        assert 'hulk_secret_errors_total{setting="nats.pass"} 3.0' in metrics.render().decode()
        assert 'hulk_secret_age_seconds{setting="nats.pass"}' in metrics.render().decode()
        put(file, "two")
        await secrets.refresh()
    assert secrets.now(NATS) == "two"
    assert [line["event"] for line in logs] == ["secret_unreadable", "secret_readable", "secret_changed"]
    assert logs[0]["log_level"] == "error"
    written = f"{logs} {secrets.status()} {metrics.render().decode()} {secrets._kept!r}"
    assert not {"one", "two"} & set(written.replace("'", " ").replace('"', " ").split())


async def test_a_refusal_has_only_what_was_refused_read_again(file: Path, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k1")
    secrets = await secrets_of(settings(nats__pass=f"file:{file}", audit__key=f"file:{tmp_path}/key"), {})
    put(file, "two")
    (tmp_path / "key").write_text("k2")
    await secrets.renew("nats.user", NATS)
    assert (secrets.now(NATS), secrets.now("audit.key")) == ("two", "k1")


async def test_a_thread_waits_for_what_is_read_again(file: Path) -> None:
    secrets = await secrets_of(settings(nats__pass=f"file:{file}"), {})
    put(file, "two")
    secrets.renew_from_thread(NATS)  # in the loop it would wait for itself
    assert secrets.now(NATS) == "one"
    await asyncio.to_thread(secrets.renew_from_thread, NATS)
    assert secrets.now(NATS) == "two"


async def test_bitwarden_is_asked_with_a_token_that_may_change_too(tmp_path: Path) -> None:
    bws = Bws(tmp_path / "bws")
    id_ = bws.put("nats", "one", bws.project("prod"))
    (tmp_path / "token").write_text(f"{TOKEN}old")
    bitwarden = {"secrets__bitwarden__program": str(bws.program), "secrets__bitwarden__access_token": f"file:{tmp_path}/token"}
    config = settings(nats__pass=f"bitwarden:{id_}", nats__user="bitwarden:prod/nats", **bitwarden)
    with pytest.raises(Unavailable, match=f"nats.pass refers to bitwarden:{id_}: Bitwarden's program has failed"):
        await secrets_of(config, dict(os.environ))
    (tmp_path / "token").write_text(TOKEN)
    secrets = await secrets_of(config, dict(os.environ))
    assert (secrets.now(NATS), secrets.now("nats.user")) == ("one", "one")
    bws.change(id_, "two")
    asked = len(bws.calls)
    await secrets.renew(NATS)  # asked for too soon after the last look: a service is not asked for every refusal
    assert (secrets.now(NATS), len(bws.calls)) == ("one", asked)
    await secrets.refresh()
    assert secrets.now(NATS) == "two"
    bws.fail("network")
    await secrets.refresh()
    assert secrets.now(NATS) == "two"


async def test_many_who_ask_at_once_have_it_read_once(tmp_path: Path) -> None:
    bws = Bws(tmp_path)
    id_ = bws.put("a", "b")
    config = settings(secrets__bitwarden__program=str(bws.program), secrets__bitwarden__access_token=TOKEN)
    secrets = await secrets_of(config, dict(os.environ))
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(secrets.get(f"bitwarden:{id_}")) for _ in range(20)]
    assert {task.result() for task in asked} == {"b"}
    assert len(bws.calls) <= 2  # who asks while it is read has it read once more


async def test_what_no_setting_names_can_be_asked_for_by_its_reference(file: Path) -> None:
    secrets = await secrets_of(settings(), {})
    assert await secrets.get(f"file:{file}") == "one"
    assert await secrets.get("literal:env:odd") == "env:odd"
    with pytest.raises(Unreadable, match="no environment variable NONE"):
        await secrets.get("env:NONE")
    put(file, "two")
    assert await secrets.get(f"file:{file}") == "one"  # not older than a minute
    await secrets.refresh()
    assert await secrets.get(f"file:{file}") == "two"


async def test_a_program_that_ends_soon_reads_only_what_it_needs(file: Path) -> None:
    bitwarden = {"secrets__bitwarden__access_token": "env:NONE"}
    config = settings(audit__key=f"file:{file}", nats__pass="env:NONE", **bitwarden)
    found = await resolved(config, {}, ("store", "audit"))
    assert found.modules["audit"].key.get_secret_value() == "one"  # type: ignore[attr-defined]
    assert found.nats.password.get_secret_value() == ""
    with pytest.raises(Unavailable, match="access_token refers to env:NONE"):
        await resolved(settings(audit__key="bitwarden:prod/audit", **bitwarden), {}, ("audit",))
