"""Databases and files that are asked by SQL."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from hulk.kernel.text import Text
from hulk.modules.tools.settings.backend import BackendSettings
from hulk.runtime.config import Size
from hulk.runtime.validation import Explained

_KINDS = {"postgresql": "postgres", "postgres": "postgres", "mysql": "mysql", "mariadb": "mysql"}
SqlKind = Literal["files", "mysql", "postgres"]


def _plain(url: str) -> str:
    parts = urlsplit(url)
    if url and (parts.scheme not in _KINDS or not parts.path.strip("/")):
        raise Explained(
            Text("postgresql:// or mariadb:// with a user, a host and a database, such as postgresql://reader@db.example.com/sales")
        )
    if parts.password:
        raise Explained(Text("an address without a password, which belongs in `password`"))
    return url


class SqlSettings(BackendSettings):
    """A database, or files, that may be read by SQL and not be written: `url` or `files`, one of the two."""

    url: Annotated[str, AfterValidator(_plain)] = Field(
        default="",
        description="`postgresql://reader@host/database` or `mariadb://reader@host:3306/database`, of an account that may read only. "
        "For PostgreSQL `?sslmode=verify-full` makes the server show a certificate.",
    )
    password: SecretStr = Field(default=SecretStr(""), description="The account's password.")
    files: tuple[Path, ...] = Field(
        default=(), description="Files (CSV, JSON lines, Parquet, DuckDB) and folders of such: each is a table, by the file's name."
    )
    tables: tuple[str, ...] = Field(
        default=(),
        description="Which tables may be read (`public.*`, `sales.orders_*`); none is all of the schema or database. Not for files.",
    )
    schema_: str = Field(
        default="public",
        alias="schema",
        min_length=1,
        max_length=63,
        description="PostgreSQL: the schema of tables that are named without one.",
    )
    tls: bool = Field(default=True, description="MariaDB and MySQL: whether the server must show a certificate that is trusted.")
    rows: int = Field(default=1000, ge=1, le=10_000, description="Most rows of one answer.")
    size: Size = Field(default=1_000_000, ge=1000, le=20_000_000, description="Most bytes of one answer.")
    memory_limit: Size = Field(default=512 * 10**6, ge=64 * 10**6, description="Files: memory that one query may take.")
    connections: int = Field(default=4, ge=1, le=50, description="Most queries at once.")

    @model_validator(mode="after")
    def _one(self) -> "SqlSettings":
        if bool(self.url) == bool(self.files):
            raise Explained(Text("either `url`, a database, or `files`"))
        return self

    @property
    def kind(self) -> SqlKind:
        """What it is."""
        if self.files:
            return "files"
        return "postgres" if _KINDS[urlsplit(self.url).scheme] == "postgres" else "mysql"
