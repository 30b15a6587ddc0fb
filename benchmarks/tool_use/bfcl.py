"""The Berkeley Function-Calling Leaderboard, version 4: cases, conversations and checker of `bfcl-eval`, in an environment of its own.

It wants 30 packages, torch among them, and versions of its own of what Hulk uses. What is needed of them (`requirements/bench-bfcl.in`) is
installed beside Hulk, by hash, the first time; a program there (`bridge.py`) says what to ask and judges what came.
"""

import asyncio
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from benchmarks.tool_use.asking import Failed, Server, Taken
from benchmarks.tool_use.cases import Case, Described, Outcome

ROOT = Path(__file__).parents[2]
SET = "bfcl"
BRIDGE = Path(__file__).with_name("bridge.py")
LOCKS = tuple(ROOT / "requirements" / name for name in ("bench-bfcl.txt", "bench-bfcl-eval.txt"))
"""What it needs, and the package itself, without what else that wants."""
_LONGEST_LINE = 1 << 26


def environment() -> Path:
    """The interpreter of the environment, which is made when it is not there, or was made from other locks."""
    folder = Path(os.environ.get("BENCH_GATEWAYS") or Path.home() / ".cache" / "hulk-bench") / "bfcl"
    python, stamp = folder / "bin" / "python", folder / "made-from"
    wanted = hashlib.sha256(b"".join(lock.read_bytes() for lock in LOCKS)).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        print("Installing bfcl-eval and what it needs (about a minute the first time) …", file=sys.stderr, flush=True)
        venv.create(folder, with_pip=True, clear=True)
        for lock in LOCKS:
            install = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps", "-r", str(lock))
            subprocess.run([str(python), *install], check=True)
        stamp.write_text(wanted)
    return python


@dataclass(frozen=True, slots=True)
class Bfcl:
    """The program there, which prints what else it has to say into `noise`. One case at a time."""

    process: asyncio.subprocess.Process
    noise: IO[bytes]

    async def told(self, **what: Any) -> dict[str, Any]:
        """Its next line after one of ours. Raises `RuntimeError` when it has ended."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(what, ensure_ascii=False).encode() + b"\n")
        line = await self.process.stdout.readline()
        if not line:
            self.noise.seek(0)
            raise RuntimeError(f"the program of bfcl-eval has ended: {self.noise.read()[-2000:].decode(errors='replace')}")
        said: dict[str, Any] = json.loads(line)
        return said

    async def described(self) -> Described:
        """The set."""
        said = await self.told(do="list")
        cases = [Case(SET, one["category"], one["id"], one["id"]) for one in said["cases"]]
        return Described(cases, f"bfcl-eval {said['version']}", [(name, why) for name, why in said["left_out"]])

    async def truth(self, case: str) -> dict[str, Any]:
        """A case as the package has it, with its possible answers."""
        return await self.told(do="truth", id=case)

    async def outcome(self, case: Case, server: Server) -> Outcome:
        """Asked and judged."""
        taken, told = Taken(), await self.told(do="run", id=case.id)
        while (asked := told.get("ask")) is not None:
            told = await self.told(**await _answer(server, asked, taken))
        done = told["done"]
        if "failed" in done:
            return Outcome.of(case, "error", done["failed"], taken, None)
        return Outcome.of(case, "right" if done["valid"] else "wrong", done["why"], taken, done["said"])


_UNCOUNTED = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
"""What the package reads where a server counts nothing."""


async def _answer(server: Server, asked: Mapping[str, Any], taken: Taken) -> dict[str, Any]:
    try:
        reply = await server.complete(asked, taken)
        return {"reply": {**reply, "usage": reply.get("usage") or _UNCOUNTED}}
    except Failed as error:
        return {"error": str(error)}


@dataclass(frozen=True, slots=True)
class BfclAsking:
    """See `Asking`."""

    bfcl: Bfcl
    server: Server

    async def ask(self, case: Case) -> Outcome:
        """See `Asking`."""
        return await self.bfcl.outcome(case, self.server)


@asynccontextmanager
async def started() -> AsyncIterator[Bfcl]:
    """The program, until the block ends."""
    python = await asyncio.to_thread(environment)
    with tempfile.TemporaryFile() as noise:
        process = await asyncio.create_subprocess_exec(
            str(python), "-P", str(BRIDGE), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=noise, limit=_LONGEST_LINE
        )
        try:
            yield Bfcl(process, noise)
        finally:
            if process.stdin is not None:
                process.stdin.close()
            await process.wait()
