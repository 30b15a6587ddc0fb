"""Where intents are kept."""
