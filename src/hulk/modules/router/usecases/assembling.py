"""All acts of the router, over its ports: made once, so that they share what they see of the models."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from hulk.kernel.durable import Commit
from hulk.kernel.time import Clock
from hulk.modules.finops import Finops
from hulk.modules.router.domain.labels import Labels
from hulk.modules.router.domain.model import Model
from hulk.modules.router.ports import Catalogue, Decisions, Health, Provider, Schemas
from hulk.modules.router.ports.policies import PoliciesOf
from hulk.modules.router.usecases.answer import AnswerFreely, Measure
from hulk.modules.router.usecases.asking import Scan
from hulk.modules.router.usecases.choosing import Choose, Select
from hulk.modules.router.usecases.decide import Decide, Keep
from hulk.modules.router.usecases.deciding import DecideOnly, ListDecisions, ShowDecision
from hulk.modules.router.usecases.embeddings import Embeddings
from hulk.modules.router.usecases.executing import Attempts, Embed, Execute, Patience, Pay, Stream
from hulk.modules.router.usecases.gateway import Gateway
from hulk.modules.router.usecases.offering import ListModels
from hulk.modules.router.usecases.recognise import Recognise
from hulk.modules.router.usecases.sending import GiveLeave, Send
from hulk.modules.router.usecases.trials import Try, TryNothing
from hulk.modules.router.usecases.weighing import Anything, Seen, Weigh, always


@dataclass(frozen=True, slots=True, kw_only=True)
class Router:
    """All the acts of this module that answer. `once` asks one model one time, for who keeps account of each asking."""

    decide: Decide
    answer_freely: AnswerFreely
    gateway: Gateway
    once: Gateway
    embeddings: Embeddings
    decide_only: DecideOnly
    show_decision: ShowDecision
    list_decisions: ListDecisions
    list_models: ListModels
    recognise: Recognise
    decisions: Decisions


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What the acts are made of. `key` signs leave to send; `choose` None takes models in their order."""

    models: Sequence[Model]
    provider: Provider
    catalogue: Catalogue
    recognise: Recognise
    decisions: Decisions
    schemas: Schemas
    finops: Finops
    commit: Commit
    clock: Clock
    key: bytes
    health: Health = field(default_factory=Anything)
    policies_of: PoliciesOf = field(default_factory=lambda: always(()))
    choose: Choose | None = None
    labels: Labels = field(default_factory=Labels)
    fallbacks: int = 2
    patience: Patience = field(default_factory=Patience)
    tries: Try = field(default_factory=TryNothing)


def router_of(needs: Needs) -> Router:
    """The acts over those."""
    seen, scan = Seen(), Scan(needs.labels)
    models, embedding = ([model for model in needs.models if model.purpose == purpose] for purpose in ("chat", "embeddings"))
    weigh = Weigh(models, needs.finops, needs.policies_of, needs.clock, needs.health, seen, needs.tries)
    select = Select(weigh, needs.choose, needs.fallbacks)
    keep, measure = Keep(needs.decisions, needs.finops, needs.clock), Measure(needs.commit, needs.choose)
    attempts = _attempts(needs, seen)
    execute = Execute(attempts, needs.schemas)
    gateway = Gateway(
        models, scan, select, keep, execute, Stream(attempts), measure, needs.schemas, needs.commit, needs.clock, embedding
    )  # fmt: skip
    among = Select(replace(weigh, models=embedding), None, needs.fallbacks)
    alone = replace(attempts, patience=replace(needs.patience, attempts=1, others=1, hedge_after=None))
    once = replace(gateway, select=replace(select, fallbacks=0), execute=Execute(alone, needs.schemas, mends=False), streams=Stream(alone))
    decide = Decide(needs.recognise, needs.catalogue, models, scan, select, keep)
    return Router(
        decide=decide,
        decide_only=DecideOnly(decide, needs.commit),
        show_decision=ShowDecision(needs.decisions),
        list_decisions=ListDecisions(needs.decisions),
        list_models=ListModels(needs.models, needs.health, needs.finops),
        answer_freely=AnswerFreely(models, scan, weigh, execute, measure, needs.clock, needs.fallbacks),
        gateway=gateway,
        once=once,
        embeddings=Embeddings(replace(gateway, models=embedding, others=models, select=among), Embed(attempts)),
        recognise=needs.recognise,
        decisions=needs.decisions,
    )  # fmt: skip


def _attempts(needs: Needs, seen: Seen) -> Attempts:
    give_leave, send = GiveLeave(needs.key, needs.clock), Send(needs.provider, needs.key, needs.clock)
    return Attempts(give_leave, send, Pay(needs.finops, needs.commit), needs.clock, seen, needs.patience)
