"""Vectors as programs ask for them: OpenAI's own client over a served application, a vendor's twin and the built-in model behind."""

import asyncio
import base64
import io
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import aiohttp
import numpy as np
import openai
import pytest

from hulk.kernel.errors import Refused
from hulk.kernel.time import utc_now
from hulk.modules.finops import Budget, Finops
from hulk.modules.finops.adapters.memory import MemoryLedger, PriceTable
from hulk.modules.finops.usecases import acts
from hulk.modules.router import Model
from hulk.modules.router.adapters.built_in import BUILT_IN, MOST_TOKENS, WithBuiltIn
from hulk.modules.router.adapters.guarded import GuardedProvider
from hulk.modules.router.adapters.memory import MemoryDecisions, MemoryReceipts
from hulk.modules.router.adapters.vendors import Vendors
from hulk.modules.router.api.openai import PATHS, embedding_routes, routes, shaped
from hulk.modules.router.domain.labels import Labels
from hulk.modules.router.domain.model import Abilities, Prompt
from hulk.modules.router.domain.policy import Policy
from hulk.modules.router.usecases.sending import PassOut
from hulk.modules.router.wiring import with_built_in
from hulk.runtime.breaker import Breakers
from hulk.runtime.models import LocalEmbedder
from support.gates import Recording
from support.memory import at_once
from support.ports import free_port
from support.routing import KEY, router
from support.served import application, served
from support.twins import openai_twin, seen

CPF = "529.982.247-25"
TEXTS = ["Quais arquivos mais mudaram?", "Which files changed most?", "Bom dia, tudo bem?"]
SECRET = ["bom dia", f"o cpf dela é {CPF}"]


@pytest.fixture(scope="module")
def twin() -> Iterator[str]:
    with openai_twin() as url:
        yield url


@pytest.fixture(scope="module")
def engine() -> Iterator[LocalEmbedder]:
    with closing(LocalEmbedder()) as local:
        yield local


@dataclass
class Bench:
    """A served gateway and what is behind it."""

    web: aiohttp.ClientSession
    client: openai.AsyncOpenAI
    finops: Finops
    decisions: MemoryDecisions
    receipts: MemoryReceipts
    breakers: Breakers

    async def ask(self, texts: Any = TEXTS, wanted: str = "auto", **more: Any) -> Any:
        """The response, with its headers."""
        return await self.client.embeddings.with_raw_response.create(model=wanted, input=texts, **more)

    async def raw(self, body: Any) -> tuple[int, Any]:
        headers = {"content-type": "application/json", "authorization": "Bearer right"}
        async with self.web.post("/v1/embeddings", data=io.BytesIO(json.dumps(body).encode()), headers=headers) as response:
            return response.status, json.loads(await response.read())

    async def rows(self, headers: Any) -> list[Any]:
        """What all attempts cost."""
        found = await self.decisions.get(headers["x-hulk-decision-id"])
        return [row for row in (await self.finops.cost_of_intent(found.tenant, found.intent))[1] if row.kind == "model"]

    async def sent(self, headers: Any) -> list[Any]:
        return list(await self.receipts.of_decision("acme", headers["x-hulk-decision-id"]))


def model(url: str, name: str = "cloud", vendor: str = "echo", **more: Any) -> Model:
    given: dict[str, Any] = {"input_price": Decimal(1), "output_price": Decimal(1), "total_seconds": 5.0, "purpose": "embeddings", **more}
    return Model(name=name, url=url, model=vendor, **given)


@asynccontextmanager
async def gateway(*models: Model, engine: LocalEmbedder | None = None, budget: Budget | None = None, **more: Any) -> AsyncIterator[Bench]:
    decisions, receipts = MemoryDecisions(), MemoryReceipts()
    finops = acts(MemoryLedger(), PriceTable({}), budget or Budget(), at_once, utc_now)
    vendors = Vendors(PassOut(models, KEY, receipts, at_once, utc_now))
    async with Breakers().working() as breakers:
        guarded = GuardedProvider(vendors, breakers, vendors.probe)
        provider, known = (guarded, models) if engine is None else (WithBuiltIn(guarded, engine), with_built_in(models))
        made = router(*known, provider=provider, health=guarded, finops=finops, decisions=decisions, **more)
        app = application([routes(made.gateway), embedding_routes(made.embeddings)], shapes=dict.fromkeys(PATHS, shaped))
        async with served(app) as web, client_of(web) as client:
            yield Bench(web, client, finops, decisions, receipts, breakers)
    await vendors.close()


