"""What is done with what comes in and goes out."""

from hulk.modules.channels.usecases.answering import AnswerIntent
from hulk.modules.channels.usecases.asking import AskFor
from hulk.modules.channels.usecases.commanding import Obey, code_hash
from hulk.modules.channels.usecases.deciding import DECISION, TICKET, AskDecision, decision
from hulk.modules.channels.usecases.delivering import Deliver
from hulk.modules.channels.usecases.giving import Given, GiveReply
from hulk.modules.channels.usecases.handing import HandOver
from hulk.modules.channels.usecases.handling import HandleArrival
from hulk.modules.channels.usecases.hearing import Hear
from hulk.modules.channels.usecases.meeting import MeetSender
from hulk.modules.channels.usecases.pressing import Press
from hulk.modules.channels.usecases.saying import Say
from hulk.modules.channels.usecases.showing import ShowWork
from hulk.modules.channels.usecases.taking import WORKFLOW, TakeArrivals

__all__ = [
    "DECISION", "TICKET", "WORKFLOW", "AnswerIntent", "AskDecision", "AskFor", "Deliver", "GiveReply", "Given", "HandOver",
    "HandleArrival", "Hear", "MeetSender", "Obey", "Press", "Say", "ShowWork", "TakeArrivals", "code_hash", "decision",
]  # fmt: skip
