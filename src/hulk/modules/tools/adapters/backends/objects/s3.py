"""A store that speaks S3, opened bucket by bucket."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from obstore.store import ObjectStore, S3Credential

PATIENCE = timedelta(seconds=5)
RETRIES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class S3:
    """Gives the store of a bucket. `endpoint` is the server's address, empty for AWS's own; with no `key_id` nothing is signed, and
    whatever the environment or the machine would offer as an identity is not used. `secret` is asked for at each call."""

    endpoint: str
    region: str
    key_id: str
    secret: Callable[[], str]
    timeout: timedelta = timedelta(seconds=30)
    _open: dict[tuple[str, str], "ObjectStore"] = field(default_factory=dict, repr=False)

    def __call__(self, bucket: str) -> "ObjectStore":
        """The store of that bucket, with today's secret."""
        at = bucket, self.secret() if self.key_id else ""
        if at not in self._open:
            for old in [one for one in self._open if one[0] == bucket]:
                del self._open[old]
            self._open[at] = self._opened(*at)
        return self._open[at]

    def _opened(self, bucket: str, secret: str) -> "ObjectStore":
        # 16 MB of compiled code: loaded when the first object is asked for.
        from obstore.store import S3Store

        where = self.endpoint or f"https://s3.{self.region}.amazonaws.com"
        config = {"endpoint": where, "aws_endpoint_url_s3": where, "region": self.region, "virtual_hosted_style_request": False}
        known: S3Credential = {"access_key_id": self.key_id, "secret_access_key": secret, "token": None, "expires_at": None}
        return S3Store(
            bucket,
            config={**config, "skip_signature": not self.key_id},  # type: ignore[arg-type]  # mypy does not see into the mapping
            client_options={"allow_http": where.startswith("http://"), "timeout": self.timeout, "connect_timeout": PATIENCE},
            retry_config={"max_retries": RETRIES, "retry_timeout": self.timeout},
            credential_provider=(lambda: known) if self.key_id else None,  # else a session token of the environment would be added
        )
