"""What `thor` asks about models: which there are, how one does, and one more of them."""

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import ValidationError

from hulk.apps.audit_key import audit_key, leave_key
from hulk.apps.desk import known_store
from hulk.apps.limits import limits_of
from hulk.apps.local_model import FOLDER, wanted
from hulk.apps.settings import add_entry
from hulk.kernel.errors import HulkError, NotFound, Refused, Unavailable
from hulk.kernel.tenancy import DEFAULT_TENANT
from hulk.kernel.text import Text, Voice
from hulk.modules.audit.settings import AuditSettings
from hulk.modules.finops import Finops
from hulk.modules.finops.settings import FinopsSettings
from hulk.modules.finops.wiring import quoting
from hulk.modules.finops.wiring import wired as wired_finops
from hulk.modules.identity.wiring import identity as wired_identity
from hulk.modules.router import Model
from hulk.modules.router.settings import LOCAL, ModelsSettings, ProviderSettings
from hulk.modules.router.wiring import models_of, price_of, trying
from hulk.runtime.breaker import Breakers
from hulk.runtime.cache import Caches
from hulk.runtime.cache import opened as opened_caches
from hulk.runtime.config import CacheSettings, Config, parsed
from hulk.runtime.models import PACKAGED, LocalServer, Packaged, installed, running, serving
from hulk.runtime.outbox import Outbox
from hulk.runtime.secrets import resolved
from hulk.runtime.store import Store
from hulk.runtime.validation import refused

Row: TypeAlias = Mapping[str, Any]
NOT_RUNNING = "http://127.0.0.1:0/v1"
"""Where the local model is shown to be while no Hulk serves it."""


async def model_rows(written: Config, data: Path, states: Mapping[str, str], voice: Voice) -> list[Row]:
    """The configured models in the order in which they are tried. `states`: those of the breakers of a Hulk that runs, by name."""
    settings = written.section(ModelsSettings)
    told = running(data / FOLDER) if settings.local.model else None
    models = models_of(settings, (told or {"url": NOT_RUNNING})["url"] if settings.local.model else None)
    async with _caches() as caches:
        quote = quoting(written.section(FinopsSettings), caches)
        return [
            {
                "name": model.name, "kind": model.kind, "model": settings.local.model if model.name == LOCAL else model.model,
                "where": _where(model), "local": _yes(model.local), "can": _abilities(model), "price": await _price(quote, model),
                "key": await _key(written, settings, model, voice), "breaker": states.get(f"model:{model.name}", ""),
            }
            for model in models
        ]  # fmt: skip


def _where(model: Model) -> str:
    return "" if model.url == NOT_RUNNING else model.url


def _yes(value: bool) -> str:
    return "✓" if value else ""


def _abilities(model: Model) -> str:
    can = model.abilities
    names = [name for name in ("tools", "schema", "streaming", "images", "audio", "files") if getattr(can, name)]
    return ", ".join([*names, *([f"{can.context} tokens"] if can.context else [])])


async def _price(quote: Callable[..., Any], model: Model) -> str:
    """Of a million tokens, sent and received; `?` where it is not known, and a call would be refused."""
    try:
        tariff = await quote(price_of(model))
    except Refused:
        return "?"
    prices = Decimal(tariff.input), Decimal(tariff.output)
    return f"{prices[0].normalize():f} / {prices[1].normalize():f} {tariff.currency}"


async def _key(written: Config, settings: ModelsSettings, model: Model, voice: Voice) -> str:
    """Whether its key can be had now: where it is, never what."""
    if model.name == LOCAL and settings.local.model:
        return "own"
    place = next(place for place, one in enumerate(settings.providers) if one.name == model.name)
    value = settings.providers[place].api_key.get_secret_value()
    if not value:
        return ""
    only = written.with_secrets(lambda setting, value: value if setting == f"models.providers[{place}].api_key" else "")
    try:
        await resolved(only, os.environ, ("models",))
    except HulkError as error:
        return voice.say(error.text).splitlines()[-1]  # the line of this setting
    return str(parsed(value) or "set")


