"""The systems whose tools there are."""

from collections.abc import Iterator

from pydantic import Field, model_validator

from hulk.kernel.text import Text
from hulk.modules.tools.settings.airflow import AirflowSettings
from hulk.modules.tools.settings.backend import BackendSettings
from hulk.modules.tools.settings.github import GitHubSettings
from hulk.modules.tools.settings.knowledge import KnowledgeSettings
from hulk.modules.tools.settings.metabase import MetabaseSettings
from hulk.modules.tools.settings.mongodb import MongoDbSettings
from hulk.modules.tools.settings.mounted import MountedServerSettings
from hulk.modules.tools.settings.notion import NotionSettings
from hulk.modules.tools.settings.objects import ObjectsSettings
from hulk.modules.tools.settings.repositories import GitSettings
from hulk.modules.tools.settings.requests import RequestsSettings
from hulk.modules.tools.settings.shell import ShellSettings
from hulk.modules.tools.settings.spark import SparkSettings
from hulk.modules.tools.settings.spark_sql import SparkSqlSettings
from hulk.modules.tools.settings.sql import SqlSettings
from hulk.modules.tools.settings.suitecrm import SuiteCrmSettings
from hulk.modules.tools.settings.trino import TrinoSettings
from hulk.runtime.config import Section
from hulk.runtime.validation import Explained

OWN = ("tickets", "schedules", "skills", "knowledge", "memory")
"""The names of Hulk's own."""


class SystemsSettings(Section):
    """Several of each kind, each with a name of its own."""

    sql: tuple[SqlSettings, ...] = Field(default=(), description="Databases and files that are read by SQL.")
    mongodb: tuple[MongoDbSettings, ...] = Field(default=(), description="MongoDB databases, read only.")
    trino: tuple[TrinoSettings, ...] = Field(default=(), description="Trino and Presto, read only.")
    objects: tuple[ObjectsSettings, ...] = Field(default=(), description="Buckets of S3 and MinIO.")
    git: tuple[GitSettings, ...] = Field(default=(), description="Git repositories on this machine, read only.")
    http: tuple[RequestsSettings, ...] = Field(default=(), description="Servers without a kind of their own here.")
    github: tuple[GitHubSettings, ...] = Field(default=(), description="Repositories and projects at GitHub.")
    notion: tuple[NotionSettings, ...] = Field(default=(), description="Workspaces of Notion.")
    metabase: tuple[MetabaseSettings, ...] = Field(default=(), description="Saved questions of Metabase.")
    suitecrm: tuple[SuiteCrmSettings, ...] = Field(default=(), description="Records of SuiteCRM.")
    airflow: tuple[AirflowSettings, ...] = Field(default=(), description="DAGs of Airflow.")
    spark: tuple[SparkSettings, ...] = Field(default=(), description="Applications of Spark.")
    spark_sql: tuple[SparkSqlSettings, ...] = Field(default=(), description="Tables of Spark, read only, over Spark Connect.")
    shell: tuple[ShellSettings, ...] = Field(default=(), description="Sandboxes in which programs may be run.")
    knowledge: tuple[KnowledgeSettings, ...] = Field(default=(), description="Collections of documents that are searched.")
    mcp: tuple[MountedServerSettings, ...] = Field(default=(), description="MCP servers that others have written.")

    def all(self) -> Iterator[tuple[str, BackendSettings]]:
        """Each with where it stands (`github[0]`). Collections are none of them: their tools are those of `knowledge`."""
        for kind in type(self).model_fields:
            if kind != "knowledge":
                yield from ((f"{kind}[{place}]", one) for place, one in enumerate(getattr(self, kind)))

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.knowledge) or any(True for _ in self.all())

    @model_validator(mode="after")
    def _named_once(self) -> "SystemsSettings":
        names = [*OWN, *(one.name for _, one in self.all())]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise Explained(Text("each system needs a name of its own; given twice, or Hulk's own: {names}", names=", ".join(twice)))
        collections = [one.name for one in self.knowledge]
        if twice := sorted({name for name in collections if collections.count(name) > 1}):
            raise Explained(Text("each collection needs a name of its own; given twice: {names}", names=", ".join(twice)))
        return self
