"""What every line to a vendor promises (`ports.Line`), each with its vendor's twin. What one cannot do is said in `CANNOT`."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from hulk.kernel import ids
from hulk.kernel.errors import Exhausted, HulkError, NotFound, Refused, TooLarge, Unauthenticated, Unavailable
from hulk.modules.channels.adapters.webhook import key_of, signature
from hulk.modules.channels.domain import Attached, Button, Pressed, pressing
from hulk.modules.channels.ports import Line, Sent, Uncertain, Unknowable
from support.lines import CANNOT, RIGS, Can, Fault, Rig, Twins
from support.twins.systems.receiver import SECRET, signed


@pytest.fixture(scope="module")
def twins() -> Iterator[Twins]:
    """Those of this file."""
    with ExitStack() as stack:
        yield Twins(stack)


@pytest.fixture
async def rig(kind: str, twins: Twins) -> AsyncIterator[Rig]:
    """The line of that kind."""
    async with RIGS[kind][1](twins[kind]) as made:
        yield made


every = pytest.mark.parametrize("kind", sorted(RIGS))


def able(*to: Can) -> pytest.MarkDecorator:
    """Those that can do all of it."""
    return pytest.mark.parametrize("kind", [kind for kind in sorted(RIGS) if not any((kind, one) in CANNOT for one in to)])


def _data(rig: Rig) -> str:
    """What a button of ours carries."""
    return pressing(b"s" * 32, "chat", rig.address, Pressed("approve", ids.new("tkt")), rig.message().created)


# Sending -----------------------------------------------------------------------------------------------------------------------


@able("send")
async def test_a_message_goes_out_and_has_an_id(rig: Rig) -> None:
    sent = await rig.line.send(rig.message("Foram 17 pedidos 👍🏽"), [])
    assert isinstance(sent, Sent)
    assert sent.id
    assert rig.texts() == ["Foram 17 pedidos 👍🏽"]


@able("send")
async def test_a_message_may_be_all_that_the_limits_allow(rig: Rig, tmp_path: Path) -> None:
    limits = rig.line.limits
    buttons = tuple(Button(f"{place}".ljust(limits.label, "x"), _data(rig)) for place in range(limits.buttons))
    await rig.line.send(rig.message("palavra " * (limits.text // 8), buttons=buttons), [])
    assert "".join(rig.texts()).count("palavra") == limits.text // 8
    if limits.file:
        (tmp_path / "a.csv").write_bytes(b"a;b\n")
        assert (await rig.line.send(rig.message(id=ids.new("msg")), [("a.csv", tmp_path / "a.csv")])).id


@pytest.mark.parametrize(
    ("fault", "error", "went"),
    [
        pytest.param("too much", Exhausted, 0, id="too much was sent"),
        pytest.param("away", Unavailable, 0, id="surely not taken now"),
        pytest.param("broken", Uncertain, 0, id="the vendor breaks"),
        pytest.param("lost", Uncertain, 1, id="taken and not said"),
        pytest.param("never", Refused, 0, id="never taken"),
    ],
)
@able("send")
async def test_what_goes_wrong_says_what_may_be_done(rig: Rig, fault: Fault, error: type[HulkError], went: int) -> None:
    rig.fault(fault)
    with pytest.raises(HulkError) as raised:
        await rig.line.send(rig.message(), [])
    assert _class_of(raised.value) is error
    assert len(rig.texts()) == went
    if error is Exhausted:
        assert isinstance(raised.value, Exhausted)
        assert raised.value.retry_after is not None
        assert raised.value.retry_after > 0


def _class_of(error: HulkError) -> type[HulkError]:
    """By which of the port's errors it is handled."""
    return next(kind for kind in (Uncertain, Exhausted, Unauthenticated, Unavailable, Refused, HulkError) if isinstance(error, kind))


@able("send")
async def test_where_nobody_listens_it_is_surely_not_taken(rig: Rig) -> None:
    with pytest.raises(Unavailable) as raised:
        await rig.gone.send(rig.message(), [])
    assert not isinstance(raised.value, Uncertain | Exhausted)


@able("send", "be revoked")
async def test_who_is_not_known_any_more_is_told_so(rig: Rig) -> None:
    rig.revoke()
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            await rig.line.send(rig.message(), [])
    assert rig.texts() == []


@able("send")
async def test_after_what_went_wrong_the_next_message_goes_out(rig: Rig) -> None:
    for fault in ("away", "broken", "never"):
        rig.fault(fault)
        with pytest.raises(HulkError):
            await rig.line.send(rig.message(id=ids.new("msg")), [])
    await rig.line.send(rig.message("Agora."), [])
    assert rig.texts() == ["Agora."]


