"""The secrets of a process: what the settings refer to, as it is now."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from hulk.kernel.errors import Unavailable
from hulk.kernel.text import Text
from hulk.runtime.config import Config, Reference, literal, parsed
from hulk.runtime.secrets.bitwarden import Bitwarden
from hulk.runtime.secrets.places import Environment, Files
from hulk.runtime.secrets.source import Source, Unreadable
from hulk.runtime.telemetry import Metrics
from hulk.runtime.validation import lines

log = structlog.get_logger(__name__)

TOKEN = "secrets.bitwarden.access_token"  # noqa: S105 - a setting's name
ASKED_FROM_A_THREAD = 15.0
"""Seconds that a thread waits for a secret to be read again."""


@dataclass(eq=False, slots=True)
class _Kept:
    """A secret that is referred to."""

    reference: Reference
    settings: list[str]
    value: str | None = field(default=None, repr=False)
    read: float = 0.0
    """When it could last be read."""
    tried: float = float("-inf")
    problem: Text | None = None
    errors: int = 0
    watchers: list[Callable[[], None]] = field(default_factory=list)
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How a secret setting is. `age`: seconds since it could last be read; `live`: whether a new value is used without a restart."""

    setting: str
    kind: str
    reference: str | None
    age: float | None
    live: bool
    errors: int
    problem: Text | None


