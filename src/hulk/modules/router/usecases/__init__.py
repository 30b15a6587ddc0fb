"""The acts of the router: recognise, decide, ask by leave, serve programs; what it learns is in `learning`."""

from hulk.modules.router.usecases.answer import AnswerFreely
from hulk.modules.router.usecases.assembling import Router
from hulk.modules.router.usecases.decide import Decide
from hulk.modules.router.usecases.gateway import Gateway
from hulk.modules.router.usecases.recognise import Recognise

__all__ = ["AnswerFreely", "Decide", "Gateway", "Recognise", "Router"]
