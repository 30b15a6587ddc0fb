"""Where tenants and keys may be kept."""
