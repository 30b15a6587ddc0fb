"""The systems that tools act on, a file for each."""
