"""What becomes of a well-formed request in unfriendly hands, the same for the same seed and index always.

rng = seeded(seed, index)
request = mutated(rng, draft(rng, operation, maker), keys)
"""

import copy
import json
import random
from collections.abc import Callable, Mapping
from typing import Any

from support.asgi import Header, Request
from support.wellformed import Draft, spelt

RAW = {
    "@digits@": b"9" * 5000, "@deep@": b"[" * 20_000 + b"]" * 20_000, "@objects@": b'{"a":' * 2000 + b"1" + b"}" * 2000,
    "@exponent@": b"1e999999999", "@long@": b'"' + b"x" * 200_000 + b'"', "@twice@": b'{"a":1,"a":2}', "@open@": b"[" * 50_000,
    "@bytes@": b'"\xff\xfe\xc0\x80"', "@half@": b'"\\ud800"', "@latin@": b'"\xe9"', "@comment@": b"1/**/", "@plus@": b"+1",
}  # fmt: skip
"""What `json` would not write: spliced into the text in the place of its name."""

STRANGE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 0.5, -0.0, 1e308, 5e-324, float("nan"), float("inf"), -float("inf"), 2**31, 2**53 + 1, 2**63 - 1,
    2**63, -(2**63) - 1, 2**64, 10**40, "", " ", "\0", "a\0b", "\ud800", "\udfff\ud800", "é" * 300, "x" * 129, "x" * 5000,
    "\u202e\u0000\ufeff", "😀", "ﬀİı", "\r\nX-Evil: 1", "../../../etc/passwd", "/etc/passwd", "..%2f..", "file:///etc/passwd",
    "http://169.254.169.254/", "http://[", "//", "%", "%s%n{0}{a.b}", "{reason}", "' OR 1=1 --", "*", "#0", "#-1",
    "#99999999999999999999", "null", "NaN", "1e999", "０１", "٣", "²", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59",
    "2024-02-30T00:00:00Z", "2024-01-01T00:00:00", "9999-12-31T23:59:59-23:59", "-1h", "1e9h", "99999999999999d", "* * * * *",
    "0 0 30 2 *", "*/0 * * * *", "../UTC", "Europe/", "localtime", "a=b=c", "=", "person:", "worker_group:",
    "int_00000000000000000000000000", "tkt_7zzzzzzzzzzzzzzzzzzzzzzzzz", "eyJhbGciOiJub25lIn0.e30.", "hulk_x", [], {}, [[]], [None],
    {"": ""}, {"\0": "\0"}, {"\ud800": 1}, {"__proto__": {}}, {"$ref": "#"}, {"$ref": "http://127.0.0.1:1/x"},
    {"type": "object", "$ref": "#"}, {"pattern": "("}, {"type": "nope"}, {"type": "string", "pattern": "(a+)+$"}, *RAW,
)  # fmt: skip

TEXTS = tuple(spelt(one) for one in STRANGE if one not in [*RAW])

