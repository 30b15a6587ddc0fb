"""A provider of OpenID Connect that lies as it is told to, as a process of its own.

By itself it is honest: it checks the client's secret, the redirect address and PKCE (the challenge computed by authlib), and signs with
RS256. `POST /_lie` says what is wrong with the next answers: `claims` and `header` that take the place of the true ones (null removes
one), `key` that signs (`first`, `second`, `unpublished`, `client secret`, `public key`, `none`), `published` keys, `token` for the whole
ID token, `status` of the token endpoint, `issuer` in the description. `GET /_seen` counts the requests for each path.
"""

import base64
import contextlib
import hmac
import http.client
import json
import secrets
import subprocess
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwk, jwt

from support.processes import leashed

TESTS = Path(__file__).parents[1]
CLIENT, SECRET = "hulk", "between us"
PERSON = {"sub": "7", "email": "ana@example.com", "email_verified": True, "name": "Ana Lima"}
_KEYS = {name: jwk.RSAKey.generate_key(2048, {"kid": name, "use": "sig", "alg": "RS256"}) for name in ("first", "second", "unpublished")}
_SEEN: Counter[str] = Counter()
_CODES: dict[str, dict[str, str]] = {}
_lie: dict[str, Any] = {}


class _Twin(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Quiet."""

    @property
    def issuer(self) -> str:
        return f"http://{self.headers['host']}"

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        _SEEN[path] += 1
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        if path == "/_seen":
            return self._json(200, _SEEN)
        if path == "/.well-known/openid-configuration":
            base = {name: f"{self.issuer}{where}" for name, where in _PLACES.items()}
            return self._json(200, {"issuer": _lie.get("issuer", self.issuer), **base})
        if path == "/keys":
            published = [_KEYS[name].as_dict(private=False) for name in _lie.get("published", ["first"])]
            return self._json(200, {"keys": published})
        code = secrets.token_urlsafe(8)
        _CODES[code] = query
        back = urlencode({"code": code, "state": query["state"]})
        return self._json(302, {}, location=f"{query['redirect_uri']}?{back}")

    def do_POST(self) -> None:
        _SEEN[self.path] += 1
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path == "/_lie":
            _lie.clear()
            _lie.update(json.loads(body))
            return self._json(200, {})
        if self.path == "/_signed":
            return self._json(200, {"token": self._signed(json.loads(body))})
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        if "status" in _lie:
            return self._json(_lie["status"], {"error": "invalid_grant"})
        asked = _CODES.pop(form["code"], None)
        if asked is None or not self._right(asked, form):
            return self._json(400, {"error": "invalid_grant"})
        return self._json(200, {"access_token": "x", "token_type": "Bearer", "id_token": _lie.get("token") or self._token(asked)})

    def _right(self, asked: dict[str, str], form: dict[str, str]) -> bool:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # authlib tells of its own plans
            from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]  # it has no types
        basic = base64.b64encode(f"{CLIENT}:{SECRET.replace(' ', '%20')}".encode()).decode()
        return (
            self.headers["authorization"] == f"Basic {basic}"
            and form["redirect_uri"] == asked["redirect_uri"]
            and asked["code_challenge_method"] == "S256"
            and create_s256_code_challenge(form["code_verifier"]) == asked["code_challenge"]
        )

    def _token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims = {
            **PERSON,
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            **_lie.get("claims", {}),
        }
        return self._signed(claims)

    def _signed(self, given: dict[str, Any]) -> str:
        claims = {name: value for name, value in given.items() if value is not None}
        name = _lie.get("key", "first")
        if name == "none":
            return ".".join(_coded(part) for part in ({"alg": "none"}, claims)) + "."
        if name in ("client secret", "public key"):
            key = SECRET.encode() if name == "client secret" else _KEYS["first"].as_pem(private=False)
            signed = ".".join(_coded(part) for part in ({"alg": "HS256", "kid": "first"}, claims))
            return f"{signed}.{_base64(hmac.digest(key, signed.encode(), 'sha256'))}"
        header = {"alg": "RS256", "kid": name, **_lie.get("header", {})}
        return jwt.encode({name: value for name, value in header.items() if value is not None}, claims, _KEYS[name])

    def _json(self, status: int, body: object, **headers: str) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"content-type": "application/json", "content-length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


_PLACES = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys"}


def _coded(part: object) -> str:
    return _base64(json.dumps(part).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Twin:
    """A running twin."""

    def __init__(self, url: str) -> None:
        self.url = url

    def lies(self, **lie: Any) -> None:
        """What is wrong from now on; nothing, when called so."""
        self._asked("POST", "/_lie", json.dumps(lie))

    def signed(self, **claims: Any) -> str:
        """A token with these claims, signed as it lies just now."""
        return str(self._asked("POST", "/_signed", json.dumps(claims))["token"])

    def seen(self, path: str) -> int:
        """How often that path was asked for."""
        return int(self._asked("GET", "/_seen").get(path, 0))

    def _asked(self, method: str, path: str, body: str = "") -> Any:
        with contextlib.closing(http.client.HTTPConnection(urlsplit(self.url).netloc)) as connection:
            connection.request(method, path, body)
            return json.load(connection.getresponse())


@contextlib.contextmanager
def oidc_twin() -> Iterator[Twin]:
    """The twin, running."""
    command = [sys.executable, "-m", "support.oidc_twin"]
    with subprocess.Popen(leashed(*command), cwd=TESTS, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Twin(f"http://127.0.0.1:{int(process.stdout.readline())}")
        finally:
            process.kill()


if __name__ == "__main__":
    with ThreadingHTTPServer(("127.0.0.1", 0), _Twin) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()
