"""What agents need from outside: places for memories and for reasoning, vectors, and people who settle disputes."""
