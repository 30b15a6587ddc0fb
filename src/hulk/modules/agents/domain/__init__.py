"""Agents, plans, tasks, accounts, what models are asked. Pure rules."""
