"""Collections of a MongoDB, to read: by filters and pipelines made of known parts only, within bounds of rows, bytes and seconds.

MongoDB has no session that can only read, so the server's own hold is the account: give it the role `read` and no other.
"""

from hulk.modules.tools.adapters.backends.mongodb.backend import MongoDb

__all__ = ["MongoDb"]
