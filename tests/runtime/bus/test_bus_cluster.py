"""The bus on a real cluster of three servers: replicas, a leader that dies, TLS."""

import asyncio
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from hulk.kernel.errors import Refused, Unavailable
from hulk.runtime.bus import STREAMS, TASKS, Address, connect, encrypted
from hulk.runtime.state import Bucket
from support.nats_cluster import PASSWORD, USER, a_nats

WORK = "hulk.engine.tasks.default.0.acme"


async def sooner_or_later(act: Callable[[], Awaitable[None]], within: float = 30) -> int:
    """Try again while it is `Unavailable`; gives how often it was."""
    failures = 0
    async with asyncio.timeout(within):
        while True:
            try:
                await act()
            except Unavailable:
                failures += 1
                await asyncio.sleep(0.1)
            else:
                return failures


async def test_streams_and_consumers_are_kept_by_all_three_and_survive_their_leader(tmp_path: Path) -> None:
    async with a_nats(tmp_path) as nats, connect(nats.address) as bus:
        await sooner_or_later(lambda: bus.ensure_streams(max_tasks=1000, replicas=3))
        infos = [await bus.ask(f"STREAM.INFO.{stream.name}") for stream in STREAMS]
        assert [(one["config"]["num_replicas"], len(one["cluster"]["replicas"])) for one in infos] == [(3, 2)] * len(STREAMS)
        for number in range(20):
            await bus.publish(WORK, b"before", msg_id=f"before-{number}")
        async with bus.pull(TASKS, "default", ["hulk.engine.tasks.default.>"], ack_wait=2, max_ack_pending=100) as pull:
            taken = await pull.fetch(5, 5)
            assert len((await bus.ask(f"CONSUMER.INFO.{TASKS}.default"))["cluster"]["replicas"]) == 2
            for message in taken:
                await message.ack()
            (await nats.leader(TASKS)).kill()
            for number in range(20):
                await sooner_or_later(lambda number=number: bus.publish(WORK, b"after", msg_id=f"after-{number}"))  # type: ignore[misc]
            seen = {message.stream_seq for message in taken}
            async with asyncio.timeout(30):
                while len(seen) < 40:
                    for message in await pull.fetch(64, 2):
                        seen.add(message.stream_seq)
                        await message.ack()
        assert seen == set(range(1, 41))


async def test_a_bus_of_one_server_can_become_one_of_three(tmp_path: Path) -> None:
    async with a_nats(tmp_path) as nats, connect(nats.address) as bus:
        await sooner_or_later(lambda: bus.ensure_streams(max_tasks=1000, replicas=1))
        await sooner_or_later(lambda: bus.publish(WORK, b"x", msg_id="1"))
        await sooner_or_later(lambda: _put(Bucket(bus, "leaders", str)))
        await sooner_or_later(lambda: bus.ensure_streams(max_tasks=1000, replicas=3))
        leaders = Bucket(bus, "leaders", str)
        await sooner_or_later(lambda: _put(leaders))  # while it is copied to the others, an answer may go missing
        entry = await leaders.get("reconciler")
        assert entry is not None
        assert entry.value == "still me"
        assert (await bus.ask("STREAM.INFO.KV_leaders"))["config"]["num_replicas"] == 3
        async with asyncio.timeout(30):
            while not await nats.in_step(TASKS):  # noqa: ASYNC110  # what is watched are other processes
                await asyncio.sleep(0.1)
        info = await bus.ask(f"STREAM.INFO.{TASKS}")
    assert (info["config"]["num_replicas"], info["state"]["messages"]) == (3, 1)


async def _put(leaders: Bucket[str]) -> None:
    await leaders.put("reconciler", "still me")


async def test_more_replicas_than_servers_are_refused_with_the_reason(tmp_path: Path) -> None:
    async with a_nats(tmp_path, servers=1) as nats, connect(nats.address) as bus:
        with pytest.raises(Refused, match="replicas > 1 not supported in non-clustered mode"):
            await bus.ensure_streams(max_tasks=1000, replicas=3)


# TLS ---------------------------------------------------------------------------------------------------------------------------


def certificates(folder: Path) -> None:
    """An authority, and a certificate of it for 127.0.0.1 that serves servers and clients."""
    extension = folder / "extension"
    extension.write_text("subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n")
    words = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl(
        "req",
        "-x509",
        *words,
        "-subj",
        "/CN=test authority",
        "-addext",
        "keyUsage=critical,keyCertSign",
        "-days",
        "2",
        "-keyout",
        "ca.key",
        "-out",
        "ca.pem",
        folder=folder,
    )
    openssl("req", *words, "-subj", "/CN=hulk", "-keyout", "key.pem", "-out", "request.pem", folder=folder)
    signing = ("x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2", "-extfile", "extension")
    openssl(*signing, "-out", "cert.pem", folder=folder)


def openssl(*words: str, folder: Path) -> None:
    done = subprocess.run(["openssl", *words], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


async def test_a_bus_that_asks_for_certificates_is_spoken_to_encrypted(tmp_path: Path) -> None:
    certificates(tmp_path)
    files = {name: tmp_path / f"{name}.pem" for name in ("ca", "cert", "key")}
    wanted = f'tls {{ cert_file: "{files["cert"]}", key_file: "{files["key"]}", ca_file: "{files["ca"]}", verify: true }}'
    async with a_nats(tmp_path / "bus", servers=1, more=wanted, tls=encrypted(**files)) as nats, connect(nats.address) as bus:
        await bus.ensure_streams(max_tasks=10)
        await bus.publish(WORK, b"secret", msg_id="1")
        with pytest.raises(Unavailable):
            async with connect(Address(urls=nats.urls, user=USER, password=PASSWORD), within=1):
                pass


def test_certificates_that_cannot_be_read_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "not.pem").write_text("this is no certificate")
    with pytest.raises(Refused, match=r"nats\.tls"):
        encrypted(tmp_path / "not.pem", None, None)
    with pytest.raises(Refused, match=r"missing\.pem"):
        encrypted(tmp_path / "missing.pem", None, None)
    assert encrypted(None, None, None) is None
