"""Tasks, their steps and accounts in the store."""

from hulk.modules.agents.adapters.sql.accounts import SqlAccounts
from hulk.modules.agents.adapters.sql.tables import account_table, hold_table, made_table, task_table, wait_table
from hulk.modules.agents.adapters.sql.tasks import SqlTasks

__all__ = ["SqlAccounts", "SqlTasks", "account_table", "hold_table", "made_table", "task_table", "wait_table"]
