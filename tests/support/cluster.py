"""A whole cluster as an operator runs it: three NATS servers, PostgreSQL, `hulk up` that executes nothing, and workers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from support.nats_cluster import Nats, a_nats
from support.program import Up, environment, launch, until_ready

SKILL = '''
"""Work that takes a moment and leaves a mark each time that its body is executed."""

import time
from pathlib import Path

from hulk.modules.skills import skill


@skill(
    "greenhouse.water",
    pt=["Regue as plantas da estufa", "A estufa precisa de água", "Molhe as mudas da estufa agora"],
    en=["Water the plants in the greenhouse", "The greenhouse needs water", "Give the seedlings in the greenhouse some water"],
)
def water() -> str:
    """Water the plants."""
    time.sleep(0.3)
    with Path({marks!r}).open("a") as marks:
        marks.write("watered\\n")
    return "The plants were watered."
'''


@dataclass(slots=True)
class Cluster:
    """The parts, of which each may be killed."""

    folder: Path
    nats: Nats
    store: str
    server: Up | None = None
    workers: list[Up] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """The settings that all processes have."""
        own = {
            "HULK_STORE__URL": self.store, "HULK_AUDIT__KEY": "the same for all", "HULK_BLOBS__PATH": str(self.folder / "blobs"),
            "HULK_SKILLS__FOLDERS": str(self.folder / "skills"), "HULK_ENGINE__WORKERS": "4",
        }  # fmt: skip
        return environment(**self.nats.settings(), **own)

    @property
    def up(self) -> Up:
        """The process that takes intents."""
        assert self.server is not None
        return self.server

    def worker(self, name: str) -> Up:
        """One more worker, started and not waited for."""
        worker = launch("worker", self.folder / name, cwd=self.folder, env=self.environment)
        self.workers.append(worker)
        return worker


@asynccontextmanager
async def a_cluster(folder: Path, store: str, *, workers: int = 2, servers: int = 3) -> AsyncIterator[Cluster]:
    """A cluster over that PostgreSQL database, ready when entered; all of it is killed at the end."""
    skill_of(folder)
    async with a_nats(folder / "bus", servers=servers) as nats:
        cluster = Cluster(folder, nats, store)
        try:
            queues = {"HULK_ENGINE__QUEUES": "[]"}
            cluster.server = launch("up", folder / "up", cwd=folder, env={**cluster.environment, **queues})
            for number in range(workers):
                cluster.worker(f"worker-{number + 1}")
            for process in (cluster.up, *cluster.workers):
                until_ready(process)
            yield cluster
        finally:
            for process in (cluster.up, *cluster.workers):
                if process.process.poll() is None:
                    process.kill()


def skill_of(folder: Path) -> None:
    """Put the skill into `folder / "skills"`."""
    (folder / "skills").mkdir(parents=True)
    (folder / "skills" / "water.py").write_text(SKILL.replace("{marks!r}", repr(str(folder / "marks"))), encoding="utf-8")


def marks(cluster: Cluster) -> int:
    """How often the skill's body was executed."""
    path = cluster.folder / "marks"
    return len(path.read_text().splitlines()) if path.exists() else 0
