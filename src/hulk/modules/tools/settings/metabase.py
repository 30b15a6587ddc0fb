"""Metabase."""

from pydantic import Field, SecretStr

from hulk.modules.tools.settings.rest import RestSettings


class MetabaseSettings(RestSettings):
    """Questions that are saved in Metabase. SQL of one's own is never run."""

    key: SecretStr = Field(default=SecretStr(""), description="An API key; what it may see is said by its group in Metabase.")
    collections: tuple[int, ...] = Field(
        default=(), description="Numbers of the collections whose questions and dashboards there are; empty for all that the key may see."
    )
    rows: int = Field(default=1000, ge=1, le=2000, description="Most rows that a question gives.")
