"""Which models there are, which may answer what, and how their answers are learnt from: sections `models`, `router`, `learning`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator

from hulk.kernel.text import Text
from hulk.modules.router.domain.labels import Labels
from hulk.modules.router.domain.model import Abilities, Kind, Purpose
from hulk.modules.router.domain.policy import Day, Hours, Policy, When
from hulk.modules.router.domain.sensitivity import Sensitivity
from hulk.runtime.config import Duration, Section, Size
from hulk.runtime.validation import Explained


class PriceSettings(Section):
    """What a million tokens cost, in `finops.currency`."""

    input: Decimal = Field(ge=0, description="Price of a million tokens sent.")
    output: Decimal = Field(ge=0, description="Price of a million tokens received.")


class AbilitySettings(Section):
    """What a model can. Empty is what the vendor's usually can."""

    tools: bool | None = Field(default=None, description="Whether it calls tools by itself; else it is asked by a schema.")
    schema_: bool | None = Field(default=None, alias="schema", description="Whether it holds to a JSON Schema; else it is asked in words.")
    streaming: bool | None = Field(default=None, description="Whether it answers piece by piece.")
    images: bool | None = Field(default=None, description="Whether it takes pictures.")
    audio: bool | None = Field(default=None, description="Whether it takes recordings.")
    files: bool | None = Field(default=None, description="Whether it takes documents.")
    context: int | None = Field(default=None, gt=0, description="Tokens of question and answer together; empty is not known.")

    def over(self, usual: Abilities) -> Abilities:
        """The usual ones, but for what is said here."""
        return replace(usual, **{("schema" if name == "schema_" else name): said for name, said in self if said is not None})


class TimeoutSettings(Section):
    """How long a model may take."""

    connect: Duration = Field(default=timedelta(seconds=5), gt=timedelta(), description="Longest until a connection stands.")
    first_token: Duration = Field(default=timedelta(seconds=30), gt=timedelta(), description="Longest until a stream begins.")
    total: Duration = Field(default=timedelta(seconds=60), gt=timedelta(), description="Longest until the whole answer is there.")


URLS: Mapping[Kind, str] = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com/v1",
    "google": "https://generativelanguage.googleapis.com/v1beta",
    "deepseek": "https://api.deepseek.com/v1",
    "xai": "https://api.x.ai/v1",
    "zai": "https://api.z.ai/api/paas/v4",
    "ollama": "http://127.0.0.1:11434/v1",
}
"""Where the vendors are, when the operator says nothing else."""
_VECTORLESS: frozenset[Kind] = frozenset({"anthropic", "google"})
"""Those whose own APIs we ask for no vectors; Google has them at an address that speaks OpenAI's, too."""
_KINDS = "`openai`, `anthropic`, `google`, `deepseek`, `xai`, `zai` (GLM), `ollama`, or `compatible` for any server that speaks OpenAI's."


_OURS = frozenset(
    {"messages", "contents", "system", "systeminstruction", "model", "stream", "stream_options", "n", "tools", "tool_choice", "input"}
    | {"max_tokens", "max_completion_tokens", "max_output_tokens", "generationconfig", "candidatecount", "prompt"}
)
"""What the leave to send is given for, and what a reservation counts on (without regard to case)."""


def _no_question(extra: Mapping[str, Any]) -> Mapping[str, Any]:
    if taken := sorted(name for name in extra if name.lower() in _OURS):
        raise Explained(Text("{names} are set by Hulk for each question", names=", ".join(taken)))
    return extra


def _plain_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise Explained(Text("an address without a name, a password, `?` or `#`; the key belongs in api_key"))
    return url