# Asking ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["lost", "broken"])
@able("send", "find")
async def test_what_is_asked_for_and_then_done_never_makes_two(rig: Rig, fault: Fault) -> None:
    message = rig.message()
    rig.fault(fault)
    with pytest.raises(Uncertain):
        await rig.line.send(message, [])
    found = await rig.line.find(message)
    if found is None:
        found = await rig.line.send(message, [])
    assert found.id
    assert rig.texts() == [message.text]


@able("send", "find", "tell")
async def test_a_message_that_is_there_is_found(rig: Rig) -> None:
    message = rig.message()
    sent = await rig.line.send(message, [])
    await rig.line.send(rig.message("Outra.", id=ids.new("msg")), [])
    assert await rig.line.find(message) == sent


@able("send", "find")
async def test_a_message_that_was_never_sent_is_not_found(rig: Rig) -> None:
    await rig.line.send(rig.message(), [])
    assert await rig.line.find(rig.message(id=ids.new("msg"))) is None


@able("fetch")
async def test_a_file_is_fetched_up_to_so_many_bytes(rig: Rig, tmp_path: Path) -> None:
    file = rig.file("olá" * 1000)
    await rig.line.fetch(file, tmp_path / "got", 4000)
    assert (tmp_path / "got").read_text("utf-8") == "olá" * 1000
    with pytest.raises(TooLarge):
        await rig.line.fetch(file, tmp_path / "more", 3999)
    assert not (tmp_path / "more").exists() or (tmp_path / "more").stat().st_size <= 3999
    with pytest.raises(NotFound):
        await rig.line.fetch(rig.missing, tmp_path / "none", 4000)
    with pytest.raises(Unavailable):
        await rig.gone.fetch(file, tmp_path / "gone", 4000)


@every
async def test_that_it_is_worked_on_is_shown_without_saying_anything(rig: Rig) -> None:
    await rig.line.working(rig.address, "55")
    await rig.line.working(rig.address)
    assert rig.texts() == []


@every
async def test_a_check_proves_that_it_works_and_bothers_nobody(rig: Rig) -> None:
    steps = (await rig.line.check()).steps
    assert steps
    assert all(str(text) and seconds >= 0 for text, seconds in steps)
    assert rig.texts() == []


@every
async def test_a_check_says_that_nobody_listens(rig: Rig) -> None:
    with pytest.raises(Unavailable):
        await rig.gone.check()


@able("be revoked")
async def test_a_check_says_that_we_are_not_known_any_more(rig: Rig) -> None:
    rig.revoke()
    with pytest.raises(Unauthenticated):
        await rig.line.check()


# What it is --------------------------------------------------------------------------------------------------------------------


@every
async def test_limits_and_paces_are_such_that_something_can_be_sent(rig: Rig) -> None:
    line: Line = rig.line
    limits = line.limits
    assert limits.text >= 500
    assert limits.parts >= 1
    assert limits.buttons == 0 or (limits.label >= 20 and limits.data >= len(_data(rig)))
    assert limits.file >= 0
    assert limits.keeps.total_seconds() > 0
    assert all(pace.rate > 0 and pace.burst >= 1 for pace in line.paces)


# What cannot be done -----------------------------------------------------------------------------------------------------------


async def _sent(rig: Rig, _: Path) -> None:
    await rig.line.send(rig.message(), [])


async def _found(rig: Rig, _: Path) -> None:
    await rig.line.find(rig.message())


async def _fetched(rig: Rig, folder: Path) -> None:
    await rig.line.fetch(Attached(ref="none"), folder / "got", 1000)


_TRIED = {"send": (_sent, Refused), "find": (_found, Unknowable), "fetch": (_fetched, Refused)}


@pytest.mark.parametrize(("kind", "what"), [one for one in CANNOT if one[1] in _TRIED])
async def test_what_a_vendor_cannot_do_is_raised_as_the_port_says(rig: Rig, what: str, tmp_path: Path) -> None:
    act, error = _TRIED[what]
    with pytest.raises(error):
        await act(rig, tmp_path)


def test_signatures_are_those_of_the_specifications_own_library() -> None:
    """`test_sign_function` of libraries/python in github.com/standard-webhooks/standard-webhooks: the adapter, and the twin beside it."""
    at, body, expected = "1614265330", b'{"test": 2432232314}', "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert signature(key_of(SECRET), b"msg_p5jXN8AQM9LWM0D4loKWxJek", at.encode(), body).decode() == expected
    assert signed(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, body) == expected