def client_of(web: aiohttp.ClientSession) -> openai.AsyncOpenAI:
    """OpenAI's own, which does not ask again by itself."""
    url = str(web._build_url("/v1"))
    return openai.AsyncOpenAI(base_url=url, api_key="right", max_retries=0, default_headers={"accept-language": "en"})


# A vendor's ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [{}, {"encoding_format": "float"}, {"encoding_format": "base64"}], ids=["its own", "float", "base64"])
async def test_the_official_client_is_given_vectors(twin: str, more: dict[str, Any]) -> None:
    async with gateway(model(twin)) as bench:
        raw = await bench.ask(user="u", **more)
        found = raw.parse()
        told = [one.embedding for one in found.data]
        if more.get("encoding_format") == "base64":  # then it leaves them as they came
            told = [np.frombuffer(base64.b64decode(one), "<f4").tolist() for one in told]
        assert told == [[float(len(text)), 1.0] for text in TEXTS]
        assert [(one.index, one.object) for one in found.data] == [(0, "embedding"), (1, "embedding"), (2, "embedding")]
        assert (found.object, found.model) == ("list", "cloud")
        assert found.usage.prompt_tokens == found.usage.total_tokens == 12


async def test_it_is_decided_on_paid_for_and_sent_by_leave(twin: str) -> None:
    async with gateway(model(twin)) as bench:
        headers = (await bench.ask()).headers
        kept = await bench.decisions.get(headers["x-hulk-decision-id"])
        assert (kept.kind, kept.name, kept.tenant, kept.candidates) == ("model", "cloud", "acme", ("cloud",))
        [row] = await bench.rows(headers)
        assert (row.status, row.amount) == ("settled", Decimal(12) / 1_000_000)
        assert (Decimal(headers["x-hulk-cost"]), headers["x-hulk-currency"]) == (row.amount, row.currency)
        assert (headers["x-hulk-model"], headers["x-hulk-attempts"], headers["x-hulk-sensitivity"]) == ("cloud", "1", "public")
        [receipt] = await bench.sent(headers)
        assert receipt.proved(KEY)
        assert (receipt.model, receipt.payload) == ("cloud", Prompt.texts(TEXTS).digest)


async def test_one_text_is_a_list_of_one_and_dimensions_are_the_vendors(twin: str) -> None:
    async with gateway(model(twin)) as bench:
        found = (await bench.ask("oi", dimensions=5)).parse()
        assert [one.embedding for one in found.data] == [[2.0, 1.0, 1.0, 1.0, 1.0]]
        assert seen(twin)[-1]["dimensions"] == 5


async def test_a_server_that_does_not_heed_dimensions_is_passed_over_and_paid(twin: str) -> None:
    async with gateway(model(twin, "first", "stubborn"), model(twin, "second")) as bench:
        raw = await bench.ask(dimensions=3)
        assert raw.headers["x-hulk-model"] == "second"
        assert [(row.provider, row.status) for row in await bench.rows(raw.headers)] == [("first", "settled"), ("second", "settled")]
        with pytest.raises(openai.BadRequestError, match="first makes vectors of 2 dimensions, and not of 3"):
            await bench.ask(wanted="first", dimensions=3)


async def test_tokens_that_nobody_told_are_said_to_be_estimated(twin: str) -> None:
    async with gateway(model(twin, vendor="quiet")) as bench:
        _, body = await bench.raw({"input": TEXTS})
        most = Prompt.texts(TEXTS).most_input_tokens
        assert body["usage"] == {"prompt_tokens": most, "total_tokens": most, "estimated": True}


