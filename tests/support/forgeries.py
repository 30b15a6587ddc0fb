"""Requests that somebody could forge who has seen a valid one: of any channel whose vendor calls us.

Each `Forgery` is a valid request with one thing changed that its vendor did not send. Whoever campaigns says which headers carry the proof;
what must not matter (a header that nobody reads) is not changed.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from time import process_time
from typing import TypeAlias

from hulk.modules.channels.ports import Door, Refusal, Request

Change: TypeAlias = Callable[[random.Random, Request], Request]
_ODD = ("ção", "\u202e", "€" * 40, "٣٤", "\x00", "١")


@dataclass(frozen=True)
class Target:
    """A door with a request that it takes. `proofs` are the headers by which it is proved; `stale` after how long it is too old; `others`
    are requests that are valid at other doors of the same kind."""

    name: str
    door: Door
    valid: Callable[[], Request]
    proofs: Sequence[str]
    stale: timedelta | None = None
    others: Sequence[Request] = ()
    prefixes: Sequence[bytes] = (b"sha256=", b"v0=", b"v1,", b"Bearer ", b"\x00", b'"')
    same: Callable[[Request], bool] = lambda _: False  # a field
    """Whether a changed request is only another way to write the valid one (a host in capitals)."""


@dataclass
class Tally:
    """What came of a campaign: `wrong` are those that were taken or that broke, by what was changed."""

    tried: int = 0
    refused: int = 0
    seconds: float = 0.0
    wrong: list[str] | None = None

    def note(self, what: str) -> None:
        """One that should not have been."""
        self.wrong = [*(self.wrong or []), what][:20]


def _one(request: Request, name: str, *values: bytes) -> Request:
    return replace(request, headers={**request.headers, name: values})


def _flipped(chance: random.Random, text: bytes) -> bytes:
    changed = bytearray(text or b"x")
    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def changes(target: Target) -> dict[str, Change]:
    """By name, all that can be done to its requests."""
    proofs = target.proofs

    def proof(chance: random.Random, request: Request) -> tuple[str, bytes]:
        name = chance.choice(list(proofs))
        return name, request.headers[name][0]

    def put(change: Callable[[random.Random, bytes], Sequence[bytes]]) -> Change:
        def done(chance: random.Random, request: Request) -> Request:
            name, value = proof(chance, request)
            return _one(request, name, *change(chance, value))

        return done

    def missing(chance: random.Random, request: Request) -> Request:
        name, _ = proof(chance, request)
        return replace(request, headers={key: value for key, value in request.headers.items() if key != name})

    known: dict[str, Change] = {
        "bit of the body": lambda chance, request: replace(request, body=_flipped(chance, request.body)),
        "body cut": lambda chance, request: replace(request, body=request.body[: chance.randrange(len(request.body))]),
        "body longer": lambda chance, request: replace(request, body=request.body + bytes([chance.randrange(256)])),
        "another body": lambda chance, request: replace(request, body=chance.randbytes(chance.randrange(1, 200))),
        "bit of a header": put(lambda chance, value: [_flipped(chance, value)]),
        "header twice": put(lambda _, value: [value, value]),
        "header twice, one wrong": put(lambda chance, value: chance.sample([value, _flipped(chance, value)], 2)),
        "header empty": put(lambda _, __: [b""]),
        "header missing": missing,
        "header not ASCII": put(lambda chance, _: [chance.choice(_ODD).encode()]),
        "header with something not ASCII": put(lambda chance, value: [value + chance.choice(_ODD).encode()]),
        "header of any bytes": put(lambda chance, _: [chance.randbytes(chance.randrange(1, 300))]),
        "header cut": put(lambda chance, value: [value[: chance.randrange(len(value))]]),
        "header very long": put(lambda chance, value: [value * chance.randrange(20, 200)]),
        "wrong prefix": put(lambda chance, value: [chance.choice(target.prefixes) + value]),
        "in other letters": put(lambda _, value: [value.swapcase()]),
    }
    if target.stale is not None:
        older = target.stale
        known["stale"] = lambda chance, request: replace(request, at=request.at + older + timedelta(seconds=chance.randrange(1, 10**6)))
        known["to come"] = lambda chance, request: replace(request, at=request.at - older - timedelta(seconds=chance.randrange(1, 10**6)))
    if target.others:
        known["another channel's"] = lambda chance, _: chance.choice(target.others)
    return known


def forged(target: Target, seed: int, count: int) -> Iterator[tuple[str, Request]]:
    """So many requests, the same for a seed; none of them is the valid one."""
    chance, known, valid = random.Random(seed), changes(target), target.valid()
    names = sorted(known)
    for number in range(count):
        name = names[number % len(names)]
        request = known[name](chance, valid)
        if request != valid and not target.same(request):
            yield name, request


async def campaign(target: Target, seed: int, count: int) -> Tally:
    """Send so many. The door must refuse each, and say so by nothing but `Refusal`; the valid one it takes before and after."""
    tally, began = Tally(), process_time()
    await target.door.accept(target.valid())
    for name, request in forged(target, seed, count):
        tally.tried += 1
        try:
            await target.door.accept(request)
        except Refusal:
            tally.refused += 1
        except Exception as error:  # noqa: BLE001  # whatever else it is, it is counted
            tally.note(f"{name}: {error!r}")
        else:
            tally.note(f"{name}: taken")
    await target.door.accept(target.valid())
    tally.seconds = process_time() - began
    return tally
