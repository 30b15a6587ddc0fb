"""The acts of agents."""
