"""What was asked, whether a skill is meant, whether it is sensitive, and what was decided. Pure."""
