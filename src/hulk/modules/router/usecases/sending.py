"""The only way to a model: by leave, for just that prompt, with a receipt of every attempt.

    leave = give_leave(decision=…, tenant=…, prompt=prompt, reach="local")
    completion = await send(leave, model, prompt)        # raises Forbidden, before anything leaves, when the leave is not for just this

`Send` proves the leave and tells `PassOut`, which stands at the transport, what is about to go. What comes to the transport in any
other way is stopped there: a new adapter, a library that repeats by itself, a cache that is warmed.
"""

import contextlib
import hashlib
from collections.abc import AsyncIterator, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from hulk.kernel import ids
from hulk.kernel.durable import Commit
from hulk.kernel.errors import Forbidden
from hulk.kernel.time import Clock
from hulk.modules.router.domain.capability import Capability, Reach, Receipt, Sending, require
from hulk.modules.router.domain.model import Completion, Delta, Embedded, Model, Prompt
from hulk.modules.router.ports import Provider, Receipts

LASTING = timedelta(minutes=10)
"""How long a leave holds: all attempts to answer, and their pauses."""


@dataclass(slots=True)
class _Going:
    """What this task may send now; `over` once it is sent, also for tasks that were begun meanwhile and have a copy of it."""

    leave: Capability
    model: Model
    sending: Sending
    over: bool = False


_going: ContextVar[_Going | None] = ContextVar("going", default=None)


@dataclass(frozen=True, slots=True)
class GiveLeave:
    """Allow a prompt to be sent: to any model, or only to those that run where sensitive data may go."""

    key: bytes
    clock: Clock
    lasting: timedelta = LASTING

    def __call__(self, *, decision: str, tenant: str, prompt: Prompt, reach: Reach) -> Capability:
        """The leave, signed, for `lasting` from now on."""
        expires = self.clock() + self.lasting
        return Capability(decision=decision, tenant=tenant, payload=prompt.digest, reach=reach, expires=expires).sealed(self.key)


@dataclass(frozen=True, slots=True)
class Send:
    """Ask a model, by leave. One attempt, as the provider's."""

    provider: Provider
    key: bytes
    clock: Clock

    async def __call__(self, leave: Capability, model: Model, prompt: Prompt) -> Completion:
        """The answer. Raises `Forbidden` unless the leave is for just this, and what `Provider.complete` raises."""
        with self._going(leave, model, prompt):
            return await self.provider.complete(model, prompt)

    async def embed(self, leave: Capability, model: Model, prompt: Prompt, dimensions: int | None = None) -> Embedded:
        """The vectors of the prompt's messages; raises as `__call__` does."""
        with self._going(leave, model, prompt):
            return await self.provider.embed(model, prompt, dimensions)

    @contextlib.asynccontextmanager
    async def stream(self, leave: Capability, model: Model, prompt: Prompt) -> AsyncIterator[AsyncIterator[Delta]]:
        """The answer while it comes; raises as `__call__` does. The request has gone once the block is entered."""
        async with contextlib.AsyncExitStack() as stack:
            with self._going(leave, model, prompt):
                deltas = await stack.enter_async_context(self.provider.stream(model, prompt))
            yield deltas

    @contextlib.contextmanager
    def _going(self, leave: Capability, model: Model, prompt: Prompt) -> Iterator[None]:
        sending = Sending(model=model.name, local=model.local, tenant=leave.tenant, payload=prompt.digest)
        require(leave, sending, self.key, self.clock())
        token = _going.set(going := _Going(leave, model, sending))
        try:
            yield
        finally:
            going.over = True
            _going.reset(token)


@dataclass(frozen=True, slots=True)
class PassOut:
    """`Gate`: lets out what `Send` sends, to the model it is for, once its receipt is kept. Whether a server is well may be asked of any
    model's, by the address of its list of models, with nothing more in the request."""

    models: Sequence[Model]
    key: bytes
    receipts: Receipts
    commit: Commit
    clock: Clock

    async def __call__(self, method: str, url: str, body: bytes, /) -> None:
        """See `Gate`; raises `Unavailable` when the receipt cannot be kept."""
        going = _going.get()
        if method == "GET" and not body and any(url == f"{model.url}/models" for model in self.models):
            return
        if going is None or going.over:
            raise Forbidden("A request to {host} was stopped: nobody gave it leave.", host=_host(url))
        if going.model not in self.models or not going.model.holds(url):
            raise Forbidden("A request to {host} was stopped: the leave is for {model}.", host=_host(url), model=going.model.name)
        require(going.leave, going.sending, self.key, self.clock())
        await self.commit(self.receipts.record(self._receipt(going, url, body)))

    def _receipt(self, going: _Going, url: str, body: bytes) -> Receipt:
        return Receipt(
            id=ids.new("rcp"), decision=going.leave.decision, tenant=going.leave.tenant, model=going.model.name, host=_host(url),
            local=going.model.local, payload=going.sending.payload, body=hashlib.sha256(body).hexdigest(), at=self.clock(),
        ).sealed(self.key)  # fmt: skip


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]
