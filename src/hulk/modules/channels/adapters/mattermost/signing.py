"""What proves that somebody pressed a button of ours.

Mattermost signs no callback. Two things in it can be proved all the same:

* `context` is what we put there. The server keeps it to itself, so that a MAC of ours (keyed by the bot's token) proves that the button is
  ours, and stands in that channel under that message.
* `trigger_id` is signed by the server: base 64 of `ID:USER:MILLISECONDS:SIGNATURE`, the signature being base 64 of ECDSA over what stands
  before it, with SHA-256 (`GenerateTriggerId` in server/public/model/integration_action.go). Its key stands in what the server tells its
  clients as `AsymmetricSigningPublicKey`. It proves who pressed, and when. A server that has no such key leaves the first proof alone.
"""

import base64
import binascii
import functools
import hmac
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

LEEWAY_SECONDS = 300


def seal(token: str, channel: str, address: str, message: str, data: str) -> str:
    """The MAC of what a button in that channel (an id of the server's) carries."""
    key = hmac.digest(token.encode(), b"channels/mattermost/button", "sha256")
    return hmac.new(key, "\0".join((channel, address, message, data)).encode(), "sha256").hexdigest()


def triggered(trigger: str, user: str, key: str, now: datetime) -> str:
    """What the server whose public key that is (base 64 of DER) says that this user did just now, as one of its kind (the same however its
    signature is written); nothing when it does not."""
    try:
        said, _, signature = _plain(trigger.encode("ascii")).rpartition(b":")
        _, who, at = said.decode("ascii").split(":")
        fresh = at.isdigit() and len(at) < 16 and abs(int(at) / 1000 - now.timestamp()) <= LEEWAY_SECONDS
        return said.decode("ascii") if who == user and fresh and _signed(key, said + b":", _plain(signature)) else ""
    except (ValueError, binascii.Error):
        return ""


def _plain(text: bytes) -> bytes:
    """What is written there in base 64, in the only way that is right."""
    found = base64.b64decode(text, validate=True)
    if base64.b64encode(found) != text:
        raise ValueError("not as it is written")
    return found


def _signed(key: str, said: bytes, signature: bytes) -> bool:
    # cryptography costs some time to import: only who presses pays
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        _public(key).verify(signature, said, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


@functools.lru_cache(8)
def _public(key: str) -> "EllipticCurvePublicKey":
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    found = load_der_public_key(base64.b64decode(key, validate=True))
    if not isinstance(found, ec.EllipticCurvePublicKey):
        raise ValueError("no key of an elliptic curve")  # noqa: TRY004  # what is no key at all is told so, too
    return found
