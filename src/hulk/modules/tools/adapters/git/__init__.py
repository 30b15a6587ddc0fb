"""Repositories, read by the `git` program."""

from hulk.modules.tools.adapters.git.history import GitHistory
from hulk.modules.tools.adapters.git.program import Git, GitFailed

__all__ = ["Git", "GitFailed", "GitHistory"]
