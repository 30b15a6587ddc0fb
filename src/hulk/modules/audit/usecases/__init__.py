"""What is done with the trail: copied to the archive, proved."""

from hulk.modules.audit.usecases.archive import ArchiveTrail
from hulk.modules.audit.usecases.verify import VerifyCopies, VerifyTrail

__all__ = ["ArchiveTrail", "VerifyCopies", "VerifyTrail"]
