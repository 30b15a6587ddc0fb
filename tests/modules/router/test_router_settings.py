"""`models.providers` and `router.policies`: what an operator writes, and what it makes."""

from collections.abc import Sequence
from datetime import time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from hulk.apps.settings import SECTIONS
from hulk.kernel.errors import HulkError
from hulk.modules.router import Model
from hulk.modules.router.domain.model import ABILITIES, Abilities
from hulk.modules.router.domain.policy import Hours, Policy, When
from hulk.modules.router.settings import URLS, ModelsSettings, RouterSettings
from hulk.modules.router.usecases.policies import Rulebook
from hulk.modules.router.wiring import _model, held, with_built_in
from hulk.runtime.config import load


def made(**entry: Any) -> Model:
    """The model of one entry."""
    config = load(SECTIONS, overrides={"models.providers": [{"name": "a", "model": "m", **entry}]})
    [provider] = config.section(ModelsSettings).providers
    return _model(provider)


def test_what_was_valid_before_there_were_kinds_is_the_same_still() -> None:
    one = made(url="http://localhost:11434/v1/", api_key="k", local=True, price={"input": "1.5", "output": "2"})
    assert (one.kind, one.url, one.api_key, one.local) == ("compatible", "http://localhost:11434/v1", "k", True)
    assert (one.abilities, one.most_output_tokens) == (Abilities(), 1024)
    assert (one.connect_seconds, one.first_token_seconds, one.total_seconds) == (5.0, 30.0, 60.0)


@pytest.mark.parametrize("kind", sorted(URLS))
def test_a_vendor_is_where_it_is_known_to_be(kind: Any) -> None:
    assert made(kind=kind).url == URLS[kind]
    assert made(kind=kind).abilities == ABILITIES[kind]
    assert made(kind=kind, url="http://proxy/x").url == "http://proxy/x"


def test_a_vendor_is_no_local_one_because_of_its_kind() -> None:
    assert not made(kind="ollama").local


def test_abilities_times_and_the_rest_are_changed_by_name() -> None:
    one = made(
        kind="ollama",
        abilities={"tools": False, "schema": False, "context": 4096},
        timeouts={"connect": "1s", "first_token": "2m", "total": "5m"},
        max_output_tokens=50,
        extra={"keep_alive": "1h", "options": {"num_ctx": 4096}},
    )
    assert one.abilities == Abilities(tools=False, schema=False, context=4096)
    assert (one.connect_seconds, one.first_token_seconds, one.total_seconds) == (1.0, 120.0, 300.0)
    assert (one.most_output_tokens, one.extra) == (50, {"keep_alive": "1h", "options": {"num_ctx": 4096}})
    assert hash(one) != hash(made(kind="ollama"))


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({}, "needs its url"),
        ({"kind": "gopher"}, "kind"),
        ({"url": "ftp://x"}, "url"),
        ({"url": "https://ana:secret@x/v1"}, "api_key"),
        ({"url": "https://x/v1?key=secret"}, "api_key"),
        ({"kind": "openai", "extra": {"Messages": []}}, "Messages are set by Hulk"),
        ({"kind": "openai", "extra": {"max_tokens": 9}}, "max_tokens are set by Hulk"),
        ({"kind": "openai", "abilities": {"sings": True}}, "sings"),
        ({"kind": "openai", "timeouts": {"total": "0s"}}, "total"),
        ({"kind": "openai", "max_output_tokens": 0}, "max_output_tokens"),
        ({"kind": "openai", "purpose": "song"}, "purpose"),
        ({"kind": "anthropic", "purpose": "embeddings"}, "anthropic is not asked for vectors"),
        ({"kind": "google", "purpose": "embeddings"}, "google is not asked for vectors"),
    ],
)
def test_what_cannot_be_is_refused_by_name(entry: dict[str, Any], words: str) -> None:
    with pytest.raises(HulkError, match=words):
        made(**entry)


def test_a_model_answers_unless_it_is_said_to_make_vectors() -> None:
    assert made(kind="openai").purpose == "chat"
    assert made(kind="openai", purpose="embeddings").purpose == "embeddings"


