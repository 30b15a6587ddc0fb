"""Which models may answer, each with what it would see and may cost, and why others may not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from hulk.kernel.errors import Exhausted, Forbidden, HulkError, Refused, Unavailable
from hulk.kernel.money import Money
from hulk.kernel.text import Text
from hulk.kernel.time import Clock
from hulk.modules.finops import Finops
from hulk.modules.router.domain.asked import AUTO, Asked, masked_prompt
from hulk.modules.router.domain.capability import Reach
from hulk.modules.router.domain.model import Model, Prompt, Unsent, fitted
from hulk.modules.router.domain.pace import Pace
from hulk.modules.router.domain.policy import Circumstances, Policy, Ruling, ruling
from hulk.modules.router.domain.sensitivity import Unmaskable, Vault
from hulk.modules.router.domain.speed import Speeds
from hulk.modules.router.ports import Health
from hulk.modules.router.ports.policies import PoliciesOf
from hulk.modules.router.usecases.asking import kept_in, planned


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

    async def __call__(self, asked: Asked, *, first: bool = False) -> Weighed:
        """All of them, or up to the `first` that may answer. Raises `Unavailable` when the policies cannot be read."""
        rules, view = await self.rules(asked), _View(asked)
        able: list[Able] = []
        objections: list[tuple[Model, HulkError]] = []
        for model in self.wanted(asked):
            try:
                able.append(await self._looked_at(asked, view, rules, model))
            except HulkError as error:
                objections.append((model, error))
            if first and able:
                break
        return Weighed(tuple(able), tuple(objections))

    async def rules(self, asked: Asked) -> Ruling:
        """What the policies say of it now."""
        policies = await self.policies_of(asked.tenant)
        spent = await self._spent(asked) if any(policy.when.spent is not None for policy in policies) else None
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

    async def _looked_at(self, asked: Asked, view: "_View", rules: Ruling, model: Model) -> Able:
        """Raises the reason why it may not answer."""
        vault, prompt = view.of(model, masks=rules.masks and model.purpose == "chat")
        if (denied := rules.objection(model.name)) is not None:
            raise Forbidden(denied)
        fitted(model, prompt)
        _fits(model, prompt)
        self._now(model, prompt, rules)
        try:
            most = await self.finops.afford(planned(asked, model, prompt, asked.key))
        except HulkError as error:
            raise _of_kind(error, Text("{model} is not asked: {reason}", model=model.name, reason=error.text)) from error
        _not_dear(rules, model, most)
        return Able(model, most, prompt, view.reach(vault), vault)

    def _now(self, model: Model, prompt: Prompt, rules: Ruling) -> None:
        """Whether it is well, and fast enough; raises `Unavailable` or `Forbidden`."""
        if (refusal := self.health.refusal(model)) is not None:
            raise refusal
        if (wait := self.seen.pace.wait(model.name, prompt.most_input_tokens, self.clock())) is not None:
            seconds = wait.total_seconds()
            limit = Text(
                "{model} is not asked for {seconds} s: its provider's limit is used up.", model=model.name, seconds=round(seconds, 1)
            )
            raise Unsent(limit, seconds)
        expected = self.seen.speeds.expected(model.name)
        if rules.most_time is not None and expected is not None and expected > rules.most_time[0]:
            raise Forbidden(
                "{model} is not asked: the policy “{policy}” allows {limit} s for an answer, and its answers take {expected} s.",
                model=model.name, policy=rules.most_time[1], limit=rules.most_time[0].total_seconds(),
                expected=round(expected.total_seconds(), 1),
            )  # fmt: skip

    async def _spent(self, asked: Asked) -> Decimal | None:
        return await self.finops.spent_share(asked.tenant)


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

    def reach(self, vault: Vault | None) -> Reach:
        """How far it may go."""
        return "local" if self._asked.p0 and vault is None else "any"

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
    words = [len(message.text.split()) for message in prompt.messages]
    least = sum(words) if model.purpose == "chat" else max(words)
    if model.abilities.context is not None and least > model.abilities.context:
        raise Refused(
            "{model} is not asked: it reads at most {most} tokens, and this is at least {least}. Send less.",
            model=model.name, most=model.abilities.context, least=least,
        )  # fmt: skip


def _used_up(model: Model, seconds: float) -> Unsent:
    wait = round(seconds, 1)
    return Unsent(Text("{model} is not asked for {seconds} s: its provider's limit is used up.", model=model.name, seconds=wait), seconds)


def _not_dear(rules: Ruling, model: Model, most: Money) -> None:
    """Raises `Forbidden` for a call that may cost more than the policies allow."""
    if rules.most_cost is None or most.amount <= rules.most_cost[0]:
        return
    limit, policy = rules.most_cost
    raise Forbidden(
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
