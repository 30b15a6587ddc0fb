"""Which models may answer, each with what it would see and may cost, and why others may not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from hulk.kernel.errors import Exhausted, Forbidden, HulkError, Refused, Unavailable
from hulk.kernel.money import Money
from hulk.kernel.text import Text
from hulk.kernel.time import Clock
from hulk.modules.finops import Finops
from hulk.modules.router.domain.asked import AUTO, Asked, masked_prompt
from hulk.modules.router.domain.capability import Reach
from hulk.modules.router.domain.model import Model, Prompt, Unsent, fitted, most_input_tokens
from hulk.modules.router.domain.pace import Pace
from hulk.modules.router.domain.policy import Circumstances, Policy, Ruling, ruling
from hulk.modules.router.domain.sensitivity import Unmaskable, Vault
from hulk.modules.router.domain.speed import Speeds
from hulk.modules.router.ports import Health
from hulk.modules.router.ports.policies import PoliciesOf
from hulk.modules.router.usecases.asking import kept_in, planned
from hulk.modules.router.usecases.trials import Try, TryNothing


def always(policies: Sequence[Policy]) -> PoliciesOf:
    """The same for all tenants."""

    async def of(_: str) -> Sequence[Policy]:
        return policies

    return of


@dataclass(frozen=True, slots=True)
class Able:
    """A model that may answer. `prompt` is what it would see: where values were taken out, they are in `vault`. `reach` is how far that
    may go."""

    model: Model
    most: Money
    prompt: Prompt
    reach: Reach
    vault: Vault | None = None


@dataclass(frozen=True, slots=True)
class Weighed:
    """Those that may answer, and why others may not."""

    asked: Asked
    """As it is asked, in its variants of experiments."""
    able: tuple[Able, ...]
    objections: tuple[tuple[Model, HulkError], ...]

    @property
    def reasons(self) -> tuple[Text, ...]:
        """The objections in words."""
        return tuple(error.text for _, error in self.objections)


@dataclass(slots=True)
class Seen:
    """What this process has seen of models: limits that their providers told, how long answers took."""

    pace: Pace = field(default_factory=Pace)
    speeds: Speeds = field(default_factory=Speeds)


class Anything:
    """`Health` of servers that nobody watches."""

    def refusal(self, _: Model) -> Unsent | None:
        """None: they are asked."""
        return None


@dataclass(frozen=True, slots=True)
class Weigh:
    """Look at the models in their order. What costs least to know is looked at first."""

    models: Sequence[Model]
    finops: Finops
    policies_of: PoliciesOf
    clock: Clock
    health: Health = field(default_factory=Anything)
    seen: Seen = field(default_factory=Seen)
    tries: Try = field(default_factory=TryNothing)

    async def __call__(self, asked: Asked) -> Weighed:
        """All of them. Raises `Unavailable` when the policies cannot be read."""
        asked, besides = await self.tries(asked)
        rules, view = await self.rules(asked, besides), _View(asked)
        looked = [(model, self._looked_at(asked, view, rules, model)) for model in self.wanted(asked)]
        could = [one for _, one in looked if isinstance(one, _Could)]
        mosts = iter(await self.finops.afford.each([planned(asked, one.model, one.prompt, asked.key) for one in could]))
        found = [(model, _within(one, next(mosts), rules) if isinstance(one, _Could) else one) for model, one in looked]
        able = tuple(one for _, one in found if isinstance(one, Able))
        return Weighed(asked, able, tuple((model, one) for model, one in found if not isinstance(one, Able)))

    async def rules(self, asked: Asked, besides: Sequence[Policy] = ()) -> Ruling:
        """What the policies say of it now, with those that hold `besides`."""
        policies = [*await self.policies_of(asked.tenant), *besides]
        spent = await self.finops.spent_share(asked.tenant) if any(policy.when.spent is not None for policy in policies) else None
        around = Circumstances(
            tenant=asked.tenant, channel=asked.channel, agent=asked.agent, sensitivity=asked.scan.sensitivity, at=self.clock(), spent=spent
        )  # fmt: skip
        return ruling(policies, around)

    def wanted(self, asked: Asked) -> Iterator[Model]:
        """The models that are meant: all, or the named one and those that stand in for it."""
        if asked.wanted == AUTO:
            yield from self.models
            return
        by_name = {model.name: model for model in self.models}
        if (named := by_name.get(asked.wanted)) is not None:
            yield named
            yield from (by_name[name] for name in named.fallbacks if name in by_name)

    def _looked_at(self, asked: Asked, view: "_View", rules: Ruling, model: Model) -> "_Could | HulkError":
        """What it would see, or why it may not answer."""
        try:
            vault, prompt = view.of(model, masks=rules.masks and model.purpose == "chat")
            if (denied := rules.objection(model.name)) is not None:
                return Forbidden(denied)
            fitted(model, prompt)
            _fits(model, prompt)
            self._now(model, prompt, rules)
        except HulkError as error:
            return error
        return _Could(model, prompt, vault, "local" if asked.p0 and vault is None else "any")

    def _now(self, model: Model, prompt: Prompt, rules: Ruling) -> None:
        """Whether it is well, and fast enough; raises `Unavailable` or `Forbidden`."""
        if (refusal := self.health.refusal(model)) is not None:
            raise refusal
        if (wait := self.seen.pace.wait(model.name, most_input_tokens(model, prompt), self.clock())) is not None:
            raise _used_up(model, wait.total_seconds())
        expected = self.seen.speeds.expected(model.name, self.clock())
        if rules.most_time is not None and expected is not None and expected > rules.most_time[0]:
            raise Forbidden(
                "{model} is not asked: the policy “{policy}” allows {limit} s for an answer, and its answers take {expected} s.",
                model=model.name, policy=rules.most_time[1], limit=rules.most_time[0].total_seconds(),
                expected=round(expected.total_seconds(), 1),
            )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Could:
    """A model that may answer, if that can be paid."""

    model: Model
    prompt: Prompt
    vault: Vault | None
    reach: Reach


class _View:
    """What models may see of a prompt: all that may have all of it the same, others the rest when the values are taken out. Not those that
    make vectors: one of a text without its values is another text's."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._masked: tuple[Vault, Prompt] | Unmaskable | None = None

    def of(self, model: Model, *, masks: bool) -> tuple[Vault | None, Prompt]:
        """Raises `Forbidden` when it may see nothing."""
        if not self._asked.p0 or model.local:
            return None, self._asked.prompt
        if masks and not isinstance(found := self._taken_out(), Unmaskable):
            return found
        raise kept_in(model, self._asked.scan)

    def _taken_out(self) -> tuple[Vault, Prompt] | Unmaskable:
        if self._masked is None:
            self._masked = self._tried()
        return self._masked

    def _tried(self) -> tuple[Vault, Prompt] | Unmaskable:
        if "labelled" in self._asked.scan.labels:
            return Unmaskable(["labelled"])
        try:
            return (vault := Vault()), masked_prompt(self._asked.prompt, vault)
        except Unmaskable as error:
            return error


