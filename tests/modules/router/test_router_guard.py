"""Each single check between what must stay and a model outside, by itself: tools/mutants.py removes one at a time, and looks here first."""

import base64
import contextlib
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from hulk.kernel.errors import Forbidden, Refused, Unavailable
from hulk.modules.router import Model, Question, Turn
from hulk.modules.router.adapters.memory import MemoryReceipts
from hulk.modules.router.adapters.vendors import Vendors
from hulk.modules.router.domain.asked import Asked, masked_prompt, parts_of_prompt
from hulk.modules.router.domain.capability import Sending, require
from hulk.modules.router.domain.labels import Labels
from hulk.modules.router.domain.learning.case import Arm
from hulk.modules.router.domain.learning.choosing import permitted
from hulk.modules.router.domain.learning.experiments import Experiment, Variant, enrols
from hulk.modules.router.domain.model import Completion, Delta, MediaPart, Message, Prompt, TextPart, Tool, ToolCall
from hulk.modules.router.domain.policy import Policy
from hulk.modules.router.domain.sensitivity import (
    MOST_CHARACTERS,
    UNREADABLE,
    Classified,
    Part,
    Unmaskable,
    Vault,
    classified,
    classified_parts,
    findings,
)
from hulk.modules.router.usecases.asking import Scan, prompt_of
from hulk.modules.router.usecases.gateway import Call, Decided, Gateway
from hulk.modules.router.usecases.sending import GiveLeave, PassOut, Send
from support.exits import BY, CLOUD, INSIDE, SPARE
from support.gates import Recording
from support.memory import at_once
from support.messages import Message as Written
from support.places import PLACES
from support.ports import free_port
from support.routing import KEY, router
from support.twins import openai_twin

CPF = "529.982.247-25"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
P0, PUBLIC, SAID = Classified.of(["cpf"]), Classified.of([]), Classified.of(["cpf", "labelled"])
ABOUT = Prompt.plain("Responda.", f"de quem é o cpf {CPF}?")
MASK = [Policy(name="mask", mask=True)]
PICTURE = MediaPart(kind="image", data="aGVsbG8=", name="foto", url="https://x.example")


def asked(prompt: Prompt = ABOUT, scan: Classified = P0) -> Asked:
    return Asked(prompt=prompt, tenant="acme", intent="i", key="k", scan=scan, language="pt")


def of_words(*texts: str) -> Prompt:
    return Prompt(messages=(Message(role="user", parts=tuple(TextPart(text=text) for text in texts)),))


# Who may see it ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scan", "policies", "chain"),
    [
        pytest.param(PUBLIC, [], [("cloud", "any", False), ("inside", "any", False)], id="public"),
        pytest.param(PUBLIC, MASK, [("cloud", "any", False), ("inside", "any", False)], id="nothing to mask"),
        pytest.param(P0, [], [("inside", "local", False)], id="must stay"),
        pytest.param(P0, MASK, [("cloud", "any", True), ("inside", "local", False)], id="masked"),
        pytest.param(SAID, MASK, [("inside", "local", False)], id="masked, but a person has said that it stays"),
    ],
)
async def test_how_far_it_may_go(scan: Classified, policies: Sequence[Policy], chain: list[Any]) -> None:
    selected = await router(CLOUD, INSIDE, policies=policies).gateway.select(asked(scan=scan))
    assert [(one.model.name, one.reach, one.vault is not None) for one in selected.chain] == chain
    assert all((CPF in str(one.prompt.messages[-1].text)) is (one.vault is None) for one in selected.chain)


async def test_what_stays_is_refused_in_words_that_do_not_tell_it() -> None:
    decided = await router(CLOUD, SPARE).gateway.decide(BY, Call(prompt=ABOUT, language="pt"))
    assert decided.chain == ()
    assert isinstance(decided.refusal, Forbidden)
    assert "must stay in the company (cpf)" in str(decided.refusal)


async def test_all_models_outside_see_the_same_of_what_is_masked() -> None:
    chain = (await router(CLOUD, SPARE, policies=MASK).gateway.select(asked())).chain
    assert chain[0].vault is chain[1].vault is not None