class ProviderSettings(Section):
    """One model at one vendor or server."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=64, description="A name of your own for it.")
    kind: Kind = Field(default="compatible", description=f"Whose API it speaks: {_KINDS}")
    purpose: Purpose = Field(default="chat", description="What it is for: `chat`, to answer, or `embeddings`, to make vectors; never both.")
    url: Annotated[str, AfterValidator(_plain_address)] = Field(
        default="", pattern=r"^(https?://.*)?$", description="Its address up to and with `/v1`; empty is the vendor's."
    )
    model: str = Field(min_length=1, max_length=256, pattern=r"^[^\x00]*$", description="The model, as the server calls it.")
    api_key: SecretStr = Field(default=SecretStr(""), description="Its key, if it wants one.")
    local: bool = Field(default=False, description="Whether it runs where sensitive data may go, and costs nothing.")
    price: PriceSettings | None = Field(default=None, description="Its price, where the built-in list has none or a wrong one.")
    abilities: AbilitySettings = Field(default=AbilitySettings(), description="What it can, where that is not what is usual.")
    max_output_tokens: int = Field(default=1024, gt=0, description="Most tokens of an answer, where the question says no number.")
    timeouts: TimeoutSettings = Field(default=TimeoutSettings(), description="How long it may take.")
    fallbacks: tuple[str, ...] = Field(
        default=(), description="Models, by the names in `models.providers`, that answer when this one was asked for and cannot."
    )
    extra: Annotated[Mapping[str, Any], AfterValidator(_no_question)] = Field(
        default={}, description="Goes into the body of every request as it is; not what is asked, nor how many tokens."
    )

    @model_validator(mode="after")
    def _somewhere(self) -> "ProviderSettings":
        if not self.url and self.kind not in URLS:
            raise Explained(Text("a compatible server needs its url"))
        return self

    @model_validator(mode="after")
    def _able(self) -> "ProviderSettings":
        if self.purpose == "embeddings" and self.kind in _VECTORLESS:
            raise Explained(Text("{kind} is not asked for vectors: use a kind that speaks OpenAI's API for embeddings", kind=self.kind))
        return self

    @property
    def address(self) -> str:
        """Where it is, without a slash at the end."""
        return (self.url or URLS[self.kind]).rstrip("/")


LOCAL = "local"
"""The name of the model that Hulk serves itself."""


class LocalTimeoutSettings(TimeoutSettings):
    """How long the model that Hulk serves itself may take: a processor is slow."""

    first_token: Duration = Field(default=timedelta(seconds=120), gt=timedelta(), description="Longest until a stream begins.")
    total: Duration = Field(default=timedelta(minutes=5), gt=timedelta(), description="Longest until the whole answer is there.")


class LocalSettings(Section):
    """A model that Hulk serves itself, in a child process."""

    model: str = Field(
        default="",
        max_length=4096,
        pattern=r"^[^\x00]*$",
        description="`local` or `smoke` (`thor models pull`), or the path of a GGUF file; empty is none. It is the model `local`.",
    )
    context: int = Field(default=4096, ge=256, le=1_000_000, description="Tokens of question and answer together.")
    slots: int = Field(default=1, ge=1, le=64, description="Questions answered at once; each takes memory for its context.")
    threads: int | None = Field(default=None, ge=1, le=512, description="Processors it uses; empty is all but one, two at least.")
    port: int = Field(default=0, ge=0, le=65535, description="TCP port on loopback; 0 takes a free one.")
    memory: Size | None = Field(default=None, gt=0, description="Memory above which it is restarted; empty is no limit.")
    max_output_tokens: int = Field(default=512, gt=0, description="Most tokens of an answer, where the question says no number.")
    timeouts: LocalTimeoutSettings = Field(default=LocalTimeoutSettings(), description="How long it may take.")


def _named_once(providers: Sequence[ProviderSettings]) -> Sequence[ProviderSettings]:
    names = [provider.name for provider in providers]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise Explained(Text("each provider needs a name of its own; {name} is used twice", name=twice))
    return providers


class ModelsSettings(Section):
    """Models that may answer what no skill can."""

    providers: Annotated[tuple[ProviderSettings, ...], AfterValidator(_named_once)] = Field(
        default=(), description="Models, in the order in which they are tried."
    )
    local: LocalSettings = Field(default=LocalSettings(), description="The model that Hulk serves itself; tried last.")

    @model_validator(mode="after")
    def _local_once(self) -> "ModelsSettings":
        if self.local.model and any(provider.name == LOCAL for provider in self.providers):
            raise Explained(Text("with models.local there can be no provider named {name}: call it otherwise", name=LOCAL))
        return self


_PATTERN = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.@:*?-]+$", max_length=128)]
Patterns = Annotated[tuple[_PATTERN, ...], Field(max_length=100)]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError) as error:
        raise Explained(Text("there is no time zone {name}; one is America/Sao_Paulo", name=name)) from error
    return name


def _clock(value: object) -> object:
    """YAML reads `22:00` without quotes as 1320, which would be 22 minutes past midnight."""
    if not isinstance(value, str | time):
        raise Explained(Text('a time of day between quotes is expected, as in "22:00"'))
    return value


def _without_zone(clock: time) -> time:
    if clock.tzinfo is not None:
        raise Explained(Text('a time of day is expected, as in "22:00"; whose clock it is stands in zone'))
    return clock


ClockTime = Annotated[time, BeforeValidator(_clock), AfterValidator(_without_zone)]
Amount = Annotated[Decimal, Field(ge=0, allow_inf_nan=False, max_digits=30)]


class HoursSettings(Section):
    """Some hours of some days."""

    begin: ClockTime = Field(description='From when on, as `"08:00"`.')
    end: ClockTime = Field(description="Up to when; of the next day when it is not later than `begin`.")
    zone: Annotated[str, AfterValidator(_known_zone)] = Field(
        default="America/Sao_Paulo", max_length=64, description="Whose clock it is (IANA)."
    )
    days: tuple[Day, ...] = Field(default=(), max_length=7, description="On which days they begin: `mon` to `sun`; empty is all.")

    def hours(self) -> Hours:
        """As the domain has them."""
        return Hours(begin=self.begin, end=self.end, zone=self.zone, days=self.days)


class OwnWhenSettings(Section):
    """Where a tenant's own policy applies: where all that is given fits; names may hold `*` and `?`."""

    channels: Patterns = Field(default=(), description="In which channels; empty is all.")
    agents: Patterns = Field(default=(), description="For which agents; empty is all.")
    sensitivity: Sensitivity | None = Field(default=None, description="`p0` for what must stay in the company, `public` for the rest.")
    hours: tuple[HoursSettings, ...] = Field(default=(), max_length=14, description="In which hours; empty is always.")
    spent: Amount | None = Field(
        default=None, le=1000, description="From that share of the month's budget on: `0.8` is four fifths; empty is always."
    )

    def when(self, tenants: tuple[str, ...] = ()) -> When:
        """As the domain has it."""
        hours = tuple(one.hours() for one in self.hours)
        return When(
            tenants=tenants, channels=self.channels, agents=self.agents, sensitivity=self.sensitivity, hours=hours, spent=self.spent
        )  # fmt: skip


