"""Where channels keep what they keep, and their vendors."""