async def test_the_leave_is_for_what_that_model_sees_and_as_far_as_that_may_go() -> None:
    gateway = router(CLOUD, INSIDE, policies=MASK).gateway
    cloud, inside = (await gateway.select(asked())).chain
    leaves = [gateway.execute.attempts.leave(asked(), one) for one in (cloud, inside)]
    assert [(one.reach, one.payload, one.tenant) for one in leaves] == [
        ("any", cloud.prompt.digest, "acme"), ("local", ABOUT.digest, "acme")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("call", "labels"),
    [
        pytest.param({"prompt": ABOUT}, ("cpf",), id="found"),
        pytest.param({"p0": True}, ("labelled",), id="its sender says so"),
        pytest.param({"channel": "rh-1"}, ("labelled",), id="its channel"),
        pytest.param({"prompt": Prompt(messages=of_words("x").messages, tools=(Tool(name="pay_run"),))}, ("labelled",), id="a tool"),
        pytest.param(
            {"prompt": Prompt(messages=(Message(role="assistant", calls=(ToolCall(id="1", name="pay_run"),)),))}, ("labelled",),
            id="a tool that was called",
        ),
        pytest.param({"channel": "vendas"}, (), id="none of it"),
        pytest.param({"prompt": of_words("palavra " * 2000, CPF)}, ("cpf",), id="at the end of something long"),
    ],
)  # fmt: skip
async def test_what_makes_it_stay_is_decided_on(call: dict[str, Any], labels: tuple[str, ...]) -> None:
    gateway = router(CLOUD, INSIDE, labels=Labels(channels=("rh-*",), tools=("pay_*",))).gateway
    decided = await gateway.decide(BY, Call(**{"prompt": of_words("olá"), "language": "pt", **call}))
    assert decided.decision.labels == labels
    assert decided.decision.sensitivity == ("p0" if labels else "public")
    assert decided.asked.p0 is bool(labels)
    assert decided.chain[0].model.name == ("inside" if labels else "cloud")


@pytest.mark.parametrize(
    ("channel", "text", "label"), [("rh-1", "olá, tudo bem?", "labelled"), ("", f"cpf {CPF}", "cpf"), ("vendas", "olá, tudo bem?", "")]
)
async def test_a_persons_question_stays_for_the_same_reasons(channel: str, text: str, label: str) -> None:
    acts = router(CLOUD, INSIDE, labels=Labels(channels=("rh-*",)))
    question = Question(text=text, language="pt", tenant="acme", intent="i", key="k", channel=channel)
    decision, _ = await acts.decide(question)
    assert decision.labels == ((label,) if label else ())
    assert decision.name == ("inside" if label else "cloud")


# What is looked at ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", PLACES)
def test_every_place_of_a_prompt_is_looked_at(place: str) -> None:
    prompt = PLACES[place](random.Random(3), Written(f"cpf {CPF}", "cpf", "plain", CPF, CPF))
    assert classified_parts(parts_of_prompt(prompt)).sensitivity == "p0"


def test_what_is_no_words_is_told_of_with_its_name_and_address() -> None:
    parts = list(parts_of_prompt(Prompt(messages=(Message(role="user", parts=(PICTURE, TextPart(text="e?"))),))))
    assert parts[:3] == [UNREADABLE, Part("foto\nhttps://x.example", "user"), Part("e?", "user")]


def test_names_of_tools_and_schemas_are_looked_at() -> None:
    for prompt in (replace(of_words("x"), tools=(Tool(name="t52998224725"),)), PLACES["schema"](random.Random(1), Written("x", "", ""))):
        named = [part.text or "" for part in parts_of_prompt(prompt)]
        assert any("t52998224725" in text or text.startswith("answer") for text in named)


@pytest.mark.parametrize(
    ("prompt", "why"),
    [
        pytest.param(Prompt(messages=(Message(role="user", parts=(TextPart(text="x"), PICTURE)),)), "attachment", id="a picture"),
        pytest.param(of_words("meu cpf é 529.982.2", "47-25"), "cpf", id="over two parts"),
        pytest.param(replace(of_words("x"), stop=(CPF,)), "cpf", id="where no token can stand"),
    ],
)
def test_what_cannot_be_masked_is_not_sent(prompt: Prompt, why: str) -> None:
    with pytest.raises(Unmaskable) as caught:
        masked_prompt(prompt, Vault())
    assert why in caught.value.labels


