"""What is done with the trail: copied to the archive, proved, kept for its time."""

from hulk.modules.audit.usecases.archive import ArchiveTrail
from hulk.modules.audit.usecases.retain import KeepHolds, Prune
from hulk.modules.audit.usecases.verify import VerifyCopies, VerifyTrail

__all__ = ["ArchiveTrail", "KeepHolds", "Prune", "VerifyCopies", "VerifyTrail"]
