"""Execution tickets, by version of the contract."""
