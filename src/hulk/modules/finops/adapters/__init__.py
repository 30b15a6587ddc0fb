"""Where charges are kept and prices come from."""
