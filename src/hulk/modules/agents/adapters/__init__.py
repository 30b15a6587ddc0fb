"""Where memories and reasoning are kept."""