class Secrets:
    """What `settings` (name to value, as written) refer to, kept as it is now. Made by `secrets_of`."""

    def __init__(
        self, settings: Mapping[str, str], sources: Mapping[str, Source], refresh: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._sources = sources
        self._refresh = refresh
        self._clock = clock
        self._literals: dict[str, str] = {}
        self._kept: dict[Reference, _Kept] = {}
        self._of: dict[str, _Kept] = {}
        self._live: set[str] = set()
        self._hurry = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        for setting, value in settings.items():
            self._note(setting, value)

    def _note(self, setting: str, value: str) -> None:
        reference = parsed(value)
        if reference is None:
            self._literals[setting] = literal(value)
        else:
            self._of[setting] = self._keep(reference)
            self._of[setting].settings.append(setting)

    def _keep(self, reference: Reference) -> _Kept:
        return self._kept.setdefault(reference, _Kept(reference, []))

    def now(self, setting: str) -> str:
        """The secret of a setting as it is now, empty when it has none. May be asked from any thread."""
        kept = self._of.get(setting)
        return self._literals[setting] if kept is None else kept.value or ""

    def watch(self, setting: str, act: Callable[[], None]) -> None:
        """Have `act` called, in the event loop, whenever the setting's secret has changed."""
        self.follow(setting)
        if kept := self._of.get(setting):
            kept.watchers.append(act)

    def follow(self, setting: str) -> Callable[[], str]:
        """What gives the setting's secret as it is now: for who asks before each use, and so is never behind."""
        self._live.add(setting)
        return lambda: self.now(setting)

    async def get(self, reference: str) -> str:
        """The secret that is referred to, not older than the time between two refreshes while it can be read; from then on it is
        refreshed too. What is no reference is the secret. Raises `Unreadable` when it never could be read."""
        named = parsed(reference)
        if named is None:
            return literal(reference)
        kept = self._keep(named)
        if not kept.settings:
            kept.settings.append(reference)
        if kept.value is None or self._clock() - kept.read > self._refresh:
            await self._read(kept)
        if kept.value is None:
            raise Unreadable(kept.problem or Text("It was not read yet."))
        return kept.value

    def applied(self, config: Config) -> Config:
        """The settings with the secrets as they are now."""
        return config.with_secrets(lambda setting, _: self.now(setting))

    async def begin(self) -> None:
        """Read all for the first time; raises `Unavailable` naming each setting whose secret cannot be read or is empty."""
        await self.refresh()
        problems = [_unreadable(kept) for kept in self._kept.values() if kept.problem is not None]
        if problems:
            raise Unavailable(lines([Text("Hulk does not start without the secrets that its settings refer to."), *problems]))

    async def refresh(self) -> None:
        """Read all anew; what opens Bitwarden first."""
        here = [kept for kept in self._kept.values() if kept.reference.kind != "bitwarden"]
        await self._read_all(here)
        await self._read_all([kept for kept in self._kept.values() if kept not in here])

    async def renew(self, *settings: str) -> None:
        """Read these anew because a server has refused what we have; not more often than their places like to be asked."""
        asked = [self._of[setting] for setting in settings if setting in self._of]
        await self._read_all([kept for kept in asked if self._clock() - kept.tried >= self._sources[kept.reference.kind].rest])

    def renew_from_thread(self, *settings: str) -> None:
        """`renew`, waited for in a thread that is not the event loop's; there it does nothing."""
        with contextlib.suppress(RuntimeError):
            asyncio.get_running_loop()
            return
        with contextlib.suppress(TimeoutError, RuntimeError):  # the loop is closed: Hulk is stopping
            asyncio.run_coroutine_threadsafe(self.renew(*settings), self._loop).result(ASKED_FROM_A_THREAD)

    def soon(self) -> None:
        """Have all read anew now, by `run`."""
        self._hurry.set()

    async def run(self) -> None:
        """Keep them fresh until cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._refresh):
                    await self._hurry.wait()
                    log.info("secrets_read_again", why="asked for")
            self._hurry.clear()
            await self.refresh()

    async def _read_all(self, wanted: Sequence[_Kept]) -> None:
        async with asyncio.TaskGroup() as group:
            for kept in wanted:
                group.create_task(self._read(kept))

    async def _read(self, kept: _Kept) -> None:
        """Read it, unless somebody else has done so since this was asked for."""
        asked = self._clock()
        async with kept.reading:
            if kept.tried > asked:
                return
            kept.tried = self._clock()
            try:
                value = await self._sources[kept.reference.kind].read(kept.reference.name)
            except Unreadable as error:
                self._failed(kept, error.text)
                return
            if problem := _wrong(value):
                self._failed(kept, problem)
            else:
                self._found(kept, value)

    def _found(self, kept: _Kept, value: str) -> None:
        changed = kept.value is not None and kept.value != value
        recovered = kept.problem is not None and kept.value is not None
        kept.value, kept.read, kept.problem = value, self._clock(), None
        if recovered:
            log.info("secret_readable", settings=kept.settings, reference=str(kept.reference))
        if changed:
            log.info("secret_changed", settings=kept.settings, reference=str(kept.reference), live=self._is_live(kept))
            for act in kept.watchers:
                act()

    def _failed(self, kept: _Kept, problem: Text) -> None:
        """At the start it is told by who starts; later it is logged once and the last good value kept."""
        again = kept.problem is not None
        kept.problem, kept.errors = problem, kept.errors + 1
        if kept.value is not None and not again:
            log.error(
                "secret_unreadable", settings=kept.settings, reference=str(kept.reference), reason=str(problem), used="last good value"
            )

    def _is_live(self, kept: _Kept) -> bool:
        return all(setting in self._live for setting in kept.settings)

    def status(self) -> list[Status]:
        """How each secret setting that has a value is, and what was asked for by reference."""
        plain = [
            Status(setting=setting, kind="literal", reference=None, age=None, live=setting in self._live, errors=0, problem=None)
            for setting, value in self._literals.items()
            if value
        ]
        return plain + [self._status(kept, setting) for kept in self._kept.values() for setting in kept.settings]

    def _status(self, kept: _Kept, setting: str) -> Status:
        return Status(
            setting=setting,
            kind=kept.reference.kind,
            reference=str(kept.reference),
            age=None if kept.value is None else self._clock() - kept.read,
            live=setting in self._live or setting not in self._of,
            errors=kept.errors,
            problem=kept.problem,
        )

    def measure(self, metrics: Metrics) -> None:
        """Have ages and errors written out with the other metrics."""
        ages = metrics.gauge("hulk_secret_age_seconds", "Since the secret could last be read.", ["setting"])
        for setting, kept in self._of.items():
            ages.labels(setting).set_function(lambda kept=kept: self._clock() - kept.read)  # type: ignore[misc]  # bound now
        metrics.tally("hulk_secret_errors_total", "Times it could not be read.", ("setting",), self._counted)

    def _counted(self) -> Iterable[tuple[Sequence[str], float]]:
        return [([setting], kept.errors) for setting, kept in self._of.items()]


def _wrong(value: str) -> Text | None:
    """Why what was read cannot be a secret."""
    if not value:
        return Text("It is empty.")
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):  # what a variable has that is not UTF-8
        return Text("It is not text.")
    return None


def _unreadable(kept: _Kept) -> Text:
    settings = ", ".join(kept.settings)
    return Text("{setting} refers to {reference}: {problem}", setting=settings, reference=str(kept.reference), problem=kept.problem)


async def secrets_of(config: Config, environ: Mapping[str, str]) -> Secrets:
    """The secrets that these settings refer to, all read once; raises `Unavailable` naming those that cannot be. Whoever stays has
    `Secrets.run` keep them fresh."""
    return await _begun(config, environ, config.written_secrets())


async def resolved(config: Config, environ: Mapping[str, str], sections: Sequence[str]) -> Config:
    """The settings with the secrets of these sections in place of references, for a program that ends soon; raises as `secrets_of`."""
    wanted = config.written_secrets(*sections, "secrets")
    needed = wanted if _asks_bitwarden(wanted) else {setting: value for setting, value in wanted.items() if setting != TOKEN}
    secrets = await _begun(config, environ, needed)
    return config.with_secrets(lambda setting, _: secrets.now(setting) if setting in needed else "")


def _asks_bitwarden(settings: Mapping[str, str]) -> bool:
    return any(reference is not None and reference.kind == "bitwarden" for reference in map(parsed, settings.values()))


async def _begun(config: Config, environ: Mapping[str, str], settings: Mapping[str, str]) -> Secrets:
    files = Files()
    sources: dict[str, Source] = {
        "file": files,
        "credential": Files(environ.get("CREDENTIALS_DIRECTORY")),
        "env": Environment(environ),
        "bitwarden": Bitwarden(config.secrets.bitwarden, lambda: token(), environ),
    }
    secrets = Secrets(settings, sources, config.secrets.refresh.total_seconds())
    token = secrets.follow(TOKEN)
    await secrets.begin()
    return secrets
