"""Spark by SQL where there is no Spark: what is said then. With one: test_tools_backend_spark_connect_real.py."""

import importlib.util
from typing import Any

import pytest

from hulk.kernel.errors import Forbidden, Refused
from hulk.modules.tools.adapters.backends.bounds import Bounds
from hulk.modules.tools.adapters.backends.spark_connect import SparkConnect
from hulk.modules.tools.adapters.backends.sql import Sql
from hulk.modules.tools.settings.spark_sql import SparkSqlSettings
from hulk.runtime.validation import parsed
from support.backends import ABOUT, ask


def lake(**given: Any) -> Sql:
    """One at which nobody listens."""
    return Sql("lake", SparkConnect(address="127.0.0.1:1", tls=False, **given), about=ABOUT, most=Bounds())


@pytest.mark.skipif(importlib.util.find_spec("pyspark") is not None, reason="its client is installed here")
async def test_without_its_client_it_is_said_what_to_install() -> None:
    with pytest.raises(Refused, match=r"hulk-ops\[spark\]"):
        await ask(lake(), "query", sql="SELECT 1")


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("DROP TABLE t", id="no query"),
        pytest.param("SELECT * FROM parquet.`/etc/passwd`", id="a file"),
        pytest.param("SELECT * FROM other.t", id="another schema"),
        pytest.param("SELECT reflect('java.lang.System', 'exit', 0)", id="a method of Java"),
    ],
)
async def test_what_may_not_be_asked_is_refused_before_anybody_is(sql: str) -> None:
    with pytest.raises(Forbidden):
        await ask(lake(), "query", sql=sql)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param({"address": "sc://host:15002"}, "address", id="an address with a scheme"),
        pytest.param({"address": "host"}, "address", id="no port"),
        pytest.param({"address": "host:15002/;token=x"}, "address", id="a token in the address"),
        pytest.param({"address": "host:15002", "tls": False, "token": "t-1"}, "over TLS only", id="a token that anybody can read"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(given: dict[str, Any], told: str) -> None:
    with pytest.raises(Refused, match=told) as refused:
        parsed(SparkSqlSettings, {"name": "lake", **given})
    assert "t-1" not in str(refused.value)
