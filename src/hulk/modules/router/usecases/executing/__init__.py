"""Asking the models that were decided on, one after the other until one has answered; each attempt is paid for by itself."""

from hulk.modules.router.usecases.executing.attempts import Attempts, Patience
from hulk.modules.router.usecases.executing.embedding import Embed, Vectors
from hulk.modules.router.usecases.executing.execute import Answered, Execute
from hulk.modules.router.usecases.executing.paying import Pay
from hulk.modules.router.usecases.executing.streaming import Stream, Streaming

__all__ = ["Answered", "Attempts", "Embed", "Execute", "Patience", "Pay", "Stream", "Streaming", "Vectors"]