def test_words_calls_and_results_are_masked() -> None:
    call = ToolCall(id="1", name="look", arguments=f'{{"cpf": "{CPF}"}}')
    sent = masked_prompt(Prompt(messages=(*ABOUT.messages, Message(role="assistant", calls=(call,)))), Vault())
    assert [one.text for one in sent.messages] == ["Responda.", "de quem é o cpf [CPF_1]?", ""]
    assert sent.messages[-1].calls[0].arguments == '{"cpf": "[CPF_1]"}'


@pytest.mark.parametrize(
    ("parts", "label"),
    [
        pytest.param([UNREADABLE], "attachment", id="no words"),
        pytest.param([Part("x"), Part("\ud800")], "unreadable", id="no text"),
        pytest.param([Part("x"), Part(5)], "unreadable", id="a number for a text"),  # type: ignore[arg-type]
        pytest.param([Part("x " * (MOST_CHARACTERS // 4))] * 3, "too_long", id="too long together"),
        pytest.param([Part("529.982"), Part(".247-25")], "cpf", id="over a seam"),
        pytest.param([Part("529.982", "user"), Part("Certo.", "assistant"), Part(".247-25", "user")], "cpf", id="over another's turn"),
        pytest.param([Part(""), Part("529.982"), Part(""), Part(".247-25")], "cpf", id="over nothing"),
    ],
)
def test_what_is_not_sure_stays(parts: list[Part], label: str) -> None:
    assert label in classified_parts(parts).labels


def test_labels_raise_and_never_lower() -> None:
    assert classified_parts([Part("x")], ["public"]) == Classified("public")
    assert classified_parts([Part("x")], ["public", "p0", "public"]) == Classified("p0", ("labelled",))
    assert classified_parts([Part(CPF)], ["public"]) == Classified("p0", ("cpf",))


def test_what_is_too_long_or_no_text_is_not_scanned_but_stays() -> None:
    most = "x " * (MOST_CHARACTERS // 2)
    assert classified(most).labels == ()
    assert classified_parts([Part(most)]).labels == ()
    assert [(one.kind, one.why) for one in findings(most + "x")] == [("too_long", "failed")]
    assert [(one.kind, one.why) for one in findings("a\ud800")] == [("unreadable", "failed")]


def _encoded(text: str, times: int) -> str:
    for _ in range(times):
        text = base64.b64encode(text.encode()).decode()
    return text


@pytest.mark.parametrize(("times", "label"), [(0, "cpf"), (1, "cpf"), (4, "cpf"), (5, "unreadable"), (7, "unreadable")])
def test_what_is_encoded_deeper_than_is_read_stays(times: int, label: str) -> None:
    assert {one.kind for one in findings(_encoded(f"cpf {CPF}", times))} == {label}


def test_why_says_that_it_was_encoded_and_that_it_could_not_be_read() -> None:
    assert {one.why for one in findings(_encoded(CPF, 1))} == {"encoded"}
    assert {one.why for one in findings(CPF)} == {"format"}
    assert {one.why for one in findings(_encoded("data:image/png;base64,iVBORw0KGgo=", 1))} == {"failed"}


async def test_a_scan_without_labels_gives_what_was_found() -> None:
    assert await Scan()(ABOUT) == P0
    assert await Scan()(of_words("olá")) == PUBLIC
    assert await Scan()(of_words("olá"), p0=True) == Classified("p0", ("labelled",))


# What goes on the way ------------------------------------------------------------------------------------------------------------


class Stopping:
    """A provider before which a gate is shut for the first model."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def complete(self, model: Model, _: Prompt) -> Completion:
        self.asked.append(model.name)
        raise Forbidden("stopped") if model.name == "cloud" else AssertionError("asked after that")

    @contextlib.asynccontextmanager
    async def stream(self, model: Model, prompt: Prompt) -> AsyncIterator[AsyncIterator[Delta]]:
        await self.complete(model, prompt)
        yield  # type: ignore[misc]  # never reached


async def _streamed(gateway: Gateway, decided: Decided) -> None:
    async with gateway.stream(decided):
        raise AssertionError("nothing was to come")


@pytest.mark.parametrize("streaming", [False, True])
async def test_when_leave_is_denied_no_other_model_is_asked(streaming: bool) -> None:
    provider = Stopping()
    gateway = router(CLOUD, SPARE, provider=provider).gateway
    decided = await gateway.decide(BY, Call(prompt=of_words("olá"), language="pt"))
    with pytest.raises(Forbidden, match="stopped"):
        await (_streamed(gateway, decided) if streaming else gateway.complete(decided))
    assert provider.asked == ["cloud"]


class Begetting:
    """A provider that begins a request, and another, by the gate."""

    def __init__(self, gate: PassOut, url: str, times: int = 1) -> None:
        self.gate, self.url, self.times = gate, url, times

    async def complete(self, *asked: Any) -> Completion:
        for _ in range(self.times):
            await self.gate("POST", self.url, b"{}")
        return Completion(text="", input_tokens=1, output_tokens=1)


def gate(*models: Model, clock: Any = lambda: NOW, receipts: MemoryReceipts | None = None) -> PassOut:
    return PassOut(models, KEY, receipts or MemoryReceipts(), at_once, clock)


@pytest.mark.parametrize(
    ("change", "sending"),
    [
        ({"decision": "dec_2"}, {}), ({"tenant": "bolt"}, {"tenant": "bolt"}), ({"payload": "0" * 64}, {"payload": "0" * 64}),
        ({"reach": "any"}, {"local": False}), ({"expires": NOW.replace(year=2027)}, {}),
    ],
)  # fmt: skip
def test_whatever_of_a_leave_is_altered_it_is_none(change: dict[str, Any], sending: dict[str, Any]) -> None:
    leave = GiveLeave(KEY, lambda: NOW)(decision="dec_1", tenant="acme", prompt=ABOUT, reach="local")
    told: dict[str, Any] = {"model": "x", "local": True, "tenant": "acme", "payload": ABOUT.digest}
    require(leave, Sending(**told), KEY, NOW)
    with pytest.raises(Forbidden, match="altered"):
        require(replace(leave, **change), Sending(**{**told, **sending}), KEY, NOW)


@pytest.mark.parametrize("model", [CLOUD, INSIDE])
async def test_a_receipt_says_what_went_where(model: Model) -> None:
    receipts = MemoryReceipts()
    through = gate(CLOUD, INSIDE, receipts=receipts)
    leave = GiveLeave(KEY, lambda: NOW)(decision="dec_1", tenant="acme", prompt=ABOUT, reach="any")
    await Send(Begetting(through, f"{model.url}/chat/completions"), KEY, lambda: NOW)(leave, model, ABOUT)  # type: ignore[arg-type]
    [one] = await receipts.of_decision("acme", "dec_1")
    assert (one.model, one.local, one.host, one.payload) == (model.name, model.local, f"{model.name}.example", ABOUT.digest)


@pytest.mark.parametrize(
    ("url", "known"),
    [
        pytest.param("https://cloud.example/v1/chat/completions", (INSIDE,), id="a model that nobody configured"),
        pytest.param("https://inside.example/v1/chat/completions", (CLOUD, INSIDE), id="another model's address"),
        pytest.param("https://cloud.example/v1/models", (CLOUD, INSIDE), id="the list of models, with something in it"),
    ],
)
async def test_what_is_sent_astray_is_stopped(url: str, known: Sequence[Model]) -> None:
    leave = GiveLeave(KEY, lambda: NOW)(decision="dec_1", tenant="acme", prompt=ABOUT, reach="any")
    through = gate(*known)
    if url.endswith("/models"):
        with pytest.raises(Forbidden, match="nobody gave it leave"):
            await through("POST", url, b"x")
        return
    with pytest.raises(Forbidden, match="the leave is for cloud"):
        await Send(Begetting(through, url), KEY, lambda: NOW)(leave, CLOUD, ABOUT)  # type: ignore[arg-type]


async def test_leave_that_ends_while_something_goes_is_none_for_what_goes_next() -> None:
    """A library that asks again by itself, minutes later."""
    moments = iter([NOW, NOW, NOW, NOW.replace(hour=13)])
    leave = GiveLeave(KEY, lambda: NOW)(decision="dec_1", tenant="acme", prompt=ABOUT, reach="any")
    through = gate(CLOUD, clock=lambda: next(moments))
    again = Begetting(through, f"{CLOUD.url}/chat/completions", 2)
    with pytest.raises(Forbidden, match="ended"):
        await Send(again, KEY, lambda: next(moments))(leave, CLOUD, ABOUT)  # type: ignore[arg-type]


async def test_what_was_sent_may_not_be_sent_again_in_the_same_task() -> None:
    leave = GiveLeave(KEY, lambda: NOW)(decision="dec_1", tenant="acme", prompt=ABOUT, reach="any")
    through, url = gate(CLOUD), f"{CLOUD.url}/chat/completions"
    await Send(Begetting(through, url), KEY, lambda: NOW)(leave, CLOUD, ABOUT)  # type: ignore[arg-type]
    with pytest.raises(Forbidden, match="nobody gave it leave"):
        await through("POST", url, b"{}")


async def test_local_models_have_a_way_of_their_own_without_the_proxies_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("no_proxy", "")
    with openai_twin() as url:
        vendors = Vendors(Recording())
        with pytest.raises(Unavailable):
            await vendors.complete(Model(name="cloud", url=url, model="echo"), of_words("olá"))
        for _ in range(2):
            answer = await vendors.complete(Model(name="inside", url=url, model="echo", local=True), of_words("olá"))
            assert answer.text == "You said: olá"
        assert len(vendors._ways) == 2
        await vendors.close()


async def test_where_a_server_says_that_it_has_moved_to_nothing_is_sent() -> None:
    gate = Recording()
    with openai_twin() as url:
        vendors = Vendors(gate)
        with pytest.raises(Refused, match="is not followed"):
            await vendors.complete(Model(name="inside", url=url, model="moved", local=True), of_words("olá"))
        await vendors.close()
    assert [address for _, address, _ in gate.passed] == [f"{url}/chat/completions"]


@pytest.mark.parametrize(("p0", "names"), [(False, ["a", "b"]), (True, ["b"])])
def test_what_stays_is_chosen_for_among_local_models_only(p0: bool, names: list[str]) -> None:
    assert [arm.name for arm in permitted([Arm(name="a"), Arm(name="b", local=True)], p0=p0)] == names


@pytest.mark.parametrize(
    ("p0", "allowed", "part"), [(True, {"a", "b"}, False), (True, {"b"}, True), (False, {"a", "b"}, True)]
)  # fmt: skip
def test_what_stays_takes_part_in_an_experiment_between_prompts_only_where_all_models_are_local(
    p0: bool, allowed: set[str], part: bool
) -> None:
    variants = (Variant(name="now", value="short", share=0.5), Variant(name="new", value="long", share=0.5))
    trial = Experiment(id="exp_1", tenant="acme", name="x", about="prompts", variants=variants, by="ana", created=NOW)
    assert enrols(trial, p0=p0, local=frozenset({"b"}), allowed=frozenset(allowed)) is part


# A conversation ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("turns", "private", "labels"),
    [
        pytest.param((Turn("oi", ours=False),), False, (), id="nothing in it"),
        pytest.param((Turn(f"meu cpf é {CPF}", ours=False), Turn("Obrigado.", ours=True)), False, ("cpf",), id="said by the person"),
        pytest.param((Turn(f"O cpf dela é {CPF}.", ours=True),), False, ("cpf",), id="said by Hulk"),
        pytest.param((), True, ("labelled",), id="the channel is private"),
    ],
)
async def test_what_was_said_before_keeps_a_question_in_the_company(
    turns: tuple[Turn, ...], private: bool, labels: tuple[str, ...]
) -> None:
    question = Question(text="e dela?", language="pt", tenant="acme", intent="i", key="k", turns=turns, private=private)
    decision, _ = await router(CLOUD, INSIDE).decide(question)
    assert (decision.labels, decision.name) == (labels, "inside" if labels else "cloud")


def test_a_model_reads_what_was_said_before_in_its_order_and_it_is_paid_for() -> None:
    alone = Question(text="e ontem?", language="pt", tenant="acme", intent="i", key="k")
    asked = prompt_of(replace(alone, turns=(Turn("quantos pedidos hoje?", ours=False), Turn("42", ours=True))))
    said = [(one.role, one.text) for one in asked.messages[1:]]
    assert said == [("user", "quantos pedidos hoje?"), ("assistant", "42"), ("user", "e ontem?")]
    assert asked.messages[0].role == "system"
    assert asked.most_input_tokens > prompt_of(alone).most_input_tokens
