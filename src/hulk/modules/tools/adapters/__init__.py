"""What tools are made of: git, files, DuckDB, HTTP."""