class WhenSettings(OwnWhenSettings):
    """Where a policy of the settings applies."""

    tenants: tuple[_PATTERN, ...] = Field(default=(), max_length=10_000, description="Of which tenants; empty is all.")


class OwnPolicySettings(Section):
    """Which models may answer, as a tenant may say it of itself: it takes away only."""

    name: str = Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$", description="What people know it by.")
    when: OwnWhenSettings = Field(default=OwnWhenSettings(), description="Where it applies; empty is everywhere.")
    allow: Patterns = Field(default=(), description="Models that may answer, by the names in `models.providers`; empty is all.")
    deny: Patterns = Field(default=(), description="Models that may not, also when they are allowed.")
    max_cost: Amount | None = Field(default=None, description="Most that a call may cost, in `finops.currency`; empty is no limit.")
    max_time: Duration | None = Field(
        default=None, gt=timedelta(), le=timedelta(days=1), description="Longest that an answer may be expected to take; empty is no limit."
    )

    def policy(self) -> Policy:
        """As the domain has it."""
        return Policy(
            name=self.name, when=self.when.when(), allow=self.allow, deny=self.deny, most_cost=self.max_cost, most_time=self.max_time
        )  # fmt: skip


class LabelSettings(Section):
    """What carries what must stay in the company, whatever a scan finds in it; names may hold `*` and `?`."""

    channels: Patterns = Field(default=(), description="Channels: what comes through them is P0.")
    tools: Patterns = Field(default=(), description="Tools: a prompt that offers one of them or holds its results is P0.")
    collections: Patterns = Field(default=(), description="Collections of documents: what is taken from them is P0.")

    def labels(self) -> Labels:
        """As the domain has them."""
        return Labels(channels=self.channels, tools=self.tools, collections=self.collections)


