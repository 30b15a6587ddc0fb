"""Which models there are, which may answer what, and how their answers are learnt from: sections `models`, `router`, `learning`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import time, timedelta
from decimal import Decimal
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, SecretStr, model_validator

from hulk.kernel.text import Text
from hulk.modules.router.domain.labels import Labels
from hulk.modules.router.domain.model import Abilities, Kind, Purpose
from hulk.modules.router.domain.policy import Day, Hours, Policy, When
from hulk.modules.router.domain.sensitivity import Sensitivity
from hulk.runtime.config import Duration, Section
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


_PATTERN = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.@:*?-]+$", max_length=128)]
Patterns = tuple[_PATTERN, ...]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError) as error:
        raise Explained(Text("there is no time zone {name}; one is America/Sao_Paulo", name=name)) from error
    return name


class HoursSettings(Section):
    """Some hours of some days."""

    begin: time = Field(description="From when on, as `08:00`.")
    end: time = Field(description="Up to when; of the next day when it is not later than `begin`.")
    zone: Annotated[str, AfterValidator(_known_zone)] = Field(default="America/Sao_Paulo", description="Whose clock it is (IANA).")
    days: tuple[Day, ...] = Field(default=(), description="On which days they begin: `mon` to `sun`; empty is all.")


class WhenSettings(Section):
    """Where a policy applies: where all that is given fits; names may hold `*` and `?`."""

    tenants: Patterns = Field(default=(), description="Of which tenants; empty is all.")
    sensitivity: Sensitivity | None = Field(default=None, description="`p0` for what must stay in the company, `public` for the rest.")
    hours: tuple[HoursSettings, ...] = Field(default=(), description="In which hours; empty is always.")


class PolicySettings(Section):
    """Which models may answer."""

    name: str = Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f]+$", description="What people know it by.")
    when: WhenSettings = Field(default=WhenSettings(), description="Where it applies; empty is everywhere.")
    allow: Patterns = Field(default=(), description="Models that may answer, by the names in `models.providers`; empty is all.")
    deny: Patterns = Field(default=(), description="Models that may not, also when they are allowed.")
    max_cost: Decimal | None = Field(
        default=None, ge=0, allow_inf_nan=False, description="Most that a call may cost, in `finops.currency`; empty is no limit."
    )

    def policy(self) -> Policy:
        """As the domain has it."""
        when = self.when
        hours = tuple(Hours(begin=one.begin, end=one.end, zone=one.zone, days=one.days) for one in when.hours)
        return Policy(
            name=self.name, allow=self.allow, deny=self.deny, most_cost=self.max_cost,
            when=When(tenants=when.tenants, sensitivity=when.sensitivity, hours=hours),
        )  # fmt: skip


class LabelSettings(Section):
    """What carries what must stay in the company, whatever a scan finds in it; names may hold `*` and `?`."""

    channels: Patterns = Field(default=(), description="Channels: what comes through them is P0.")
    tools: Patterns = Field(default=(), description="Tools: a prompt that offers one of them or holds its results is P0.")
    collections: Patterns = Field(default=(), description="Collections of documents: what is taken from them is P0.")

    def labels(self) -> Labels:
        """As the domain has them."""
        return Labels(channels=self.channels, tools=self.tools, collections=self.collections)


class RouterSettings(Section):
    """Which models may answer what, and what is done when one does not."""

    labels: LabelSettings = Field(default=LabelSettings(), description="What is P0 because of where it comes from.")
    fallbacks: int = Field(default=2, ge=0, le=20, description="How many other models are asked when the first gives no answer.")
    hedge_after: Duration | None = Field(
        default=None, gt=timedelta(), description="After which a second model is asked besides a slow one; both cost. Empty is never."
    )

    policies: tuple[PolicySettings, ...] = Field(
        default=(), description="All that apply hold at once: a model must be allowed by each and denied by none."
    )


class LearningSettings(Section):
    """How the router learns which model answers what best."""

    enabled: bool = Field(
        default=False, description="Whether models are chosen by what was said of their answers; else the first that may answers."
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
