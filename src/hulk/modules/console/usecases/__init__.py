"""What the console does by itself."""

from hulk.modules.console.usecases.live import Live

__all__ = ["Live"]