def test_the_built_in_model_comes_last_and_policies_may_name_it_but_it_is_nobodys_way_out() -> None:
    own = [Model(name="cloud", url="http://x", model="m")]
    known = with_built_in(own)
    assert [model.name for model in known] == ["cloud", "multilingual-e5-small"]
    assert with_built_in(known) == known
    deny, only = Policy(name="a", deny=("multilingual-e5-small",)), Policy(name="b", allow=("multilingual-e5-small",))
    assert held([deny], own) == [deny]
    assert held([only], own) == [only]
    before = [Policy(name="a", deny=("cloud",)), Policy(name="b", allow=("cloud",))]
    assert held(before, own) == before


async def test_tenants_may_name_the_built_in_model_in_policies_of_their_own_too() -> None:
    book = Rulebook((), (Model(name="cloud", url="http://x", model="m"),), ("multilingual-e5-small",))
    assert await book.wrong("acme", [Policy(name="a", deny=("multilingual-*",))]) == []
    [(place, _)] = await book.wrong("acme", [Policy(name="a", deny=("made-up",))])
    assert place == "[0].deny[0]"


def policies(*entries: Any) -> Sequence[Policy]:
    """The policies of these entries, for the models `local` and `cloud`."""
    config = load(SECTIONS, overrides={"router.policies": list(entries)})
    models = [Model(name=name, url="http://x", model="m") for name in ("local", "cloud")]
    return held([one.policy() for one in config.section(RouterSettings).policies], models)


def test_a_policy_is_read_whole() -> None:
    entry = {
        "name": "night", "allow": ["loc*"], "deny": ["cloud"], "max_cost": "0.05", "max_time": "1m30s", "mask": True,
        "when": {
            "tenants": ["acme"], "channels": ["web*"], "agents": ["retail"], "sensitivity": "public", "spent": "0.8",
            "hours": [{"begin": "22:00", "end": "06:00", "zone": "UTC", "days": ["fri"]}],
        },
    }  # fmt: skip
    hours = (Hours(begin=time(22), end=time(6), zone="UTC", days=("fri",)),)
    when = When(
        tenants=("acme",), channels=("web*",), agents=("retail",), sensitivity="public", hours=hours, spent=Decimal("0.8")
    )  # fmt: skip
    whole = Policy(
        name="night", allow=("loc*",), deny=("cloud",), most_cost=Decimal("0.05"), most_time=timedelta(seconds=90), mask=True, when=when
    )  # fmt: skip
    assert policies(entry) == [whole]


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        pytest.param(
            [{"name": "a", "allow": ["gpt"]}], r"policies\[0\].allow\[0\]: it names no model; there are local, cloud", id="no model"
        ),
        pytest.param(
            [{"name": "a", "allow": ["local"]}, {"name": "b", "deny": ["local"]}], "together with the policy “b”", id="none left together"
        ),
        pytest.param([{"name": "a", "when": {"hours": [{"begin": "8:00", "end": "x"}]}}], "end", id="no time"),
        pytest.param(
            [{"name": "a", "when": {"hours": [{"begin": "08:00", "end": "09:00", "zone": "Brasil"}]}}], "no time zone Brasil", id="no zone"
        ),
        pytest.param([{"name": "a", "allow": ["a b"]}], "allow", id="no name"),
        pytest.param([{"name": "a", "when": {"sensitivity": "secret"}}], "sensitivity", id="no sensitivity"),
        pytest.param([{"name": "a", "max_cost": "-1"}], "max_cost", id="less than nothing"),
        pytest.param([{"name": "a", "max_time": "0s"}], "max_time", id="no time to answer"),
        pytest.param([{"name": "a", "when": {"spent": "-0.1"}}], "spent", id="a share below nothing"),
        pytest.param([{"name": "a", "when": {"channels": ["a b"]}}], "channels", id="no channel"),
        pytest.param([{"name": "a", "when": {"hours": [{"begin": 1320, "end": "06:00"}]}}], "between quotes", id="22:00 as YAML reads it"),
        pytest.param([{"name": "a", "denied": []}], "denied", id="a key that there is not"),
    ],
)
def test_policies_that_cannot_be_meant_are_refused_with_their_place(entries: list[Any], words: str) -> None:
    with pytest.raises(HulkError, match=words):
        policies(*entries)
