"""What is told of a model before it is added: each field that is wrong, else what to write where; and no key, ever."""

import shlex
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from hulk.modules.router.settings import ModelsSettings
from support.callers import World, a_world

MINI = {"name": "mini", "kind": "openai", "model": "gpt-5-mini"}
HELD = {"name": "held", "kind": "compatible", "model": "m", "url": "http://127.0.0.1:9/v1", "local": True}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A running Hulk that has a model."""
    async with a_world(tmp_path, models__providers=[HELD]) as made:
        yield made


async def check(world: World, who: str = "viewer", **body: Any) -> tuple[int, Any]:
    return await world.call(who, "POST", "/v1/router/models/check", json={**MINI, **body})


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({"name": "Mini!"}, "name", id="a name that the settings do not take"),
        pytest.param({"name": "held"}, "name", id="a name that is taken"),
        pytest.param({"name": "local"}, "name", id="the name of the one that runs here"),
        pytest.param({"kind": "clairvoyant"}, "kind", id="no kind"),
        pytest.param({"model": ""}, "model", id="no model"),
        pytest.param({"kind": "compatible"}, "url", id="a server without an address"),
        pytest.param({"url": "ftp://example.com"}, "url", id="an address of another kind"),
        pytest.param({"api_key": "sk-live-1"}, "api_key", id="a key in the place of its place"),
        pytest.param({"api_key": "env:sk-live-1"}, "api_key", id="a key in the place of a variable"),
        pytest.param({"api_key": "file:sk-live-1"}, "api_key", id="a key in the place of a file"),
    ],
)
async def test_what_is_wrong_is_told_by_its_field_and_no_key_is_repeated(world: World, body: dict[str, Any], field: str) -> None:
    status, problem = await check(world, **body)
    assert (status, [one["field"] for one in problem["errors"]]) == (422, [field])
    assert "sk-live-1" not in str(problem)


async def test_what_would_do_is_told_with_what_to_write_where(world: World, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("sk-live-1\n")
    status, found = await check(world, "platform", api_key=f"file:{key}", local=True)
    assert status == 200
    [made] = ModelsSettings.model_validate(yaml.safe_load(found["entry"])["models"]).providers
    assert (made.name, made.model, made.local, made.api_key.get_secret_value()) == ("mini", "gpt-5-mini", True, f"file:{key}")
    assert found["command"] == f"thor models add mini --model gpt-5-mini --kind openai --key file:{key} --local"
    assert (found["key"]["found"], found["price"], "sk-live-1" in str(found)) == (True, True, False)


async def test_the_command_is_one_for_a_shell_whatever_the_model_is_called(world: World) -> None:
    body: dict[str, Any] = {
        "name": "in",
        "kind": "compatible",
        "model": "a b; rm",
        "url": "http://x/v1",
        "api_key": "file:/run/k",
        "local": True,
    }
    command = (await check(world, **body))[1]["command"]
    assert command == "thor models add in --model 'a b; rm' --kind compatible --url http://x/v1 --key file:/run/k --local"
    assert shlex.split(command)[5] == "a b; rm"


async def test_a_key_that_is_not_there_is_told_to_who_looks_after_this_hulk(world: World, tmp_path: Path) -> None:
    for place in ("env:HULK_TEST_NOT_THERE", f"file:{tmp_path}/nothing"):
        _, found = await check(world, "platform", api_key=place)
        assert (found["key"]["found"], bool(found["key"]["problem"])) == (False, True), place
        assert (await check(world, "admin", api_key=place))[1]["key"] is None, "of another tenant"
    assert (await check(world, "platform", api_key="bitwarden:BE9E7B5E-0000-4000-8000-000000000000"))[1]["key"]["found"] is None


async def test_a_model_of_which_nobody_knows_the_price_is_told_of(world: World) -> None:
    assert (await check(world))[1]["price"] is True
    assert (await check(world, model="of-nobody-we-know"))[1]["price"] is False
