"""Lease tokens (`ports.Tokens`): only what was signed here, whole, for us and still holding is taken; keys rotate without a gap."""

import base64
import hashlib
import hmac
import json
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import KeySet, OKPKey, RSAKey

from hulk.kernel.errors import Unauthenticated
from hulk.modules.tickets.adapters.tokens import AGAIN, LEEWAY, SPREAD, TYPE, JwtTokens, ring
from hulk.modules.tickets.domain import Lease
from hulk.modules.tickets.ports import Tokens
from hulk.runtime.secrets import RingKey
from hulk.runtime.store import Store
from support.stores import Another

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass
class Hands:
    """A clock whose hands the test moves."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def hands() -> Hands:
    """The clock of all processes."""
    return Hands()


@pytest.fixture
async def tokens(store: Store, hands: Hands) -> JwtTokens:
    """Tokens with a first key."""
    made = JwtTokens(store, b"secret", DAY, hands)
    await made.keep()
    return made


def lease(hands: Hands, lasting: float = 60, **more: Any) -> Lease:
    fields: dict[str, Any] = {"id": "lse_1", "tenant": "acme", "worker": "w1", "actor": "key:x"}
    return Lease(**fields | more, lasting=timedelta(seconds=lasting), until=hands.now + timedelta(seconds=lasting))


async def test_a_token_gives_back_the_lease_that_it_was_issued_for(tokens: Tokens, hands: Hands) -> None:
    issued = lease(hands, worker="trabalhador é")
    token = tokens.issue(issued)
    assert await tokens.verify(token) == issued
    assert await tokens.verify(token) == issued, "and again, when it is remembered"


async def test_a_token_ends_with_its_lease_but_for_what_clocks_may_differ(tokens: Tokens, hands: Hands) -> None:
    token, fresh = tokens.issue(lease(hands)), tokens.issue(lease(hands, id="lse_2"))
    await tokens.verify(token)
    hands.now += timedelta(seconds=60) + LEEWAY
    for each in (token, fresh):
        with pytest.raises(Unauthenticated, match="not valid"):
            await tokens.verify(each)


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    head, body, _ = token.split(".")
    return read(head), read(body)


def read(part: str) -> dict[str, Any]:
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def written(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def signed(header: dict[str, Any], claims: dict[str, Any], key: Any) -> str:
    return jwt.encode(header, claims, key, algorithms=[header["alg"]])


def hmac_signed(header: dict[str, Any], claims: dict[str, Any], secret: bytes) -> str:
    """As a library would that takes any key for an HMAC's."""
    signed_ = f"{written(header)}.{written(claims)}"
    mac = hmac.new(secret, signed_.encode(), hashlib.sha256).digest()
    return f"{signed_}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


async def forgeries(tokens: JwtTokens, hands: Hands) -> dict[str, str]:
    """Tokens that must not be taken, by what is wrong with them."""
    good = tokens.issue(lease(hands))
    header, claims = parts(good)
    own = tokens._keys.keys[0].value
    stranger = OKPKey.generate_key("Ed25519", {"kid": header["kid"]})
    public = own.as_pem(private=False)
    head, body, signature = good.split(".")
    return {
        "signed by another key of that id": signed(header, claims, stranger),
        "unknown kid": signed(header | {"kid": "nobody"}, claims, stranger),
        "no kid": signed({key: one for key, one in header.items() if key != "kid"}, claims, own),
        "alg none": f"{written(header | {'alg': 'none'})}.{body}.",
        "alg none, in other letters": f"{written(header | {'alg': 'NoNe'})}.{body}.",
        "the public key as an HMAC secret": hmac_signed(header | {"alg": "HS256"}, claims, public),
        "RS256": signed(header | {"alg": "RS256"}, claims, RSAKey.generate_key(2048)),
        "claims altered": f"{head}.{written(claims | {'hulk_lease': 'lse_2'})}.{signature}",
        "tenant altered": f"{head}.{written(claims | {'hulk_tenant': 'rival'})}.{signature}",
        "signature cut": good[:-4],
        "no signature": f"{head}.{body}.",
        "another issuer": signed(header, claims | {"iss": "other"}, own),
        "another audience": signed(header, claims | {"aud": "hulk.intents"}, own),
        "several audiences": signed(header, claims | {"aud": ["hulk.tickets", "x"]}, own),
        "another type": signed(header | {"typ": "JWT"}, claims, own),
        "ended": signed(header, claims | {"exp": (hands.now - LEEWAY).timestamp()}, own),
        "of the future": signed(header, claims | {"iat": (hands.now + DAY).timestamp()}, own),
        "no end": signed(header, {key: one for key, one in claims.items() if key != "exp"}, own),
        "an end that is no time": signed(header, claims | {"exp": 1e300}, own),
        "an end that is a text": signed(header, claims | {"exp": "tomorrow"}, own),
        "a lease that is no text": signed(header, claims | {"hulk_lease": ["lse_1"]}, own),
        "too long": good + "A" * 5000,
        "a key in its own header": signed(header | {"jwk": stranger.as_dict(private=False)}, claims, stranger),
        "not a token": "eyJ",
        "nothing": "..",
        "no JSON": "eyJ.eyJ.eyJ",
        "deep": f"{base64.urlsafe_b64encode(b'[' * 2500).decode()}.{body}.{signature}",
        "a kid that is no text": f"{written(header | {'kid': [1]})}.{body}.{signature}",
        "a list": f"{base64.urlsafe_b64encode(b'[]').decode()}.{body}.{signature}",
        "letters of no alphabet": "eyJé\0.ü.x",
    }