@pytest.mark.parametrize("vendor", ["vectors-missing", "vectors-nan", "vectors-ragged", "garbage"])
async def test_what_is_no_vector_is_an_error_and_every_attempt_counts_in_full(twin: str, vendor: str) -> None:
    async with gateway(model(twin, vendor=vendor)) as bench:
        with pytest.raises(openai.InternalServerError, match="no answer") as caught:
            await bench.ask()
        rows = await bench.rows(caught.value.response.headers)
        assert len(rows) == len(await bench.sent(caught.value.response.headers)) == 3
        assert all(row.amount == row.reserved > 0 for row in rows)


# Who makes them -----------------------------------------------------------------------------------------------------------------


async def test_when_the_first_model_cannot_the_next_does(twin: str) -> None:
    async with gateway(model(twin, "first", "status-503"), model(twin, "second")) as bench:
        raw = await bench.ask()
        assert (raw.headers["x-hulk-model"], raw.headers["x-hulk-attempts"]) == ("second", "3")
        rows = sorted((row.provider, row.status) for row in await bench.rows(raw.headers))
        assert rows == [("first", "released"), ("first", "released"), ("second", "settled")]


async def test_a_named_model_is_stood_in_for_only_by_whom_the_operator_named(twin: str) -> None:
    down = model(twin, "first", "status-503")
    async with gateway(down, model(twin, "second")) as bench:
        with pytest.raises(openai.InternalServerError, match="first cannot answer right now"):
            await bench.ask(wanted="first")
        with pytest.raises(openai.NotFoundError, match="There is no model third; there are: first, second"):
            await bench.ask(wanted="third")
    async with gateway(replace(down, fallbacks=("second",)), model(twin, "second")) as bench:
        assert (await bench.ask(wanted="first")).headers["x-hulk-model"] == "second"


async def test_a_model_whose_breaker_is_open_is_passed_over(twin: str) -> None:
    async with gateway(model(f"http://127.0.0.1:{free_port()}/v1", "first"), model(twin, "second")) as bench:
        for _ in range(3):  # two attempts at the first, each
            await bench.ask()
        assert bench.breakers.find("model:first").state != "closed"
        bench.breakers.find("model:first").isolate()  # else it would be tried again by and by
        raw = await bench.ask()
        assert (raw.headers["x-hulk-model"], raw.headers["x-hulk-attempts"]) == ("second", "1")


async def test_what_is_for_answers_makes_no_vectors_and_the_reverse(twin: str) -> None:
    async with gateway(model(twin, "talker", purpose="chat"), model(twin, "maker")) as bench:
        assert (await bench.ask()).headers["x-hulk-model"] == "maker"
        with pytest.raises(openai.BadRequestError, match="talker gives answers and makes no vectors"):
            await bench.ask(wanted="talker")
        messages: Any = [{"role": "user", "content": "oi"}]
        assert (await bench.client.chat.completions.create(model="auto", messages=messages)).model == "talker"
        with pytest.raises(openai.BadRequestError, match="maker makes vectors and gives no answers"):
            await bench.client.chat.completions.create(model="maker", messages=messages)


async def test_without_any_model_it_is_said_how_to_get_one(twin: str) -> None:
    async with gateway(model(twin, "talker", purpose="chat")) as bench:
        with pytest.raises(openai.BadRequestError, match="purpose: embeddings") as caught:
            await bench.ask()
        assert (await bench.decisions.get(caught.value.response.headers["x-hulk-decision-id"])).kind == "none"