TYPES = (
    b"", b"application/json", b"application/json; charset=utf-16", b"text/plain", b"application/x-www-form-urlencoded",
    b"multipart/form-data", b"multipart/form-data; boundary=x", b"application/problem+json", b"image/png", b"\xff",
    b"application/json;;=;", b"a" * 5000, b"/",
)  # fmt: skip
BODIES = (
    b"", b"{", b"null", b"[]", b'"', b"\x00", b"\xff\xfe{}", b"\xef\xbb\xbf{}", b"{}" * 2, b"{'a':1}", b"[" * 100_000, b"9" * 5000,
    b"NaN", b"a=b&c=d", b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--x--", b'{"a":"\\ud800"}', b"\x1f\x8b\x08\x00",
    '{"a":1}'.encode("utf-16"), b"{" * 5000,
)  # fmt: skip
HEADERS: tuple[Header, ...] = (
    (b"accept-language", b"pt-BR,pt;q=0.9,en;q=nope"), (b"accept-language", b"\xff\xfe,;q=;=,*"), (b"accept-language", b"a" * 5000),
    (b"accept-language", b"en;q=1e999, pt;q=nan"), (b"x-request-id", b"\xff" * 10), (b"x-request-id", b"x" * 500),
    (b"traceparent", b"00-0-0-0"), (b"traceparent", b"\xe9"), (b"traceparent", b"00-" + b"0" * 32 + b"-" + b"0" * 16 + b"-01"),
    (b"host", b""), (b"host", b"[::1"), (b"host", b"evil.example"), (b"origin", b"null"), (b"origin", b"http://evil.example"),
    (b"cookie", b"hulk=x; hulk=y; =; ;\xff"), (b"cookie", b"__Host-hulk=" + b"x" * 4000), (b"authorization", b"Bearer"),
    (b"authorization", b"Bearer \xff\x80"), (b"authorization", b"Bearer eyJhbGciOiJub25lIn0.e30."), (b"authorization", b"Bearer eyJ"),
    (b"authorization", b"Basic YTpi"), (b"authorization", b"Bearer eyJhbGciOiJFZERTQSIsImtpZCI6ImEifQ.bnVsbA.AA"),
    (b"authorization", b"Bearer " + b"hulk_" * 2000), (b"content-length", b"-1"), (b"content-length", b"0"),
    (b"content-length", b"99999999999999999999"), (b"content-length", "²".encode("latin-1")), (b"content-length", b"9" * 5000),
    (b"content-length", b"1"), (b"transfer-encoding", b"chunked"), (b"content-encoding", b"gzip"), (b"expect", b"100-continue"),
    (b"last-event-id", b"-1"), (b"last-event-id", b"9" * 30), (b"last-event-id", b"\xb2"), (b"last-event-id", b"999999999999999999"),
    (b"idempotency-key", b"\xff"), (b"idempotency-key", b"x" * 5000), (b"idempotency-key", b""), (b"range", b"bytes=0-1,5-2,-"),
    (b"range", b"bytes=-99999999999999999999"), (b"if-range", b"\xff"), (b"if-none-match", b"*"), (b"accept", b"nope/nope"),
    (b"user-agent", b"\xff" * 300), (b"sec-fetch-site", b"cross-site"), (b"x-forwarded-for", b"127.0.0.1"),
)  # fmt: skip
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "X" * 300)
TAILS = (
    b"/", b"//", b"/..", b"/../../v1/me", b"/%2e%2e/%2e%2e/etc/passwd", b"%00", b"%ff", b"%", b"/%0d%0ax:y", b";a=b", b"/x/y/z", b"?",
    b"?&&=&=", b"?%ff=%ff", b"?limit", b"?limit=1&limit=x", b"?a[]=1&a[b]=2", b"?" + b"a=1&" * 2000, b"#", b"/" + b"a" * 8000,
    b"%c0%af", b"%ed%a0%80", b"?after=%00", b"?after=" + b"A" * 400, b"?after=eyJ9", b"?after=WzEsMl0", b"?after=bnVsbA==",
    b"?limit=9999999999999999999999", b"?limit=1e2", b"?limit=%D9%A3",
)  # fmt: skip


_WHO = ("admin", "admin", "admin", "admin", "operator", "operator", "platform", "platform", "viewer", "approver", "stranger", "prod")
"""Who may do more asks more often."""


def seeded(seed: int, index: int) -> random.Random:
    """What decides about the request of that seed and index."""
    return random.Random((seed << 40) + index)


def mutated(rng: random.Random, draft: Draft, keys: Mapping[str, str]) -> Request:
    """The request, changed in none to three ways, sent by somebody. One in twelve stays as it was."""
    who = rng.choice(_WHO)
    draft.headers.append((b"x-api-key", keys[who].encode()))
    draft.headers.append((b"accept-language", b"en"))
    for _ in range(rng.choices((0, 1, 2, 3), (1, 6, 3, 2))[0]):
        rng.choice(_WAYS)(rng, draft)
    return _sent(rng, draft)


