"""What the console does by itself."""

from hulk.modules.console.usecases.live import Live
from hulk.modules.console.usecases.shared import Shared

__all__ = ["Live", "Shared"]
