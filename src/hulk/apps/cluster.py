"""What several processes must share before they can be one Hulk, and what they must not."""

from collections.abc import Iterator

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from hulk.kernel.errors import Refused
from hulk.kernel.text import Text
from hulk.modules.audit.settings import AuditSettings
from hulk.runtime.config import Config
from hulk.runtime.validation import lines


def shared(config: Config) -> bool:
    """Whether bus and store are such that other processes can work with them too."""
    return bool(config.nats.urls) and _is_server(config.store.url)


def require_cluster(config: Config) -> None:
    """Raises `Refused` naming all that keeps a worker from working beside others."""
    missing = list(_missing(config))
    if missing:
        raise Refused(lines([Text("A worker shares its work with other processes, and cannot start:"), *missing]))


def _missing(config: Config) -> Iterator[Text]:
    if not config.nats.urls:
        yield Text("nats.urls is empty: the embedded NATS server is that of one process. Name the servers of a NATS cluster.")
    if not _is_server(config.store.url):
        yield Text("store.url is not PostgreSQL: SQLite in a folder belongs to one process. Name a database that all processes reach.")
    if not config.section(AuditSettings).key.get_secret_value():
        yield Text("audit.key is empty: the trail would be sealed with a key of this process alone. Give all processes the same.")
    if not config.engine.queues:
        yield Text("engine.queues is empty: a worker without queues has nothing to do. Name at least one, such as default.")


def require_consistent(config: Config) -> None:
    """Raises `Refused` for a Hulk that would take work which nobody does, or that asks one server for more replicas than it has."""
    if not config.engine.queues and not shared(config):
        raise Refused(
            "engine.queues is empty, so this process executes nothing; that is for a cluster whose workers do (nats.urls and"
            " PostgreSQL in store.url)."
        )
    require_tickets_alone(config)


def require_tickets_alone(config: Config) -> None:
    """Raises `Refused` for a Hulk that asks one server for more replicas than it has. Who serves only tickets executes nothing."""
    if not config.nats.urls and config.nats.replicas > 1:
        raise Refused(
            "nats.replicas = {replicas} needs a NATS cluster (nats.urls); the embedded server is one.", replicas=config.nats.replicas
        )


def _is_server(url: str) -> bool:
    try:
        return bool(url) and make_url(url).get_backend_name() == "postgresql"
    except ArgumentError:
        return False
