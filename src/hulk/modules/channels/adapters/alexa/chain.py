"""What a certificate and its address must be like for Amazon to have signed with it. No network."""

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hulk.modules.channels.ports import Refusal

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.x509 import Certificate

SIGNER = "echo-api.amazon.com"
HOST = "s3.amazonaws.com"
FOLDER = "/echo.api/"
MOST_CERTIFICATES = 10
_PLAIN = re.compile(rb"[A-Za-z0-9:/._~-]{1,500}")
"""An address needs no other characters: none that is escaped, no question, no user, nothing that two parsers may read in two ways."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose signature counts, from and until when."""

    key: "RSAPublicKey"
    begins: datetime
    ends: datetime


def chain_path(address: bytes) -> str:
    """Where the chain lies on Amazon's host (`/echo.api/…`, normalised). Raises `Refusal` for any address that is not there: then nothing
    is asked of anybody."""
    if _PLAIN.fullmatch(address) is None:
        raise Refusal(400, "the certificate's address is not a plain one")
    try:
        parts = urlsplit(address.decode("ascii"))
        port = parts.port
    except ValueError as error:
        raise Refusal(400, "the certificate's address is none") from error
    path = posixpath.normpath(parts.path)
    theirs = parts.scheme == "https" and parts.hostname == HOST and port in (None, 443)
    if not theirs or not path.startswith(FOLDER) or address.endswith(b"/"):
        raise Refusal(400, "the certificate's address is not Amazon's")
    return path


def signer(pem: bytes, roots: Sequence["Certificate"], now: datetime) -> Signer:
    """Who signs with the first certificate of a chain, if it leads to one of `roots` and is Amazon's for this, now. Raises `Refusal`."""
    # cryptography costs 60 ms of CPU to import: only who has a skill pays.
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.x509 import load_pem_x509_certificates
    from cryptography.x509.verification import VerificationError

    try:
        chain = load_pem_x509_certificates(pem)
        names = _names(chain[0])
        key = chain[0].public_key()
        if len(chain) > MOST_CERTIFICATES or SIGNER not in names or not isinstance(key, RSAPublicKey):
            raise Refusal(400, "the certificate is not that of Amazon's signer")
        path = _verified(chain, roots, now)
    except (ValueError, TypeError, VerificationError) as error:
        raise Refusal(400, f"the certificates are not right: {type(error).__name__}") from error
    return Signer(key, max(one.not_valid_before_utc for one in path), min(one.not_valid_after_utc for one in path))


def _names(leaf: "Certificate") -> list[str]:
    from cryptography.x509 import DNSName, ExtensionNotFound, SubjectAlternativeName

    try:
        return leaf.extensions.get_extension_for_class(SubjectAlternativeName).value.get_values_for_type(DNSName)
    except ExtensionNotFound:
        return []


def _verified(chain: Sequence["Certificate"], roots: Sequence["Certificate"], now: datetime) -> Sequence["Certificate"]:
    """The path to a root, by RFC 5280 and the rules of the web (`cryptography.x509.verification`)."""
    from cryptography.x509 import DNSName
    from cryptography.x509.verification import PolicyBuilder, Store

    policy = PolicyBuilder().store(Store(list(roots))).time(now.astimezone(UTC).replace(tzinfo=None))
    return policy.build_server_verifier(DNSName(SIGNER)).verify(chain[0], list(chain[1:]))


def signed(by: Signer, signature: bytes, body: bytes) -> bool:
    """Whether that is its signature of these bytes: RSA (PKCS #1 v1.5) over their SHA-256."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    try:
        by.key.verify(signature, body, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True