@pytest.mark.parametrize(
    ("texts", "more"),
    [
        pytest.param(SECRET, {}, id="a text among others"),
        pytest.param(TEXTS, {"extra_headers": {"x-hulk-sensitivity": "p0"}}, id="its sender says so"),
        pytest.param(TEXTS, {"extra_headers": {"x-hulk-channel": "rh-interno"}}, id="the channel"),
    ],
)
async def test_what_must_stay_goes_to_local_models_only_whatever_is_masked(
    twin: str, engine: LocalEmbedder, texts: Sequence[str], more: dict[str, Any]
) -> None:
    given: dict[str, Any] = {"labels": Labels(channels=("rh-*",)), "policies": [Policy(name="mask", mask=True)], "engine": engine}
    before = len(seen(twin))
    async with gateway(model(twin), **given) as bench:
        assert (await bench.ask()).headers["x-hulk-model"] == "cloud"
        raw = await bench.ask(texts, **more)
        assert (raw.headers["x-hulk-model"], raw.headers["x-hulk-sensitivity"]) == (BUILT_IN.name, "p0")
        assert await bench.sent(raw.headers) == []
        with pytest.raises(openai.PermissionDeniedError, match="must stay in the company") as caught:
            await bench.ask(texts, "cloud", **more)
        assert CPF not in str(caught.value.body)
    assert len(seen(twin)) == before + 1


async def test_budgets_and_policies_hold(twin: str) -> None:
    async with gateway(model(twin), budget=Budget(daily=Decimal("0.0000001"))) as bench:
        with pytest.raises(openai.RateLimitError) as caught:
            await bench.ask()
        assert caught.value.code == "insufficient_quota"
    async with gateway(model(twin), policies=[Policy(name="só dentro", deny=("cloud",))]) as bench:
        with pytest.raises(openai.PermissionDeniedError, match="“só dentro” denies it"):
            await bench.ask()


async def test_each_text_must_fit_the_model_not_all_of_them_together(twin: str) -> None:
    async with gateway(model(twin, abilities=Abilities(context=10))) as bench:
        assert len((await bench.ask(["palavra " * 10] * 3)).parse().data) == 3
        with pytest.raises(openai.BadRequestError, match="at most 10 tokens"):
            await bench.ask(["palavra " * 11])


# The built-in model -------------------------------------------------------------------------------------------------------------


async def test_the_built_in_model_needs_no_settings_costs_nothing_and_sends_nothing(engine: LocalEmbedder) -> None:
    async with gateway(engine=engine, budget=Budget(daily=Decimal(0))) as bench:
        raw = await bench.ask()
        found = raw.parse()
        assert np.array_equal(np.asarray([one.embedding for one in found.data], np.float32), await engine.embed(TEXTS))
        assert (found.model, raw.headers["x-hulk-cost"]) == ("multilingual-e5-small", "0")
        assert found.usage.prompt_tokens == sum(await engine.tokens(TEXTS)) > 0
        assert [(row.status, row.amount) for row in await bench.rows(raw.headers)] == [("settled", 0)]
        assert await bench.sent(raw.headers) == []


@pytest.mark.parametrize(
    "texts",
    [
        pytest.param(["oi"] * 300, id="many"),
        pytest.param(["palavra " * 300, "oi", "palavra " * 600, "tudo bem?"], id="long and short"),
        pytest.param(["\0", " ", "🦖", "a\u0301"], id="odd"),
    ],
)
async def test_vectors_are_the_same_however_texts_are_parted(engine: LocalEmbedder, texts: Sequence[str]) -> None:
    async with gateway(engine=engine) as bench:
        found = (await bench.ask(texts, encoding_format="float")).parse()
        known = {text: (await engine.embed([text]))[0] for text in set(texts)}
        assert all(np.allclose(one.embedding, known[text], atol=1e-4) for one, text in zip(found.data, texts, strict=True))


async def test_the_built_in_model_has_one_size_and_takes_no_book_at_once(engine: LocalEmbedder) -> None:
    async with gateway(engine=engine) as bench:
        assert len((await bench.ask("oi", dimensions=384)).parse().data[0].embedding) == 384
        with pytest.raises(openai.BadRequestError, match="makes vectors of 384 dimensions only"):
            await bench.ask("oi", dimensions=256)
        with pytest.raises(openai.BadRequestError, match=f"text 1 has \\d+ tokens, and it takes at most {MOST_TOKENS}"):
            await bench.ask(["oi", "palavra " * 5000])


class Stuck:
    """An engine that never gets done."""

    async def tokens(self, texts: Sequence[str]) -> Sequence[int]:
        return [1] * len(texts)

    async def embed(self, _: Sequence[str]) -> Any:
        await asyncio.Event().wait()


