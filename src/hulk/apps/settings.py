"""All settings of the programs: the runtime's sections and the modules', read once at start."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from hulk.runtime.config import Config, Sections, added, load

SECTIONS = Sections(
    {
        "tools": "hulk.modules.tools.settings:ToolsSettings",
        "agents": "hulk.modules.agents.settings:AgentsSettings",
        "channels": "hulk.modules.channels.settings:ChannelsSettings",
        "voice": "hulk.modules.channels.settings.voice:VoiceSettings",
        "models": "hulk.modules.router.settings:ModelsSettings",
        "router": "hulk.modules.router.settings:RouterSettings",
        "learning": "hulk.modules.router.settings:LearningSettings",
        "finops": "hulk.modules.finops.settings:FinopsSettings",
        "skills": "hulk.modules.skills.settings:SkillsSettings",
        "quotas": "hulk.modules.quotas.settings:QuotaSettings",
        "identity": "hulk.modules.identity.settings:IdentitySettings",
        "audit": "hulk.modules.audit.settings:AuditSettings",
        "tickets": "hulk.modules.tickets.settings:TicketsSettings",
    }
)
DEFAULT_FILE = "hulk.yaml"


def configured(file: Path | None, environ: Mapping[str, str], overrides: Mapping[str, object], folder: Path) -> Config:
    """The settings from `file` (or `hulk.yaml` in `folder`, when it is there), the environment and the options.

    Raises `NotFound` for a named file that is missing, `Refused` naming every wrong key and value."""
    default = folder / DEFAULT_FILE
    return load(SECTIONS, file or (default if default.is_file() else None), environ, overrides)


def add_entry(file: Path, section: str, key: str, entry: Mapping[str, Any], environ: Mapping[str, str]) -> None:
    """The settings file with one more entry in the list `section.key`, checked whole before it takes the place of the old one, which keeps
    who may read it. Raises `Refused` and `NotFound`, and then the file is as it was."""
    temporary = file.with_name(f".{file.name}.{os.getpid()}.yaml")
    try:
        temporary.write_text(added(file.read_text("utf-8") if file.exists() else "", section, key, entry), encoding="utf-8")
        if file.exists():
            temporary.chmod(file.stat().st_mode & 0o777)
        configured(temporary, environ, {}, file.parent)
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)


def for_people(config: Config) -> Config:
    """The same settings for a terminal that somebody looks at: a readable log of warnings, unless the settings say otherwise."""
    wanted = {"format": "console", "level": "warning"}
    changed = {name: value for name, value in wanted.items() if f"logging.{name}" not in config.origins}
    return replace(config, logging=config.logging.model_copy(update=changed))
