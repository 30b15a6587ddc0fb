"""Amazon's side of a skill: certificates of its own under a root of its own, requests that it signs, and the host where its chain lies.

Run as a program it serves `/echo.api/…` and says its port first; `/signed` signs any body, as what only Amazon could have sent."""

import asyncio
import base64
import json
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SIGNER = "echo-api.amazon.com"
SKILL = "amzn1.ask.skill.5f1d6a3c-0d39-4d1b-9d0e-3b8f0a5c7e21"
ADDRESS = "https://s3.amazonaws.com/echo.api/echo-api-cert-12.pem"
PERSON = "amzn1.ask.account.AEXAMPLEANA"


def a_key() -> rsa.RSAPrivateKey:
    """A new key of 2048 bits."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(frozen=True, slots=True)
class Holder:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey

    @property
    def pem(self) -> bytes:
        """The certificate alone."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """The key."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def certificate(
    name: str, by: Holder | None, *, ca: bool, names: tuple[str, ...] = (), days: tuple[float, float] = (-30, 300),
    now: datetime | None = None, key: rsa.RSAPrivateKey | None = None,
) -> Holder:  # fmt: skip
    """One of that name, signed by another (None: by itself), with the extensions of the web's rules."""
    now, key = now or datetime.now(UTC), key or a_key()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer_key = by.key if by else key
    others = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only")
    usage = dict.fromkeys(others, False)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=not ca, key_cert_sign=ca, crl_sign=ca, **usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if names:
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), critical=False)
    if not ca:
        made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    return Holder(made.sign(issuer_key, SHA256()), key)


@dataclass(slots=True)
class Amazon:
    """A root, one below it, and the signer below that."""

    root: Holder = field(default_factory=lambda: certificate("Root of the twin", None, ca=True))
    middle: Holder = field(init=False)
    leaf: Holder = field(init=False)

    def __post_init__(self) -> None:
        """Each signs the next."""
        self.middle = certificate("Intermediate of the twin", self.root, ca=True)
        self.leaf = certificate(SIGNER, self.middle, ca=False, names=(SIGNER,))

    @property
    def chain(self) -> bytes:
        """As Amazon publishes it: the signer first."""
        return self.leaf.pem + self.middle.pem

    def signature(self, body: bytes, key: rsa.RSAPrivateKey | None = None, *, sha1: bool = False) -> bytes:
        """What stands in `Signature-256`."""
        return base64.b64encode((key or self.leaf.key).sign(body, padding.PKCS1v15(), SHA1() if sha1 else SHA256()))  # noqa: S303  # wrong on purpose

    def headers(self, body: bytes, address: str = ADDRESS) -> dict[str, bytes]:
        """Those that prove it."""
        return {"signaturecertchainurl": address.encode(), "signature-256": self.signature(body), "content-type": b"application/json"}


def said(text: str, id_: str = "1", **more: Any) -> dict[str, Any]:
    """An IntentRequest in which that was asked."""
    return asked("IntentRequest", id_, intent={"name": "Ask", "slots": {"query": {"name": "query", "value": text}}}, **more)


def intent(name: str, id_: str = "1", **more: Any) -> dict[str, Any]:
    """An IntentRequest without slots."""
    return asked("IntentRequest", id_, intent={"name": name, "confirmationStatus": "NONE"}, **more)


def asked(
    kind: str, id_: str = "1", *, at: datetime | None = None, locale: str = "pt-BR", skill: str = SKILL, user: str = PERSON,
    person: str = "", attributes: dict[str, str] | None = None, **more: Any,
) -> dict[str, Any]:  # fmt: skip
    """A request as Amazon's reference has it."""
    who = {"application": {"applicationId": skill}, "user": {"userId": user}}
    system = {**who, "device": {"deviceId": "amzn1.ask.device.X", "supportedInterfaces": {}}, "apiEndpoint": "https://api.amazonalexa.com"}
    if person:
        system["person"] = {"personId": person}
    stamp = (at or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "version": "1.0",
        "session": {"new": attributes is None, "sessionId": "amzn1.echo-api.session.1", "attributes": attributes or {}, **who},
        "context": {"System": system},
        "request": {"type": kind, "requestId": f"amzn1.echo-api.request.{id_}", "timestamp": stamp, "locale": locale, **more},
    }


def written(envelope: dict[str, Any]) -> bytes:
    """Its bytes."""
    return json.dumps(envelope, ensure_ascii=False).encode()


@dataclass(slots=True)
class Host:
    """Serves chains by their paths, and signs what it is given."""

    amazon: Amazon
    asked: list[str] = field(default_factory=list)

    def application(self) -> web.Application:
        """All routes."""
        made = web.Application(client_max_size=64_000_000)
        made.router.add_get("/seen", self._seen)
        made.router.add_get("/root", self._root)
        made.router.add_post("/signed", self._sign)
        made.router.add_get("/{path:.*}", self._chain)
        return made

    async def _seen(self, _: web.Request) -> web.Response:
        return web.json_response(self.asked)

    async def _root(self, _: web.Request) -> web.Response:
        return web.Response(body=self.amazon.root.pem)

    async def _sign(self, request: web.Request) -> web.Response:
        body = await request.read()
        return web.json_response({name: value.decode() for name, value in self.amazon.headers(body).items()})

    async def _chain(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        match request.path.removeprefix("/echo.api/"):
            case "echo-api-cert-12.pem":
                return web.Response(body=self.amazon.chain)
            case "large.pem":
                return web.Response(body=self.amazon.chain + b"\n" * 100_000)
            case "moved.pem":
                return web.Response(status=302, headers={"location": "/echo.api/echo-api-cert-12.pem"})
            case "broken.pem":
                return web.Response(status=500)
            case "none.pem":
                return web.Response(body=b"<html>")
        return web.Response(status=403)


async def serve(port: int) -> None:
    """Serve until killed; says its port first."""
    runner = web.AppRunner(Host(Amazon()).application(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    assert site._server is not None
    print(site._server.sockets[0].getsockname()[1], flush=True)  # type: ignore[attr-defined]  # asyncio's
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
