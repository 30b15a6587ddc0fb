"""What may be written of systems in the settings, and what is refused with a reason."""

from typing import Any

import pytest

from hulk.kernel.errors import Refused
from hulk.modules.tools.settings.airflow import AirflowSettings
from hulk.modules.tools.settings.backend import BackendSettings
from hulk.modules.tools.settings.github import GitHubSettings
from hulk.modules.tools.settings.metabase import MetabaseSettings
from hulk.modules.tools.settings.notion import NotionSettings
from hulk.modules.tools.settings.requests import RequestsSettings
from hulk.modules.tools.settings.spark import SparkSettings
from hulk.modules.tools.settings.suitecrm import SuiteCrmSettings
from hulk.runtime.validation import parsed

_JOB = {"name": "sales", "resource": "s3a://jobs/sales.jar", "properties": {"spark.executor.memory": "1g"}, "environment": {"DAY": "1"}}
_URL = {"url": "https://it.example"}
_KEYED = {"prefix": "https://erp.example/api", "methods": ["GET", "POST"], "headers": [{"name": "X-Key", "value": "t-1"}]}
_HOST = {"prefix": "https://e", "headers": [{"name": "Host", "value": "x"}]}
_JAVA = {**_JOB, "properties": {"java.home": "x"}}


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        pytest.param(GitHubSettings, {"token": "t-1", "repositories": ["acme/shop", "acme/*"], "projects": ["acme/3"]}, id="GitHub"),
        pytest.param(MetabaseSettings, {**_URL, "key": "t-1", "collections": [5], "rows": 100}, id="Metabase"),
        pytest.param(AirflowSettings, {"url": "http://airflow:8080", "user": "hulk", "password": "t-1", "dags": ["sales_*"]}, id="Airflow"),
        pytest.param(SuiteCrmSettings, {**_URL, "client_id": "1", "client_secret": "t-1", "modules": ["Accounts"]}, id="SuiteCRM"),
        pytest.param(NotionSettings, {"token": "t-1", "parents": ["0" * 32]}, id="Notion"),
        pytest.param(SparkSettings, {"history": "http://h:18080", "master": "http://m:6066", "token": "t-1", "jobs": [_JOB]}, id="Spark"),
        pytest.param(
            RequestsSettings,
            {
                "endpoints": [
                    {"prefix": "https://erp.example/api", "methods": ["GET", "POST"], "headers": [{"name": "X-Key", "value": "t-1"}]}
                ]
            },
            id="requests",
        ),
    ],
)
def test_a_system_is_described_and_its_secrets_are_not_shown(kind: type[BackendSettings], given: dict[str, Any]) -> None:
    settings = parsed(kind, {"name": "it", **given})
    assert "t-1" not in repr(settings)
    assert settings.outside


@pytest.mark.parametrize(
    ("kind", "given", "told"),
    [
        pytest.param(GitHubSettings, {"repositories": ["shop"]}, r"repositories\[0\]", id="a repository without its owner"),
        pytest.param(GitHubSettings, {"repositories": ["*/*"]}, r"repositories\[0\]", id="all of GitHub"),
        pytest.param(MetabaseSettings, {}, "url", id="no address"),
        pytest.param(MetabaseSettings, {**_URL, "rows": 5000}, "2000", id="more rows than Metabase gives"),
        pytest.param(SuiteCrmSettings, {**_URL, "modules": ["../Users"]}, r"modules\[0\]", id="a module that is a path"),
        pytest.param(NotionSettings, {"parents": ["https://www.notion.so/x"]}, r"parents\[0\]", id="an address for an id"),
        pytest.param(SparkSettings, {"history": "http://h:18080", "jobs": [_JOB]}, "master", id="jobs for no master"),
        pytest.param(
            SparkSettings,
            {"history": "http://h:18080", "jobs": [{**_JOB, "properties": {"java.home": "x"}}]},
            "properties",
            id="a property",
        ),
        pytest.param(RequestsSettings, {"endpoints": [{"prefix": "https://e", "methods": ["TRACE"]}]}, "GET", id="a method"),
        pytest.param(
            RequestsSettings,
            {"endpoints": [{"prefix": "https://e", "headers": [{"name": "Host", "value": "x"}]}]},
            "set by Hulk",
            id="Host",
        ),
    ],
)
def test_what_cannot_work_is_refused_where_it_stands(kind: type[BackendSettings], given: dict[str, Any], told: str) -> None:
    with pytest.raises(Refused, match=told):
        parsed(kind, {"name": "it", **given})
