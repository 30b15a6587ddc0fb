"""Apache Airflow 3."""

from pydantic import Field, SecretStr

from hulk.modules.tools.settings.rest import RestSettings


class AirflowSettings(RestSettings):
    """DAGs of an Airflow 3 (REST API v2)."""

    token: SecretStr = Field(default=SecretStr(""), description="A token that lasts; else user and password are used to get one.")
    user: str = Field(default="", max_length=200, description="A user of Airflow's.")
    password: SecretStr = Field(default=SecretStr(""), description="That user's password.")
    dags: tuple[str, ...] = Field(default=(), description="DAGs that may be seen and started (`sales_*`, `*` for all). None allows none.")
