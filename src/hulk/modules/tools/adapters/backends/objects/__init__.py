"""Objects in S3, MinIO and their kin, by obstore: list, look at, read, lend by a link, and where it is allowed put, replace and delete."""

from hulk.modules.tools.adapters.backends.objects.areas import Area, Areas
from hulk.modules.tools.adapters.backends.objects.backend import Most, Objects
from hulk.modules.tools.adapters.backends.objects.s3 import S3

__all__ = ["S3", "Area", "Areas", "Most", "Objects"]
