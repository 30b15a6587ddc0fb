"""Agents' files, tasks in the store, models and tools of the other modules."""
