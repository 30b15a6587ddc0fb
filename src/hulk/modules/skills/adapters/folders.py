"""Users' skills from Python files in the folders that `skills.folders` lists. They run with Hulk's own rights."""

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from hulk.kernel.errors import HulkError, NotFound, Refused
from hulk.modules.skills.domain.own import OwnSkill


def own_skills(folders: Sequence[Path]) -> list[OwnSkill]:
    """All functions marked with `@skill`, folder by folder, file by file; raises `NotFound` and `Refused` naming the file."""
    return [own for folder in folders for file in _files(folder) for own in _marked(_module(file))]


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise NotFound("The skills folder {folder} does not exist (skills.folders).", folder=str(folder))
    return sorted(file for file in folder.glob("*.py") if not file.name.startswith("_"))


def _module(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"hulk_own_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise Refused("{file} cannot be loaded as Python.", file=str(file))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except HulkError as error:
        raise Refused("{file}: {problem}", file=str(file), problem=error.text) from error
    except Exception as error:
        raise Refused(
            "{file} cannot be loaded: {kind}: {problem}", file=str(file), kind=type(error).__name__, problem=str(error)
        ) from error
    return module


def _marked(module: ModuleType) -> list[OwnSkill]:
    found = [getattr(value, "__hulk_skill__", None) for value in vars(module).values() if callable(value)]
    return [own for own in found if isinstance(own, OwnSkill)]
