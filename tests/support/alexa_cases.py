"""Requests that Amazon could have sent, and requests that it could not, with what Amazon's own verifier for Node says of each."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

from support.twins.alexa import ADDRESS, SIGNER, SKILL, Amazon, Holder, asked, certificate, intent, said, written

BASE = "https://s3.amazonaws.com"


@dataclass(frozen=True)
class Case:
    """`stricter` says why we refuse what Amazon's verifier takes. `chains` are what lies on Amazon's host, by path."""

    name: str
    valid: bool
    body: bytes
    headers: dict[str, bytes]
    chains: dict[str, bytes] = field(default_factory=dict)
    stricter: str = ""


@cache
def amazon() -> Amazon:
    """One for all cases: keys take a while to be made."""
    return Amazon()


def cases(now: datetime) -> Iterator[Case]:
    """All of them, as of now."""
    yield from _addresses(now)
    yield from _chains(now)
    yield from _requests(now)
    yield from _headers(now)


def _case(
    name: str, now: datetime, *, valid: bool, address: str = ADDRESS, body: bytes | None = None, chain: bytes | None = None,
    stricter: str = "", **headers: bytes | None,
) -> Case:  # fmt: skip
    """A valid request but for what is given; a header that is None is left out."""
    twin, body = amazon(), body or written(said("Quantos pedidos houve ontem?", at=now))
    given = {**twin.headers(body, address), **{key.replace("_", "-"): value for key, value in headers.items()}}
    path = "/echo.api/echo-api-cert-12.pem"
    left = {key: value for key, value in given.items() if value is not None}
    return Case(name, valid, body, left, {path: twin.chain if chain is None else chain}, stricter)


def _addresses(now: datetime) -> Iterator[Case]:
    file = "echo-api-cert-12.pem"
    for name, address in {
        "as it is": ADDRESS,
        "port 443": f"{BASE}:443/echo.api/{file}",
        "dots within the folder": f"{BASE}/echo.api/../echo.api/{file}",
        "scheme in capitals": f"HTTPS://s3.amazonaws.com/echo.api/{file}",
        "host in capitals": f"https://S3.AmazonAWS.com/echo.api/{file}",
    }.items():
        yield _case(name, now, valid=True, address=address)
    for name, address in {
        "no TLS": f"http://s3.amazonaws.com/echo.api/{file}",
        "a file": f"file:///echo.api/{file}",
        "another host": f"https://notamazon.com/echo.api/{file}",
        "a host that begins so": f"https://s3.amazonaws.com.example.com/echo.api/{file}",
        "a host that ends so": f"https://evils3.amazonaws.com/echo.api/{file}",
        "the host as a user": f"https://s3.amazonaws.com@127.0.0.1/echo.api/{file}",
        "this machine": f"https://127.0.0.1/echo.api/{file}",
        "metadata of a cloud": f"https://169.254.169.254/echo.api/{file}",
        "folder in capitals": f"{BASE}/EcHo.aPi/{file}",
        "another folder": f"{BASE}/invalid.path/{file}",
        "another port": f"{BASE}:563/echo.api/{file}",
        "no number for a port": f"{BASE}:https/echo.api/{file}",
        "half an IPv6 address": f"https://[::1/echo.api/{file}",
        "no address": "certificate",
        "nothing there": f"{BASE}/echo.api/other.pem",
    }.items():
        yield _case(name, now, valid=False, address=address)
    for name, address, why in [
        (
            "dots out of the folder",
            f"{BASE}/echo.api/../other/{file}",
            "Node asks for the path as it stands; we normalise first, as documented",
        ),
        ("a question", f"{ADDRESS}?x=1", "Amazon's addresses have none"),
        ("a fragment", f"{ADDRESS}#x", "Amazon's addresses have none"),
        ("a user", f"https://me@s3.amazonaws.com/echo.api/{file}", "Amazon's addresses have none"),
        ("an escape", f"{BASE}/echo.api/echo%2dapi-cert-12.pem", "what is escaped may be read in two ways"),
    ]:
        yield _case(name, now, valid=False, address=address, stricter=why)


def _chains(now: datetime) -> Iterator[Case]:
    twin = amazon()
    key, middle, root = twin.leaf.key, twin.middle, twin.root

    def leaf(by: Holder | None, days: tuple[float, float] = (-30, 300), names: tuple[str, ...] = (SIGNER,)) -> bytes:
        return certificate(SIGNER, by, ca=False, names=names, days=days, now=now, key=key).pem

    yield _case("root in the chain", now, valid=True, chain=twin.chain + root.pem)
    yield _case("further names", now, valid=True, chain=leaf(middle, names=("other.example", SIGNER)) + middle.pem)
    other = certificate("Another root", None, ca=True, key=root.key, now=now)
    stranger = certificate("Another root altogether", None, ca=True, now=now)
    old_middle = certificate("Old", root, ca=True, days=(-300, -1), key=middle.key, now=now)
    no_ca = certificate("No authority", root, ca=False, key=middle.key, now=now)
    for name, chain in {
        "signed by itself": leaf(None),
        "another name": leaf(middle, names=("echo-api.example.com",)) + middle.pem,
        "any name": leaf(middle, names=("*.amazon.com",)) + middle.pem,
        "no name": leaf(middle, names=()) + middle.pem,
        "over": leaf(middle, days=(-300, -1)) + middle.pem,
        "not yet": leaf(middle, days=(1, 300)) + middle.pem,
        "what is between is over": leaf(old_middle) + old_middle.pem,
        "nothing between": twin.leaf.pem,
        "what is between may not sign": leaf(no_ca) + no_ca.pem,
        "another root": leaf(stranger) + stranger.pem,
        "another root with that key": leaf(other) + other.pem,
        "the wrong way round": middle.pem + twin.leaf.pem,
        "no certificates": b"<html>",
        "nothing": b"",
        "cut": twin.chain[:500],
    }.items():
        yield _case(f"chain: {name}", now, valid=False, chain=chain)


def _requests(now: datetime) -> Iterator[Case]:
    def at(seconds: float) -> datetime:
        return now - timedelta(seconds=seconds)

    for name, envelope in {
        "120 s old": said("Oi", at=at(120)),
        "an event, 3500 s old": asked("AlexaSkillEvent.SkillDisabled", at=at(3500)),
        "right to left, emoji": said("مرحبا 👍🏽 \u202e!", at=now),
        "a launch": asked("LaunchRequest", at=now),
        "a yes": intent("AMAZON.YesIntent", at=now),
    }.items():
        yield _case(name, now, valid=True, body=written(envelope))
    for name, envelope, why in [
        ("160 s old", said("Oi", at=at(160)), ""),
        ("a day old", said("Oi", at=at(86_400)), ""),
        ("an event, 3700 s old", asked("AlexaSkillEvent.SkillDisabled", at=at(3700)), ""),
        ("160 s to come", said("Oi", at=at(-160)), "Amazon's verifier takes any time to come"),
        ("another skill", said("Oi", at=now, skill=SKILL + "0"), "Amazon's SDK looks at the skill elsewhere"),
    ]:
        yield _case(name, now, valid=False, body=written(envelope), stricter=why)
    no_time = said("Oi", at=now)
    del no_time["request"]["timestamp"]
    yield _case("no time", now, valid=False, body=written(no_time))
    yield _case("no JSON", now, valid=False, body=b"{")


def _headers(now: datetime) -> Iterator[Case]:
    twin, body = amazon(), written(said("Quantos pedidos houve ontem?", at=now))
    good = twin.signature(body)
    yield _case("one byte more", now, valid=False, body=body, signature_256=twin.signature(body + b" "))
    yield _case("another's key", now, valid=False, body=body, signature_256=twin.signature(body, twin.middle.key))
    yield _case("SHA-1", now, valid=False, body=body, signature_256=twin.signature(body, sha1=True))
    yield _case(
        "a bit of the signature", now, valid=False, body=body, signature_256=b"A" + good[1:] if good[:1] != b"A" else b"B" + good[1:]
    )
    yield _case("half a signature", now, valid=False, body=body, signature_256=good[: len(good) // 2])
    yield _case("an empty signature", now, valid=False, body=body, signature_256=b"")
    yield _case("no signature", now, valid=False, body=body, signature_256=None)
    yield _case("the old signature only", now, valid=False, body=body, signature_256=None, signature=twin.signature(body, sha1=True))
    yield _case("no address of a chain", now, valid=False, body=body, signaturecertchainurl=None)
    yield _case("not ASCII", now, valid=False, body=body, signature_256="ção".encode())
    why = "Node reads base 64 that is none as far as it goes"
    yield _case("spaces in the signature", now, valid=False, body=body, signature_256=good[:20] + b" " + good[20:], stricter=why)


NOW = datetime.now(UTC)
EVERY = list(cases(NOW))
