"""Spark, by SQL."""

from pydantic import Field, SecretStr, model_validator

from hulk.kernel.text import Text
from hulk.modules.tools.settings.backend import BackendSettings
from hulk.runtime.config import Size
from hulk.runtime.validation import Explained


class SparkSqlSettings(BackendSettings):
    """A server of Spark Connect whose tables may be read by SQL, in a session of the person who asks."""

    address: str = Field(
        pattern=r"^(?:[A-Za-z0-9_.-]+|\[[0-9a-fA-F:.]+\]):\d{1,5}$", description="Host and port, such as spark.example.com:15002."
    )
    tls: bool = Field(default=True, description="Whether the server, or a proxy before it, must show a certificate that is trusted.")
    token: SecretStr = Field(default=SecretStr(""), description="A bearer token, if one is asked for; only with `tls`.")
    account: str = Field(default="hulk", min_length=1, max_length=100, description="Whose session it is when nobody in person asks.")
    catalog: str = Field(default="spark_catalog", min_length=1, max_length=100, description="The catalogue of tables named without one.")
    schema_: str = Field(
        default="default", alias="schema", min_length=1, max_length=100, description="The schema of tables named without one."
    )
    tables: tuple[str, ...] = Field(
        default=(), description="Which tables may be read (`spark_catalog.sales.*`); none is all of the schema."
    )
    rows: int = Field(default=1000, ge=1, le=10_000, description="Most rows of one answer.")
    size: Size = Field(default=1_000_000, ge=1000, le=20_000_000, description="Most bytes of one answer.")

    @model_validator(mode="after")
    def _secret(self) -> "SparkSqlSettings":
        if self.token.get_secret_value() and not self.tls:
            raise Explained(Text("a token is sent over TLS only"))
        return self
