"""How the trail is marked: section `audit`."""

from pydantic import Field, SecretStr

from hulk.runtime.config import Section


class AuditSettings(Section):
    """The audit trail."""

    key: SecretStr = Field(
        default=SecretStr(""),
        description="Secret that marks the heads of the chains. Empty: made once and kept in `audit.key` in the data folder."
        " All processes of a cluster need the same.",
    )
