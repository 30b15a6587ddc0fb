"""One package per capability; each is entered only by its door (its `__init__`)."""
