"""Secrets in Bitwarden Secrets Manager, read with its program `bws` (https://bitwarden.com/help/secrets-manager-cli/).

    bws secret get <id> --output json          {"id": …, "key": …, "value": …, …}
    bws project list --output json             [{"id": …, "name": …, …}, …]
    bws secret list <project id> --output json [{"id": …, "key": …, "value": …, …}, …]

It exits with 0 or says `Error: …` on standard error: bws 1.0 as a report of several lines, later ones in a line, some with a `Hint: …`.
"""

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from hulk.runtime.config import BitwardenSettings
from hulk.runtime.secrets.source import Unreadable

AT_ONCE = 2
"""Programs that run at the same time: Bitwarden limits how often one may log in."""
MOST = 4 * 1024 * 1024
"""Bytes of the longest answer: a project with all its secrets."""
CHUNK = 64 * 1024
_KEPT = (
    "HOME", "BWS_CONFIG_FILE", "BWS_PROFILE", "BWS_SERVER_URL", "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "https_proxy", "NO_PROXY",
    "no_proxy", "ALL_PROXY", "all_proxy",
)  # fmt: skip
"""What it needs of the environment: its settings and saved sessions (`HOME`), and how to reach the network."""
_SAID = re.compile(r"^Error:\s*(?:0:\s*)?(?P<error>\S[^\n]*)(?:\nHint: (?P<hint>[^\n]+))?", re.MULTILINE)
_LONGEST = 240


@dataclass(frozen=True, slots=True)
class _Ended:
    """A call of the program that has ended."""

    code: int
    output: bytes
    errors: bytes


class Bitwarden:
    """`Source` over `bws`. A name is a secret's id, or the name or id of a project and the key of a secret in it: `prod/nats`.
    `token` gives the access token as it is now."""

    rest = 5.0

    def __init__(self, settings: BitwardenSettings, token: Callable[[], str], environ: Mapping[str, str]) -> None:
        self._settings = settings
        self._token = token
        self._environ = environ
        self._room = asyncio.Semaphore(AT_ONCE)

    async def read(self, name: str) -> str:
        """See `Source`."""
        project, slash, key = name.partition("/")
        if not slash:
            return _value(await self._asked("secret", "get", name))
        secrets = await self._asked("secret", "list", await self._project(project))
        return _value(_only(secrets, "key", key))

    async def _project(self, project: str) -> str:
        with contextlib.suppress(ValueError):
            return str(UUID(project))
        found = _only(await self._asked("project", "list"), "name", project)
        if not isinstance(found.get("id"), str):
            raise _nonsense()
        return str(found["id"])

    async def _asked(self, *what: str) -> Any:
        """The JSON that it answers with."""
        token = self._token()
        if not token or not token.isprintable():
            raise Unreadable(
                "There is no access token for Bitwarden. Set secrets.bitwarden.access_token, such as to env:BWS_ACCESS_TOKEN or file:/path."
            )
        async with self._room:
            ended = await self._run([*what, "--output", "json", "--color", "no"], token)
        if ended.code != 0:
            raise Unreadable("Bitwarden's program has failed: {reason}", reason=_reason(ended, token))
        return _json(ended.output)

    async def _run(self, arguments: list[str], token: str) -> _Ended:
        try:
            async with (
                asyncio.timeout(self._settings.timeout.total_seconds()),
                _started(self._program(), arguments, self._env(token)) as process,
            ):
                output, errors = await _read(process)
                return _Ended(await process.wait(), output, errors)
        except TimeoutError as error:
            raise Unreadable(
                "Bitwarden's program did not end within {seconds} s (secrets.bitwarden.timeout): is its server within reach?",
                seconds=self._settings.timeout.total_seconds(),
            ) from error
        except OSError as error:
            raise Unreadable(
                "Bitwarden's program {program} cannot be started: {reason} (secrets.bitwarden.program).",
                program=self._settings.program, reason=error.strerror or "?",
            ) from error  # fmt: skip

    def _program(self) -> str:
        found = shutil.which(self._settings.program, path=self._environ.get("PATH", os.defpath))
        if found is None:
            raise Unreadable(
                "There is no program {program} that can be executed. Install Bitwarden's Secrets Manager CLI, or name it in"
                " secrets.bitwarden.program.",
                program=self._settings.program,
            )
        return found

    def _env(self, token: str) -> dict[str, str]:
        kept = {name: self._environ[name] for name in _KEPT if name in self._environ}
        server = {"BWS_SERVER_URL": self._settings.server_url} if self._settings.server_url else {}
        return {**kept, **server, "NO_COLOR": "1", "BWS_ACCESS_TOKEN": token}


@contextlib.asynccontextmanager
async def _started(program: str, arguments: list[str], env: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """The program for as long as the block lasts; what it has started ends with it."""
    process = await asyncio.create_subprocess_exec(
        program, *arguments, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        for stream in (process.stdout, process.stderr):
            while await _pipe(stream).read(CHUNK):  # what it left: only then do they close
                pass
        await process.wait()


async def _read(process: asyncio.subprocess.Process) -> tuple[bytes, bytes]:
    try:
        async with asyncio.TaskGroup() as group:
            output, errors = (group.create_task(_all(_pipe(stream))) for stream in (process.stdout, process.stderr))
    except ExceptionGroup as told:
        raise told.exceptions[0] from None
    return output.result(), errors.result()


def _pipe(stream: asyncio.StreamReader | None) -> asyncio.StreamReader:
    assert stream is not None  # noqa: S101  # pipes were asked for
    return stream


async def _all(stream: asyncio.StreamReader) -> bytes:
    found = bytearray()
    while chunk := await stream.read(CHUNK):
        found += chunk
        if len(found) > MOST:
            raise Unreadable("Bitwarden's program says more than {most} bytes, so it is not bws.", most=MOST)
    return bytes(found)


def _reason(ended: _Ended, token: str) -> str:
    """Only what it says as its error: other words of a program that is not `bws` might be the secret."""
    said = _SAID.search(ended.errors.decode("utf-8", "replace"))
    if said is None:
        return f"exit code {ended.code}."
    words = " ".join(part for part in (said["error"], said["hint"]) if part).replace(token, "***")
    return "".join(character for character in words if character.isprintable())[:_LONGEST]


def _json(output: bytes) -> Any:
    if not output.strip():
        raise Unreadable("Bitwarden's program has answered nothing: does the access token belong to a machine account of an organization?")
    try:
        return json.loads(output)
    except (ValueError, RecursionError):
        raise _nonsense() from None  # the error holds what was read


def _only(found: Any, attribute: str, wanted: str) -> Any:
    if not isinstance(found, list):
        raise _nonsense()
    fitting = [one for one in found if isinstance(one, dict) and one.get(attribute) == wanted]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise Unreadable("In Bitwarden, {count} have the {attribute} {wanted}. Use the id of the one that is meant.",
                         count=len(fitting), attribute=attribute, wanted=wanted)  # fmt: skip
    raise Unreadable("In Bitwarden, none has the {attribute} {wanted} that the access token may read.", attribute=attribute, wanted=wanted)


def _value(found: Any) -> str:
    value = found.get("value") if isinstance(found, dict) else None
    if not isinstance(value, str):
        raise _nonsense()
    return value


def _nonsense() -> Unreadable:
    return Unreadable(
        "Bitwarden's program has answered something else than its documentation says. Is secrets.bitwarden.program really bws?"
    )