def _sent(rng: random.Random, draft: Draft) -> Request:
    body = draft.body if draft.body is not None else b"" if draft.value is None else written(draft.value)
    target = draft.target()
    if rng.random() < 0.08:
        target += rng.choice(TAILS)
    halves = (body[: len(body) // 2], body[len(body) // 2 :]) if body and rng.random() < 0.1 else (body,)
    host = f"10.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(256)}"  # from everywhere: who has no key is soon told to slow down
    return Request(
        method=draft.method, target=target, headers=tuple(draft.headers), body=halves, host=host, leaves=rng.random() < 0.01
    )  # fmt: skip


def written(value: Any) -> bytes:
    """As JSON, or nearly so: what stands in `RAW` goes in as it is."""
    text = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    for name, raw in RAW.items():
        text = text.replace(f'"{name}"'.encode(), raw)
    return text


def _of_body(rng: random.Random, draft: Draft) -> None:
    """Another value somewhere in the body, something more, or something less."""
    if draft.value is None:
        return _of_query(rng, draft)
    places = [place for place in _places(draft.value) if place[1] != "wait"]  # a lease waits up to 20 s for work, and is believed to
    if not places:
        draft.value = _strange(rng)
        return None
    inside, key = rng.choice(places)
    match rng.randrange(5):
        case 0:
            del inside[key]
        case 1 if isinstance(inside, dict):
            inside[str(rng.choice(TEXTS))] = _strange(rng)
        case 2:
            inside[key] = [inside[key]]
        case _:
            inside[key] = _strange(rng)
    return None


def _strange(rng: random.Random) -> Any:
    """One of its own: it may be changed in turn."""
    return copy.deepcopy(rng.choice(STRANGE))


def _places(value: Any) -> list[tuple[Any, Any]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, each in inner for found in ((value, key), *_places(each))]


def _of_bytes(rng: random.Random, draft: Draft) -> None:
    """Another body altogether, one that is cut short, or one with a byte that is wrong."""
    now = draft.body if draft.body is not None else b"" if draft.value is None else written(draft.value)
    place = rng.randrange(len(now) + 1)
    draft.body = rng.choice((rng.choice(BODIES), now[:place], now[:place] + rng.randbytes(1) + now[place + 1 :], now + b"\0"))


def _of_path(rng: random.Random, draft: Draft) -> None:
    """Something strange in the place of an id."""
    if not draft.parts:
        return _of_query(rng, draft)
    name = rng.choice(sorted(draft.parts))
    old = draft.parts[name]
    draft.parts[name] = rng.choice((rng.choice(TEXTS), old[:-1], old + "x", old.upper(), old[::-1]))
    return None


def _of_query(rng: random.Random, draft: Draft) -> None:
    """Something strange, something twice, or something less in the query."""
    names = [name for name, _ in draft.query] or ["limit", "after", "x", "from", "reason", "text"]
    name = rng.choice(names)
    if draft.query and rng.random() < 0.2:
        draft.query.pop()
    draft.query.append((name, rng.choice(TEXTS)))


def _of_headers(rng: random.Random, draft: Draft) -> None:
    """A header that lies, or is no text; in the place of the one there was, or beside it."""
    new = rng.choice(HEADERS)
    if rng.random() < 0.7:
        draft.headers = [one for one in draft.headers if one[0] != new[0]]
    if new[0] == b"authorization":
        draft.headers = [one for one in draft.headers if one[0] != b"x-api-key"]
    draft.headers.append(new)


def _of_type(rng: random.Random, draft: Draft) -> None:
    """Another content type, or none."""
    draft.headers = [one for one in draft.headers if one[0] != b"content-type"]
    if chosen := rng.choice(TYPES):
        draft.headers.append((b"content-type", chosen))


def _of_key(rng: random.Random, draft: Draft) -> None:
    """A key that is nobody's, or none."""
    draft.headers = [one for one in draft.headers if one[0] != b"x-api-key"]
    if rng.random() < 0.6:
        draft.headers.append((b"x-api-key", rng.choice((b"hulk_x", b"", b"\xff\xfe", b"eyJ.eyJ.x", b"x" * 5000, b"hulk_" + b"a" * 40))))


def _of_method(rng: random.Random, draft: Draft) -> None:
    draft.method = rng.choice(METHODS)


_WAYS: tuple[Callable[[random.Random, Draft], None], ...] = (
    *[_of_body] * 8, *[_of_path] * 4, *[_of_query] * 4, *[_of_headers] * 3, _of_bytes, _of_bytes, _of_type, _of_key, _of_method
)  # fmt: skip
"""Those that get behind the door more often."""
