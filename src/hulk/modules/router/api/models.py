"""`/v1/router/models`: the models that there are, whether they are well, and what they cost."""

from typing import Any

from fastapi import APIRouter

from hulk.kernel.records import JsonObject
from hulk.kernel.text import Voice
from hulk.modules.finops import Tariff
from hulk.modules.router.domain.model import Model
from hulk.modules.router.usecases.offering import ListModels, Offered
from hulk.runtime.http import Caller, Spoken

_ABILITIES = ("tools", "schema", "streaming", "images", "audio", "files")


def routes(models: ListModels) -> APIRouter:
    """All of them."""
    router = APIRouter(prefix="/v1/router/models", tags=["router"])

    @router.get("", summary="The models, with how they are and what they cost")
    async def listed(caller: Caller, voice: Spoken) -> dict[str, list[JsonObject]]:
        """In the order in which they are tried. `price` is of a million tokens, null where it is not known: such a model is not asked.
        `problem` says why one cannot be asked now. Neither addresses nor keys are told."""
        return {"models": [model_view(one, voice) for one in await models(caller)]}

    return router


def model_view(one: Offered, voice: Voice) -> JsonObject:
    """A model as its readers see it."""
    model, trouble = one.model, one.trouble
    return {
        "name": model.name, "kind": model.kind, "model": model.model, "purpose": model.purpose, "local": model.local,
        "status": "ok" if trouble is None else "failing", "problem": trouble and voice.say(trouble.text),
        "price": one.tariff and _price(one.tariff), "fallbacks": list(model.fallbacks), "can": _can(model),
        "context": model.abilities.context, "max_output_tokens": model.most_output_tokens,
    }  # fmt: skip


def _can(model: Model) -> list[str]:
    return [name for name in _ABILITIES if getattr(model.abilities, name)] if model.purpose == "chat" else []


def _price(tariff: Tariff) -> dict[str, Any]:
    amounts = {name: f"{getattr(tariff, name):f}" for name in ("input", "output", "request", "hour")}
    return {**amounts, "currency": tariff.currency, "source": tariff.version}
