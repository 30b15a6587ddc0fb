"""The acts of skills: the work behind each kind of ticket."""
