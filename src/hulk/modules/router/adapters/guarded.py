"""A provider behind breakers: a model that fails is left alone, and asked again as soon as its server is well."""

from dataclasses import dataclass
from functools import partial

from hulk.modules.router.domain.model import Completion, Model, Prompt, Unsent
from hulk.modules.router.ports import Provider
from hulk.runtime.breaker import Breakers, Tripped, answering


@dataclass(frozen=True, slots=True)
class GuardedProvider:
    """`Provider` with a breaker for each model, `model:` and its name. The server's list of models is the probe: it costs nothing."""

    inner: Provider
    breakers: Breakers

    async def complete(self, model: Model, prompt: Prompt) -> Completion:
        """See `Provider`; raises `Unsent` without asking while the breaker is open."""
        breaker = self.breakers.of(f"model:{model.name}", partial(_probed, model))
        try:
            return await breaker.call(lambda: self.inner.complete(model, prompt))
        except Tripped as refusal:
            raise Unsent(refusal.text, retry_after=refusal.retry_after) from refusal


async def _probed(model: Model) -> None:
    headers = {"authorization": f"Bearer {model.api_key}"} if model.api_key else None
    await answering(f"{model.url}/models", headers, proxies=not model.local)