async def refusal(tokens: JwtTokens, token: str, wrong: str) -> str:
    try:
        await tokens.verify(token)
    except Unauthenticated as error:
        return str(error)
    raise AssertionError(wrong)


async def test_no_forged_token_is_taken_and_none_is_told_apart(tokens: JwtTokens, hands: Hands) -> None:
    said: set[str] = set()
    for wrong, token in (await forgeries(tokens, hands)).items():
        said.add(await refusal(tokens, token, wrong))
    assert len(said) == 1
    assert parts(tokens.issue(lease(hands)))[0]["typ"] == TYPE


@given(place=st.integers(0, 400), bit=st.integers(0, 5))
async def test_no_flipped_bit_is_taken(place: int, bit: int) -> None:
    key = OKPKey.generate_key("Ed25519", {"kid": "k"})
    hands = Hands()
    tokens = JwtTokens.__new__(JwtTokens)
    tokens._keys, tokens._clock, tokens._verified = ring([RingKey("k", START, key)]), hands, OrderedDict()
    tokens._read_at = float("inf")
    token = tokens.issue(lease(hands))
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    place %= len(token)
    if token[place] == "." or (place + 1 == len(token) or token[place + 1] == "."):
        return  # the last letter of a part has bits that mean nothing
    flipped = alphabet[alphabet.index(token[place]) ^ (1 << bit)]
    with pytest.raises(Unauthenticated):
        await tokens.verify(token[:place] + flipped + token[place + 1 :])


async def test_a_key_is_known_to_all_before_it_signs_and_until_its_last_token_has_ended(
    store: Store, another: Another, tokens: JwtTokens, hands: Hands
) -> None:
    """Two processes over three days, each reading keys when it will: no valid token is ever refused."""
    async with another() as other:
        theirs = JwtTokens(other, b"secret", DAY, hands)
        await theirs.keep()
        live: list[str] = []
        ids = set()
        for step in range(3 * 24 * 2):
            hands.now += timedelta(minutes=30)
            await (tokens, theirs)[step % 2].keep()
            for each in (tokens, theirs):
                token = each.issue(lease(hands, 3600))
                ids.add(parts(token)[0]["kid"])
                live.append(token)
            live = [token for token in live if parts(token)[1]["exp"] > hands.now.timestamp()]
            for each in (tokens, theirs):
                each._read_at = float("-inf")  # as if more than a second had passed since it read
                for token in live:
                    await each.verify(token)
        assert len(ids) >= 3
        assert len(tokens.public()["keys"]) <= 3


async def test_a_token_of_a_key_that_is_just_made_is_verified_by_who_has_not_read_it(store: Store, another: Another, hands: Hands) -> None:
    async with another() as other:
        mine, theirs = JwtTokens(store, b"secret", DAY, hands), JwtTokens(other, b"secret", DAY, hands)
        await theirs.keep()
        await mine.keep()
        await mine.rotate()
        hands.now += SPREAD
        theirs._read_at = float("-inf")
        assert (await theirs.verify(mine.issue(lease(hands)))).id == "lse_1"


async def test_who_reads_the_database_without_the_secret_has_no_key(
    store: Store, another: Another, tokens: JwtTokens, hands: Hands
) -> None:
    async with another() as other:
        thief = JwtTokens(other, b"guess", DAY, hands)
        await thief._read()
        assert thief._keys.keys == ()
        with pytest.raises(Unauthenticated):
            await thief.verify(tokens.issue(lease(hands)))


async def test_the_public_keys_verify_with_the_library_alone(tokens: JwtTokens, hands: Hands) -> None:
    token = tokens.issue(lease(hands))
    found = jwt.decode(token, KeySet.import_key_set(tokens.public()), algorithms=["Ed25519"])  # type: ignore[arg-type]  # as it was read
    assert found.claims["sub"] == "w1"
    assert not any("d" in key for key in tokens.public()["keys"])


@given(ages=st.lists(st.integers(0, 400_000), min_size=1, max_size=6, unique=True))
def test_the_key_that_signs_is_always_kept(ages: list[int]) -> None:
    key = OKPKey.generate_key("Ed25519", {"kid": "k"})
    keys = ring(RingKey("k", START - timedelta(seconds=age), key) for age in ages)
    now = keys.current(START)
    assert now in keys.valid(START)
    assert all(one in keys.valid(START) for one in keys.keys if one.since >= now.since)
    assert now.id == "k"
    assert AGAIN < SPREAD