def _fits(model: Model, prompt: Prompt) -> None:
    """Raises `Refused` for what is surely longer than the model can read: no tokenizer makes fewer tokens of words than there are."""
    if model.abilities.context is None:
        return
    words = [len(message.text.split()) for message in prompt.messages]
    least = sum(words) if model.purpose == "chat" else max(words)
    if least > model.abilities.context:
        raise Refused(
            "{model} is not asked: it reads at most {most} tokens, and this is at least {least}. Send less.",
            model=model.name, most=model.abilities.context, least=least,
        )  # fmt: skip


def _used_up(model: Model, seconds: float) -> Unsent:
    wait = round(seconds, 1)
    return Unsent(Text("{model} is not asked for {seconds} s: its provider's limit is used up.", model=model.name, seconds=wait), seconds)


def _within(could: _Could, most: Money | HulkError, rules: Ruling) -> Able | HulkError:
    """That it may answer, if budgets and policies allow what it may cost."""
    model = could.model
    if isinstance(most, HulkError):
        return _of_kind(most, Text("{model} is not asked: {reason}", model=model.name, reason=most.text))
    if rules.most_cost is None or most.amount <= rules.most_cost[0]:
        return Able(model, most, could.prompt, could.reach, could.vault)
    limit, policy = rules.most_cost
    return Forbidden(
        "{model} is not asked: the policy “{policy}” allows {limit} a call, and this one may cost {most}.",
        model=model.name, policy=policy, limit=str(Money(limit, most.currency)), most=str(most),
    )  # fmt: skip


def _of_kind(error: HulkError, text: Text) -> HulkError:
    """An error that says more, of the same kind for who may ask again."""
    if isinstance(error, Exhausted):
        return Exhausted(text, error.retry_after)
    return Unavailable(text, error.retry_after) if isinstance(error, Unavailable) else Refused(text)


def none_of(errors: Sequence[HulkError]) -> HulkError:
    """Why nobody answers, as one error: that it may work later, if one of them says so; else that it may not."""
    text = Text("No model is configured (models.providers).")
    for error in reversed(errors):
        text = error.text if error is errors[-1] else Text("{first}\n{rest}", first=error.text, rest=text)
    for kind in (Unavailable, Exhausted):
        if found := [one for one in errors if isinstance(one, Unavailable) and isinstance(one, Exhausted) == (kind is Exhausted)]:
            return kind(text, min((one.retry_after for one in found if one.retry_after is not None), default=None))
    return Forbidden(text) if errors and all(isinstance(one, Forbidden) for one in errors) else Refused(text)
