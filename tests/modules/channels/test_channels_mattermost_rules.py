"""What is a mention, an address, a mark: the pure rules of a bot of Mattermost."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.errors import Refused
from hulk.modules.channels.adapters.mattermost.marks import OVERLAP, Mark, Spot
from hulk.modules.channels.adapters.mattermost.posts import Address, Post, address_of, harmless, mentions, post_of, without_mention
from support.twins.systems.mattermost import ANA, DIRECT, TOWN, made_id

POST = made_id("post")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        pytest.param("@hulk vendas?", True, id="at the beginning"),
        pytest.param("e aí, @HULK?", True, id="in capitals, before a mark"),
        pytest.param("pergunte ao @hulk.", True, id="at the end of a sentence"),
        pytest.param("(@hulk)", True, id="in brackets"),
        pytest.param("@hulk, @ana", True, id="before another"),
        pytest.param("@hulkster", False, id="another name that begins so"),
        pytest.param("@hulk-2", False, id="another name with a stroke"),
        pytest.param("@hulk.dois", False, id="another name with a dot"),
        pytest.param("hulk vendas?", False, id="without the sign"),
        pytest.param("ana@hulk.com", False, id="an address"),
        pytest.param("`@hulk`", False, id="code"),
        pytest.param("```\n@hulk\n```", False, id="a block of code"),
        pytest.param("```\n@hulk", False, id="a block of code that does not end"),
        pytest.param("`a` @hulk `b`", True, id="between code"),
        pytest.param("@all @channel", False, id="everybody"),
        pytest.param("שלום @hulk שלום", True, id="right to left"),
    ],
)
def test_a_mention_is_what_the_server_takes_for_one(text: str, named: bool) -> None:
    assert mentions(text, "hulk") == named


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("@hulk vendas?", "vendas?"), ("  @Hulk: vendas?", "vendas?"), ("@hulk, vendas?", "vendas?"), ("vendas, @hulk?", "vendas,?"),
        ("vendas @hulk", "vendas"), ("o @hulk sabe?", "o @hulk sabe?"), ("@hulkster oi", "@hulkster oi"), ("@hulk", ""),
        ("@hulk /link K3M9-77QD", "/link K3M9-77QD"),
    ],
)  # fmt: skip
def test_who_is_named_is_not_part_of_what_is_said(text: str, said: str) -> None:
    assert without_mention(text, "hulk") == said


@given(st.text())
def test_calling_nobody_together_loses_nothing(text: str) -> None:
    told = harmless(text)
    assert len(told) == len(text)
    assert told.replace("＠", "@") == text.replace("＠", "@")
    assert harmless(told) == told


@pytest.mark.parametrize("address", [DIRECT, f"{TOWN}:{POST}", f"{TOWN}@{ANA}"])
def test_an_address_is_read_as_it_was_written(address: str) -> None:
    assert str(Address.parsed(address)) == address


@given(st.text() | st.from_regex(r"[a-z0-9]{25,27}[:@/.][a-z0-9]{25,27}", fullmatch=True))
def test_nothing_else_is_an_address(text: str) -> None:
    with contextlib.suppress(Refused):
        assert str(Address.parsed(text)) == text


@pytest.mark.parametrize(
    ("root", "direct", "address"),
    [("", True, DIRECT), (made_id("root"), True, f"{DIRECT}:{made_id('root')}"), ("", False, f"{DIRECT}:{POST}"),
     (made_id("root"), False, f"{DIRECT}:{made_id('root')}")],
)  # fmt: skip
def test_a_conversation_goes_on_in_its_thread(root: str, direct: bool, address: str) -> None:
    post = Post(id=POST, create_at=1, user_id=ANA, channel_id=DIRECT, root_id=root)
    assert str(address_of(post, direct)) == address


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda one: st.lists(one) | st.dictionaries(st.text(), one)
)


@given(ANYTHING | ANYTHING.map(json.dumps))
def test_whatever_a_server_tells_is_a_post_or_none(data: Any) -> None:
    assert post_of(data) is None


@given(st.text() | ANYTHING.map(json.dumps))
def test_whatever_was_kept_is_a_mark_or_none(text: str) -> None:
    assert Mark.parsed(text) is None


POSTS = st.lists(st.tuples(st.sampled_from([DIRECT, TOWN]), st.integers(0, 40).map(lambda at: at * 1_000)), max_size=120)


@given(POSTS)
def test_a_mark_is_kept_as_it_is_and_asks_for_nothing_too_late(posts: list[tuple[str, int]]) -> None:
    """Whatever the order: all posts that are less than some seconds older than the newest come after what is asked for, or are known."""
    mark, spots = Mark(), dict[str, list[tuple[str, int]]]()
    for number, (channel, at) in enumerate(posts):
        mark = mark.heard(channel, made_id("p", number), at).up_to(at)
        spots.setdefault(channel, []).append((made_id("p", number), at))
    assert Mark.parsed(str(mark)) == mark
    for channel, heard in spots.items():
        spot = mark.spots[channel]
        assert len(spot.posts) <= 64
        assert spot.newest == max(at for _, at in heard)
        begins = dict(heard)[spot.after]
        crowded = len(spot.posts) == 64
        assert crowded or begins <= spot.newest - OVERLAP or all(spot.knows(one) for one, at in heard if at >= begins)


def test_a_mark_stays_small_however_many_channels_there_are() -> None:
    mark = Mark()
    for number in range(700):
        mark = mark.heard(made_id("c", number), POST, number)
    assert len(mark.spots) == 500
    assert made_id("c", 699) in mark.spots
    assert len(str(mark)) < 50_000


def test_what_is_heard_again_changes_nothing() -> None:
    spot = Spot(((POST, 5),))
    assert spot.heard(POST, 5) is spot
