"""Tools that reach outside Hulk: git, files and tables, HTTP. All read only; adapters for the ports of skills."""

__all__: list[str] = []
