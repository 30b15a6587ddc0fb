"""MCP servers of somebody else, in processes of their own: a good one, made with the official SDK, and a hostile one."""
