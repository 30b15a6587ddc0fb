"""A command in a sandbox: a program of an allow-list between walls that the kernel holds (`hulk.runtime.jail`), or no start at all."""

from hulk.modules.tools.adapters.backends.shell.backend import Room, Shell
from hulk.modules.tools.adapters.backends.shell.programs import Programs, folders_of

__all__ = ["Programs", "Room", "Shell", "folders_of"]
