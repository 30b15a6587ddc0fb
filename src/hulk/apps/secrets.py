"""The secrets of the running program, as its parts need them; over HTTP how they are, never what."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from hulk.kernel.text import Text
from hulk.modules.router import Model
from hulk.modules.router.settings import LOCAL, ModelsSettings
from hulk.runtime.bus import Changing
from hulk.runtime.config import Config
from hulk.runtime.http import Caller, Spoken, allow
from hulk.runtime.models import LocalServer
from hulk.runtime.secrets import Secrets, Status
from hulk.runtime.store import Login, credentials

URL, PASSWORD = "store.url", "store.password"
NATS = ("nats.user", "nats.pass")


def database_login(secrets: Secrets) -> Login:
    """Who we are to PostgreSQL, as `store.url` and `store.password` say now."""
    login = Login(credentials(secrets.now(URL), secrets.now(PASSWORD)), lambda: secrets.renew_from_thread(URL, PASSWORD))
    for setting in (URL, PASSWORD):
        secrets.watch(setting, lambda: login.change(credentials(secrets.now(URL), secrets.now(PASSWORD))))
    return login


def nats_credentials(secrets: Secrets) -> Changing:
    """Who we are to NATS, as `nats.user` and `nats.pass` say now."""
    user, password = (secrets.follow(setting) for setting in NATS)
    return Changing(now=lambda: (user(), password()), renew=lambda: secrets.renew(*NATS))


def model_keys(secrets: Secrets, config: Config, local: LocalServer | None = None) -> Callable[[Model], str]:
    """Gives a model's key as `models.providers` has it now; that of our own server's model as it was made for its present life."""
    providers = config.section(ModelsSettings).providers
    keys = {one.name: secrets.follow(f"models.providers[{place}].api_key") for place, one in enumerate(providers)}
    if local is not None:
        keys[LOCAL] = lambda: local.key
    return lambda model: keys[model.name]()


def secrets_check(secrets: Secrets) -> Callable[[], Awaitable[Mapping[str, object]]]:
    """What `/ready` tells: a secret that cannot be read any more does not stop what works with its last good value."""

    async def check() -> Mapping[str, object]:
        failing = [one.setting for one in secrets.status() if one.problem is not None]
        if not failing:
            return {}
        told = Text("These cannot be read any more; their last good values are used: {settings}.", settings=", ".join(failing))
        return {"degraded": failing, "detail": told}

    return check


class SecretBody(BaseModel):
    """A secret setting, without its secret."""

    setting: str
    kind: Annotated[str, Field(description="`literal`, `file`, `credential`, `env` or `bitwarden`.")]
    reference: Annotated[str | None, Field(description="Where it is; null for one that stands in the settings.")]
    age: Annotated[float | None, Field(description="Seconds since it could last be read.")]
    live: Annotated[bool, Field(description="Whether a new value is used without a restart.")]
    errors: Annotated[int, Field(description="Times it could not be read since the start.")]
    problem: Annotated[str | None, Field(description="Why it cannot be read now.")]


class SecretsBody(BaseModel):
    """All secret settings of this process that have a value."""

    secrets: list[SecretBody]


def secret_routes(secrets: Secrets) -> APIRouter:
    """`GET /v1/secrets`."""
    router = APIRouter(prefix="/v1", tags=["operation"])

    @router.get("/secrets", summary="The secret settings of this process: where they are and how old, never what")
    async def listed(caller: Caller, voice: Spoken) -> SecretsBody:
        """Also which could not be read when they were read last."""
        allow(caller, "read", "platform")
        return SecretsBody(secrets=[_body(one, voice.say) for one in secrets.status()])

    return router


def _body(one: Status, say: Callable[[Text], str]) -> SecretBody:
    return SecretBody(
        setting=one.setting, kind=one.kind, reference=one.reference, age=None if one.age is None else round(one.age, 1), live=one.live,
        errors=one.errors, problem=None if one.problem is None else say(one.problem),
    )  # fmt: skip
