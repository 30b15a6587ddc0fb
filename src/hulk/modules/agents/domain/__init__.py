"""What agents go by: what they remember and forget, and how they came to what they decided. Pure rules."""
