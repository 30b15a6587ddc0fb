"""What is done with agents' memories and reasoning."""
