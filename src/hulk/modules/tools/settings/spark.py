"""Apache Spark."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, SecretStr, model_validator

from hulk.kernel.text import Text
from hulk.modules.tools.settings.backend import BackendSettings
from hulk.modules.tools.settings.rest import Address
from hulk.runtime.config import Section
from hulk.runtime.validation import Explained

Property = Annotated[str, Field(pattern=r"^spark\.[A-Za-z0-9._-]{1,200}$")]
Variable = Annotated[str, Field(pattern=r"^[A-Z_][A-Z0-9_]{0,99}$")]


class SparkJobSettings(Section):
    """A program that may be submitted."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$", description="What it is called here.")
    about: str = Field(default="", max_length=500, description="What it does, and which arguments it takes.")
    resource: str = Field(min_length=1, max_length=1000, description="Where the workers find it: `s3a://…/job.jar`, `file:/…/job.py`.")
    main_class: str = Field(default="", max_length=300, description="Its main class; empty for Python.")
    properties: Mapping[Property, str] = Field(default_factory=dict, description="Spark properties (`spark.executor.memory`).")
    environment: Mapping[Variable, str] = Field(default_factory=dict, description="Environment variables of its driver.")


class SparkSettings(BackendSettings):
    """Applications of Spark, and programs for a standalone cluster."""

    history: Address = Field(description="Address of a history server, or of an application's own UI.")
    master: Address | None = Field(default=None, description="Address of the REST server of a standalone master (port 6066).")
    token: SecretStr = Field(default=SecretStr(""), description="A bearer token, if a filter or proxy in front asks for one.")
    version: str = Field(default="4.0.0", pattern=r"^\d+\.\d+\.\d+$", description="The cluster's version of Spark.")
    jobs: tuple[SparkJobSettings, ...] = Field(default=(), description="Programs that may be submitted. None allows none.")

    @model_validator(mode="after")
    def _jobs_have_a_master(self) -> "SparkSettings":
        if self.jobs and self.master is None:
            raise Explained(Text("jobs are submitted to a master: say its address in `master`"))
        return self
