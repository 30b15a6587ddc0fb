"""What is done with the trail: copied to the archive, proved, kept for its time, given away."""

from hulk.modules.audit.usecases.archive import ArchiveTrail
from hulk.modules.audit.usecases.export import ExportTrail
from hulk.modules.audit.usecases.now import VerifyNow
from hulk.modules.audit.usecases.retain import KeepHolds, Prune
from hulk.modules.audit.usecases.verify import VerifyCopies, VerifyTrail

__all__ = ["ArchiveTrail", "ExportTrail", "KeepHolds", "Prune", "VerifyCopies", "VerifyNow", "VerifyTrail"]
