"""What skills need of the world: a repository's history, the files an intent is about, a way to draw, a way to embed."""
