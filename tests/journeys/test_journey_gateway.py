"""A program that speaks OpenAI's API, on a started Hulk: asked, decided, told why, paid for, graded, counted; and a kill in the middle."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from support.program import Up, started, thor
from support.twins import openai_twin, seen

CPF = "529.982.247-25"


@pytest.fixture(scope="module")
def twin() -> Iterator[str]:
    with openai_twin() as url:
        yield url


@pytest.fixture
def folder(tmp_path: Path, twin: str) -> Path:
    price = {"input": "1", "output": "2"}
    models = [
        {"name": "cloud", "url": twin, "model": "echo", "price": price, "api_key": "right"},
        {"name": "inside", "url": twin, "model": "echo", "local": True},
        {"name": "slow", "url": twin, "model": "stall", "price": price},
        {"name": "vectors", "url": twin, "model": "echo", "purpose": "embeddings", "price": price},
    ]
    settings = {"models": {"providers": models}, "learning": {"enabled": True}, "finops": {"budget": {"daily": 5}}}
    (tmp_path / "hulk.yaml").write_text(json.dumps(settings))
    return tmp_path


def client(up: Up) -> openai.OpenAI:
    """OpenAI's own, with nothing but Hulk's address."""
    return openai.OpenAI(base_url=f"{up.url}/v1", api_key="local", max_retries=0, default_headers={"accept-language": "en"})


def ask(up: Up, text: str, model: str = "auto", **more: Any) -> Any:
    messages: Any = [{"role": "user", "content": text}]
    with client(up) as asking:
        return asking.chat.completions.with_raw_response.create(model=model, messages=messages, **more)


def test_a_call_can_be_followed_from_its_answer_to_its_price(folder: Path) -> None:
    with started(folder / "data", cwd=folder) as up:
        with client(up) as asking:
            assert [one.id for one in asking.models.list()][:4] == ["auto", "cloud", "inside", "slow"]
        raw = ask(up, "bom dia", model="cloud")
        assert raw.parse().choices[0].message.content == "You said: bom dia"
        decision = raw.headers["x-hulk-decision-id"]
        told = httpx.get(f"{up.url}/v1/decisions/{decision}", headers={"accept-language": "en"}).json()
        assert (told["kind"], told["name"], told["sensitivity"]) == ("model", "cloud", "public")
        assert "cloud was asked for by its name." in told["reasons"]
        spent = [Decimal(row["settled"]) for row in thor(up.data, "costs", "--by", "model")]
        assert sum(spent) == Decimal(raw.headers["x-hulk-cost"]) > 0
        metrics = httpx.get(f"{up.url}/metrics").text
        assert 'hulk_model="cloud"' in metrics
        assert "gen_ai_client_token_usage" in metrics


def test_what_must_stay_is_answered_inside_and_nowhere_else(folder: Path, twin: str) -> None:
    with started(folder / "data", cwd=folder) as up:
        assert ask(up, f"de quem é o cpf {CPF}?").headers["x-hulk-model"] == "inside"
        sent = len(seen(twin))
        with pytest.raises(openai.PermissionDeniedError, match="must stay in the company"):
            ask(up, f"de quem é o cpf {CPF}?", model="cloud")
        assert len(seen(twin)) == sent
        assert CPF not in up.said()
        assert CPF.encode() not in (up.data / "hulk.db").read_bytes()


def test_what_hulk_chose_is_graded_and_explained(folder: Path) -> None:
    with started(folder / "data", cwd=folder) as up:
        decision = ask(up, "qual a capital da França?").headers["x-hulk-decision-id"]
        answer = httpx.post(f"{up.url}/v1/feedback", json={"decision_id": decision, "thumb": "up"}).json()
        assert [one["decision_id"] for one in answer["rewarded"]] == [decision]
        rows = thor(up.data, "router", "explain", decision)
        assert {row["of"] for row in rows if row["what"] == "arm"} >= {"cloud", "inside"}


def test_a_kill_in_the_middle_of_an_answer_loses_no_money(folder: Path) -> None:
    with started(folder / "data", cwd=folder) as up, client(up) as asking:
        messages: Any = [{"role": "user", "content": "conte até mil"}]
        stream = asking.chat.completions.create(model="slow", messages=messages, stream=True)
        next(iter(stream))
        up.kill()
    with started(folder / "data", cwd=folder) as again:
        [row] = thor(again.data, "costs", "--by", "model")
        assert Decimal(row["settled"]) + Decimal(row["reserved"]) > 0
