"""What a server lists made into tools of ours, its secrets kept out of what it says, its speed held, its settings checked."""

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from hulk.modules.tools.adapters.backends.acts import About
from hulk.modules.tools.adapters.backends.mounted import Limits, Rules, configured
from hulk.modules.tools.adapters.backends.mounted.hiding import Hiding
from hulk.modules.tools.adapters.backends.mounted.pace import Pace
from hulk.modules.tools.adapters.backends.mounted.saying import Taking, effect, ours
from hulk.modules.tools.domain import NAME, Said
from hulk.modules.tools.settings.mounted import MountedServerSettings

NAMES = st.lists(st.from_regex(r"[A-Za-z0-9_./-]{1,128}", fullmatch=True), unique=True, max_size=8)
RULES = Rules(about=About(), reads=("list_*", "get?"))


@given(NAMES)
def test_each_name_of_theirs_has_one_of_ours_that_no_other_has(names: list[str]) -> None:
    made = ours(names)
    assert list(made) == names
    assert len(set(made.values())) == len(names)
    assert all(NAME.fullmatch(f"far.{name}") for name in made.values())


def test_a_name_that_pretends_to_be_another_with_its_mark_is_neither() -> None:
    marked = ours(["a-b", "a_b"])["a-b"]
    made = ours(["a-b", "a_b", marked])
    assert made["a-b"] == marked
    assert len(set(made.values())) == 3


@given(NAMES, NAMES)
def test_what_a_server_lists_besides_can_take_a_name_away_but_not_give_it_to_another(names: list[str], more: list[str]) -> None:
    before, after = ours(names), ours(dict.fromkeys([*names, *more]))
    for name, ours_ in before.items():
        holder = next((one for one, given_ in after.items() if given_ == ours_), name)
        assert holder == name


@pytest.mark.parametrize(
    ("name", "notes", "does"),
    [
        pytest.param("send", {}, "destroy", id="says nothing"),
        pytest.param("send", {"readOnlyHint": True}, "destroy", id="says that it reads"),
        pytest.param("send", {"readOnlyHint": True, "destructiveHint": False}, "write", id="says that it destroys nothing"),
        pytest.param("list_all", {"destructiveHint": True}, "read", id="the settings say that it reads"),
        pytest.param("gets", {}, "read", id="by a pattern"),
        pytest.param("LIST_all", {}, "destroy", id="capital letters are others"),
    ],
)
def test_what_a_tool_does_is_ours_to_say(name: str, notes: dict[str, Any], does: str) -> None:
    assert effect(Said(name=name, annotations=notes), RULES) == does


def a_tool(name: str, description: str = "", **schema: Any) -> Any:
    """As the SDK gives it."""
    return SimpleNamespace(name=name, title=None, description=description, input_schema=schema, output_schema=None, annotations=None)


def test_a_listing_is_held_to_its_limits() -> None:
    taking = Taking("far", RULES, Limits(tools=3, tool=300, listing=500, description=10))
    assert taking.take([a_tool("a", "x" * 100), a_tool("b", "y" * 290), a_tool("c", x=float("inf")), a_tool("d", "\ud800")])
    assert taking.take([a_tool("e", "z" * 250), a_tool("f", "z" * 250)])
    listing = taking.listing()
    assert {name: one.tool.description for name, one in listing.tools.items()} == {"far.a": "xxxxxxxxx…", "far.e": "zzzzzzzzz…"}
    assert listing.left_out == {"too large": 1, "not JSON": 2, "too many": 1}
    assert listing.tools["far.a"].said.description == "x" * 100


def test_a_secret_is_hidden_with_and_without_its_scheme_also_when_it_was_another_before() -> None:
    secrets = ["Bearer first-one"]
    hide = Hiding([lambda: secrets[-1], lambda: "short"])
    assert hide("first-one Bearer first-one short") == "••• ••• short"
    secrets.append("Bearer second-one")
    assert hide("first-one second-one") == "••• •••"


def test_an_excerpt_is_one_short_line() -> None:
    assert Hiding([]).excerpt("a\n\tb\u202e\x00c" + "x" * 1_000) == "a b�c" + "x" * 195 + "…"


async def test_no_more_than_so_much_goes_in_a_second() -> None:
    pace, began = Pace(10), time.monotonic()
    for _ in range(15):
        await pace()
    assert time.monotonic() - began >= 0.9
    assert [Pace(2).room() for _ in range(2)] == [True, True]
    few = Pace(2)
    assert [few.room() for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        pytest.param({}, "either a command or a url", id="neither"),
        pytest.param({"command": ["x"], "url": "https://x"}, "either a command or a url", id="both"),
        pytest.param({"command": ["x"], "headers": {"A": "b"}}, "headers and client are for a url", id="headers for a program"),
        pytest.param({"url": "https://x", "env": {"A": "b"}}, "env and secrets are for a command", id="environment for an address"),
        pytest.param({"url": "http://x.example", "headers": {"A": "b"}}, "over https only", id="a secret in clear"),
        pytest.param({"url": "https://a:b@x.example"}, "no password", id="a password in the url"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        MountedServerSettings(name="far", **wrong)


async def test_a_server_is_mounted_as_the_settings_have_it(tmp_path: Path) -> None:
    settings = MountedServerSettings(name="far", command=("sh", "-c", "exit 7"), secrets={"TOKEN": SecretStr("x")}, start_timeout=5)
    asked: list[str] = []

    def follow(place: str) -> Any:
        asked.append(place)
        return lambda: "secret-token"

    async with configured(settings, tmp_path / "far", follow) as server:
        with pytest.raises(Exception, match=r"far: it ended \(exit 7\)\."):
            await server.tools()
    assert asked == ["secrets.TOKEN"]