async def test_the_built_in_model_is_given_up_in_time_and_not_asked_again(twin: str) -> None:
    own = replace(BUILT_IN, total_seconds=0.05)
    vendors = Vendors(Recording())
    provider = WithBuiltIn(vendors, Stuck(), own)
    with pytest.raises(Refused, match=r"did not get done within 0\.05 seconds: send fewer texts"):
        await provider.embed(own, Prompt.texts(TEXTS))
    assert len((await provider.embed(model(twin), Prompt.texts(TEXTS))).vectors) == 3
    await vendors.close()


async def test_long_texts_keep_nobody_waiting_for_longer_than_a_batch() -> None:
    engine = Noting()
    await WithBuiltIn(Vendors(Recording()), engine).embed(BUILT_IN, Prompt.texts(["w " * size for size in (300, 200, 100, 600, 1, 1)]))
    assert engine.batches == [[300, 200], [100], [600], [1, 1]]


class Noting:
    """An engine whose tokens are words, with what it was given at once."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []

    async def tokens(self, texts: Sequence[str]) -> Sequence[int]:
        return [len(text.split()) for text in texts]

    async def embed(self, texts: Sequence[str]) -> Any:
        self.batches.append(list(await self.tokens(texts)))
        return np.ones((len(texts), 384), np.float32)


async def test_a_model_of_the_operators_stands_in_the_place_of_the_built_in_one(twin: str, engine: LocalEmbedder) -> None:
    async with gateway(model(twin, BUILT_IN.name), engine=engine) as bench:
        assert len((await bench.ask(wanted=BUILT_IN.name)).parse().data[0].embedding) == 2


# What is no request -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "param", "words"),
    [
        pytest.param({"input": None}, "input", "list", id="nothing"),
        pytest.param({"input": []}, "input", "at least 1", id="no text"),
        pytest.param({"input": ""}, "input[0]", "at least 1", id="an empty text"),
        pytest.param({"input": ["a", ""]}, "input[1]", "at least 1", id="an empty one among others"),
        pytest.param({"input": ["a"] * 2049}, "input", "at most 2048", id="too many"),
        pytest.param({"input": ["a" * 600_000] * 2}, "input", "at most 1000000 characters", id="too long"),
        pytest.param({"input": [1, 2, 3]}, "input", "tokens are not taken", id="tokens"),
        pytest.param({"input": [[1, 2], [3]]}, "input", "tokens are not taken", id="lists of tokens"),
        pytest.param({"input": ["a", 7]}, "input[1]", "a text is expected", id="a number among texts"),
        pytest.param({"input": "\ud800"}, "input[0]", "UTF-16", id="half a character"),
        pytest.param({"input": {"text": "a"}}, "input", "a list is expected", id="an object"),
        pytest.param({"dimensions": 0}, "dimensions", "at least 1", id="no dimensions"),
        pytest.param({"encoding_format": "hex"}, "encoding_format", "allowed", id="another form"),
        pytest.param({"model": ""}, "model", "at least 1", id="no model"),
        pytest.param({"made_up": 1}, "made_up", "no such field", id="unknown field"),
    ],
)
async def test_what_is_no_request_is_said_in_openais_words(twin: str, change: dict[str, Any], param: str, words: str) -> None:
    async with gateway(model(twin)) as bench:
        before = len(seen(twin))
        status, body = await bench.raw({"model": "auto", "input": "oi", **change})
        error = body["error"]
        assert (status, error["type"], error["param"]) == (400, "invalid_request_error", param)
        assert words in error["message"]
        assert len(seen(twin)) == before


async def test_who_may_not_ask_models_may_not_have_vectors(twin: str) -> None:
    async with gateway(model(twin)) as bench:
        with pytest.raises(openai.PermissionDeniedError, match="role operator"):
            await bench.client.with_options(api_key="other").embeddings.create(model="auto", input="oi")
        with pytest.raises(openai.AuthenticationError):
            await bench.client.with_options(api_key="wrong").embeddings.create(model="auto", input="oi")
