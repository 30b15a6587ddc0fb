"""Where quotas may be kept."""