class PolicySettings(OwnPolicySettings):
    """Which models may answer, as whoever runs the installation says it: of all tenants, or of some."""

    when: WhenSettings = Field(default=WhenSettings(), description="Where it applies; empty is everywhere.")
    mask: bool = Field(
        default=False, description="Whether what must stay in the company may be replaced by tokens, so that the rest may go out."
    )

    def policy(self) -> Policy:
        """As the domain has it."""
        return replace(super().policy(), when=self.when.when(self.when.tenants), mask=self.mask)


def _one_name_each(policies: Sequence[PolicySettings]) -> Sequence[PolicySettings]:
    names = [one.name for one in policies]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise Explained(Text("each policy needs a name of its own; {name} is used twice", name=twice))
    return policies


_PromptName = Annotated[str, Field(max_length=64, pattern=r"^[a-z0-9][a-z0-9_-]*$")]
_Instructions = Annotated[str, Field(min_length=1, max_length=20_000)]


class RouterSettings(Section):
    """Which models may answer what, and what is done when one does not."""

    labels: LabelSettings = Field(default=LabelSettings(), description="What is P0 because of where it comes from.")
    fallbacks: int = Field(default=2, ge=0, le=20, description="How many other models are asked when the first gives no answer.")
    hedge_after: Duration | None = Field(
        default=None, gt=timedelta(), description="After which a second model is asked besides a slow one; both cost. Empty is never."
    )

    prompts: Mapping[_PromptName, _Instructions] = Field(
        default={}, description="Instructions by their names, for [experiments](routing.md#experiments) between prompts."
    )
    trials: Annotated[tuple[PolicySettings, ...], AfterValidator(_one_name_each)] = Field(
        default=(), max_length=50, description="Policies that hold only in experiments between policies, by their names."
    )
    policies: tuple[PolicySettings, ...] = Field(
        default=(), max_length=200, description="All that apply hold at once: a model must be allowed by each and denied by none."
    )


class LearningSettings(Section):
    """How the router learns which model answers what best."""

    enabled: bool = Field(
        default=False, description="Whether models are chosen by what was said of their answers; else the first that may answers."
    )
    features: Literal["words", "meaning"] = Field(
        default="words",
        description="What questions are compared by: `words` takes 0.3 ms, `meaning` (a local model) 20 ms a sentence and 1 s a page.",
    )
    cost: float = Field(
        default=1.0, ge=0, le=1e9, allow_inf_nan=False, description="Quality (0 to 1) that one unit of `finops.currency` is worth."
    )
    seconds: float = Field(default=0.005, ge=0, le=1e6, allow_inf_nan=False, description="Quality that one second of waiting is worth.")
    bonus: float = Field(default=0.15, ge=0, le=10, allow_inf_nan=False, description="Quality added to a model for not being known at all.")
    greed: float = Field(
        default=20.0, ge=0, le=1e6, allow_inf_nan=False, description="How fast models that look worse are tried less, as more is known."
    )
    floor: float = Field(default=0.01, ge=0, le=0.5, allow_inf_nan=False, description="The least share of each model that policy allows.")
    rows: int = Field(default=5000, ge=100, le=100_000, description="Graded answers that are learnt from, of each tenant: the newest.")
    nearest: int = Field(default=60, ge=1, le=1000, description="Graded answers that speak for each model: those to questions most alike.")
