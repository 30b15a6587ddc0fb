"""How sentences are scored, models asked, and decisions kept."""
