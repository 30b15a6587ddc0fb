"""What the console stands on."""
