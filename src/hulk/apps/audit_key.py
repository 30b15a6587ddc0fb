"""The key that marks the audit trail, and what is made from it."""

import contextlib
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from hulk.kernel.errors import Unavailable
from hulk.modules.audit.settings import AuditSettings


def audit_key(settings: AuditSettings, data: Path) -> bytes:
    """The key that marks the trail: the settings' own, else the data folder's, made at the first start."""
    given = settings.key.get_secret_value()
    if given:
        return given.encode()
    path = data / "audit.key"
    try:
        with contextlib.suppress(FileExistsError):
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_hex(32))
        return path.read_text().strip().encode()
    except OSError as error:
        raise Unavailable("The audit key {path} cannot be read or made: {reason}.", path=str(path), reason=error.strerror) from error


def leave_key(key: bytes) -> bytes:
    """The key that signs leave to send to models, made from the trail's, so that a cluster shares it too."""
    return hmac.new(key, b"leave to send", hashlib.sha256).digest()
