"""Systems that people work with, and that run programs, with what each needs to be asked."""

from collections.abc import Callable, Iterator

from hulk.modules.tools.adapters.backends.airflow import Airflow
from hulk.modules.tools.adapters.backends.github import GitHub
from hulk.modules.tools.adapters.backends.http import Endpoint, Http
from hulk.modules.tools.adapters.backends.metabase import Metabase
from hulk.modules.tools.adapters.backends.notion import Notion
from hulk.modules.tools.adapters.backends.repositories import GitTools
from hulk.modules.tools.adapters.backends.spark import Job, Spark
from hulk.modules.tools.adapters.backends.suitecrm import SuiteCrm
from hulk.modules.tools.ports import Backend
from hulk.modules.tools.settings import SystemsSettings
from hulk.modules.tools.settings.backend import BackendSettings
from hulk.modules.tools.settings.requests import EndpointSettings
from hulk.modules.tools.settings.spark import SparkJobSettings
from hulk.modules.tools.wiring.here import about
from hulk.modules.tools.wiring.secrets import Secrets


def applications(settings: SystemsSettings, secrets: Secrets) -> Iterator[tuple[BackendSettings, Backend]]:
    """Those of the settings, each with its own."""
    for place, http in enumerate(settings.http):
        follow = secrets.of(http.name, f"http[{place}]")
        endpoints = [_endpoint(one, number, follow) for number, one in enumerate(http.endpoints)]
        yield http, Http(http.name, about(http), endpoints=endpoints, most_bytes=http.max_size, seconds=http.timeout)
    for git in settings.git:
        yield git, GitTools(git.repositories, about(git), git.name, git.timeout)
    yield from _offices(settings, secrets)
    for place, spark in enumerate(settings.spark):
        follow, jobs = secrets.of(spark.name, f"spark[{place}]"), [_job(job) for job in spark.jobs]
        yield spark, Spark(
            spark.name, about(spark), history=spark.history, master=spark.master, token=follow("token"), jobs=jobs, version=spark.version,
            seconds=spark.timeout,
        )  # fmt: skip


def _offices(settings: SystemsSettings, secrets: Secrets) -> Iterator[tuple[BackendSettings, Backend]]:
    for place, github in enumerate(settings.github):
        token = secrets.of(github.name, f"github[{place}]")("token")
        yield github, GitHub(
            github.name, about(github), url=github.url, token=token, repositories=github.repositories, projects=github.projects,
            seconds=github.timeout,
        )  # fmt: skip
    for place, notion in enumerate(settings.notion):
        token = secrets.of(notion.name, f"notion[{place}]")("token")
        yield notion, Notion(notion.name, about(notion), url=notion.url, token=token, parents=notion.parents, seconds=notion.timeout)
    for place, metabase in enumerate(settings.metabase):
        key = secrets.of(metabase.name, f"metabase[{place}]")("key")
        yield metabase, Metabase(
            metabase.name, about(metabase), url=metabase.url, key=key, collections=metabase.collections, rows=metabase.rows,
            seconds=metabase.timeout,
        )  # fmt: skip
    for place, crm in enumerate(settings.suitecrm):
        follow = secrets.of(crm.name, f"suitecrm[{place}]")
        yield crm, SuiteCrm(
            crm.name, about(crm), url=crm.url, client_id=crm.client_id, client_secret=follow("client_secret"), modules=crm.modules,
            user=crm.user, password=follow("password"), seconds=crm.timeout,
        )  # fmt: skip
    for place, airflow in enumerate(settings.airflow):
        follow = secrets.of(airflow.name, f"airflow[{place}]")
        yield airflow, Airflow(
            airflow.name, about(airflow), url=airflow.url, dags=airflow.dags, token=follow("token"), user=airflow.user,
            password=follow("password"), seconds=airflow.timeout,
        )  # fmt: skip


def _endpoint(one: EndpointSettings, number: int, follow: Callable[[str], Callable[[], str]]) -> Endpoint:
    values = {header.name: follow(f"endpoints[{number}].headers[{place}].value") for place, header in enumerate(one.headers)}
    return Endpoint(
        prefix=one.prefix, methods=one.methods, headers=lambda: {name: value() for name, value in values.items()}, private=one.private,
        idempotency=one.idempotency,
    )  # fmt: skip


def _job(job: SparkJobSettings) -> Job:
    return Job(
        name=job.name, resource=job.resource, about=job.about, main_class=job.main_class, properties=job.properties,
        environment=job.environment,
    )  # fmt: skip
