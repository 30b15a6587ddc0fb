"""Secrets by reference: read where they are kept, read again while Hulk runs, never shown.

A setting holds a secret or says where it is (`hulk.runtime.config.references`). `secrets_of` reads all that are referred to, or says which
cannot be read; from then on they are read again every `secrets.refresh`, when somebody asks for it (`soon`, on SIGHUP), and when a server
refuses what we have (`renew`):

    secrets = await secrets_of(config, os.environ)
    config = secrets.applied(config)                    # with the secrets in place of the references
    password = secrets.follow("nats.pass")              # gives it as it is now: ask before each use
    secrets.watch("store.password", changed)            # called when it has changed
    await secrets.get("file:/run/secrets/worker-keys")  # what no setting names

One that cannot be read any more keeps its last good value; `status`, the log, `/ready` and the metrics tell of it.
`KeyRing` is for keys of which the newest signs while older ones still verify.
"""

from hulk.runtime.secrets.bitwarden import Bitwarden
from hulk.runtime.secrets.places import Environment, Files
from hulk.runtime.secrets.ring import KeyRing, RingKey, keys_in
from hulk.runtime.secrets.secrets import Secrets, Status, resolved, secrets_of
from hulk.runtime.secrets.source import Source, Unreadable

__all__ = [
    "Bitwarden", "Environment", "Files", "KeyRing", "RingKey", "Secrets", "Source", "Status", "Unreadable", "keys_in", "resolved",
    "secrets_of",
]  # fmt: skip