@dataclass(frozen=True, slots=True)
class Bench:
    """Where one model is tried, in the way of all questions."""

    config: Config
    data: Path
    folder: Path
    voice: Voice
    tell: Callable[[Text], None]

    async def __call__(self, name: str) -> list[Row]:
        """How it did. Raises what kept it from answering."""
        async with contextlib.AsyncExitStack() as stack:
            store = await stack.enter_async_context(known_store(self.config, self.data))
            key = audit_key(self.config.section(AuditSettings), self.data)
            finops = await self._finops(stack, store, Outbox(store, key))
            models, keys, server = await self._models(stack, name)
            breakers = await stack.enter_async_context(Breakers(self.config.breaker).working())
            act = trying(store, models, finops, breakers, leave_key(key), server, key_of=lambda model: keys[model.name]())
            tried = await (await stack.enter_async_context(act))(DEFAULT_TENANT, name, self.voice.language)
        speed = "" if tried.speed is None else f"{tried.speed:.1f}"
        return [
            {
                "name": name, "first_token_seconds": f"{tried.first_seconds:.2f}", "seconds": f"{tried.seconds:.2f}",
                "input_tokens": tried.input_tokens, "output_tokens": tried.output_tokens, "tokens_per_second": speed,
                "cost": str(tried.cost), "decision": tried.decision, "text": tried.text,
            }
        ]  # fmt: skip

    async def _finops(self, stack: contextlib.AsyncExitStack, store: Store, outbox: Outbox) -> Finops:
        caches = await stack.enter_async_context(_caches())
        quotas = limits_of(self.config, store, outbox, wired_identity(store, outbox, local=True))
        return wired_finops(store, self.config.section(FinopsSettings), caches, quotas.monthly_spend, trail=outbox)

    async def _models(
        self, stack: contextlib.AsyncExitStack, name: str
    ) -> tuple[tuple[Model, ...], dict[str, Callable[[], str]], LocalServer | None]:
        """The models, what gives their keys, and the server of the local one where it had to be started for this."""
        settings = self.config.section(ModelsSettings)
        keys = {one.name: one.api_key.get_secret_value for one in settings.providers}
        if not settings.local.model:
            return models_of(settings, None), keys, None
        if name != LOCAL or (told := running(self.data / FOLDER)) is not None:
            reached = (running(self.data / FOLDER) if name != LOCAL else told) or {"url": NOT_RUNNING, "key": ""}
            return models_of(settings, reached["url"]), {**keys, LOCAL: lambda: reached["key"]}, None
        server = await self._served(stack, settings)
        return models_of(settings, server.url), {**keys, LOCAL: lambda: server.key}, server

    async def _served(self, stack: contextlib.AsyncExitStack, settings: ModelsSettings) -> LocalServer:
        self.tell(Text("No Hulk serves the local model on this data folder: it is loaded for this test."))
        server = await stack.enter_async_context(serving(wanted(settings.local, self.data, self.folder)))
        deadline = asyncio.get_running_loop().time() + settings.local.timeouts.total.total_seconds()
        while server.trouble is not None:
            if server.restarts or asyncio.get_running_loop().time() > deadline:
                raise Unavailable(server.trouble)
            await asyncio.sleep(0.05)
        return server


@contextlib.asynccontextmanager
async def _caches() -> AsyncIterator[Caches]:
    """Caches for one command: those of a running Hulk are its own."""
    with tempfile.TemporaryDirectory(prefix="hulk-") as folder:
        async with opened_caches(CacheSettings(), Path(folder)) as caches:
            yield caches


def add_model(file: Path, given: Mapping[str, Any], environ: Mapping[str, str]) -> list[Row]:
    """The settings file with one more model, checked whole before it takes the place of the old one. Raises `Refused`."""
    _require_provider(given)
    add_entry(file, "models", "providers", given, environ)
    return [{**given, "file": str(file)}]


def _require_provider(given: Mapping[str, Any]) -> None:
    """Raises `Refused` for what makes no model, in the words of the settings; the key must be a reference, never the key itself."""
    try:
        ProviderSettings.model_validate(given)
    except ValidationError as error:
        raise refused(error) from error
    key = given.get("api_key")
    if key is not None and parsed(str(key)) is None:
        raise Refused("Give where the key is, such as --key-env NAME or --key file:/run/secrets/name, never the key itself.")


def serving_hint() -> Text | None:
    """What is missing to serve a model here, None when nothing is."""
    return None if installed() else Text("To serve it, install what runs it: pip install 'hulk-ops[local]'.")


def packaged_of(name: str) -> Packaged:
    """The packaged model of that name. Raises `NotFound`."""
    if name not in PACKAGED:
        raise NotFound("There is no packaged model {name}; there are: {known}.", name=name, known=", ".join(PACKAGED))
    return PACKAGED[name]
