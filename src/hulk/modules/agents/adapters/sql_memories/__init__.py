"""Memories in the store."""

from hulk.modules.agents.adapters.sql_memories.memories import SqlMemories
from hulk.modules.agents.adapters.sql_memories.tables import memory_table, name_table

__all__ = ["SqlMemories", "memory_table", "name_table"]
