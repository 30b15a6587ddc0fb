"""What is done with what comes in and goes out."""

from hulk.modules.channels.usecases.answering import AnswerIntent
from hulk.modules.channels.usecases.approving import DECISION, TICKET, AskDecision, decision
from hulk.modules.channels.usecases.asking import AskFor
from hulk.modules.channels.usecases.checking import CheckChannel
from hulk.modules.channels.usecases.commanding import Obey
from hulk.modules.channels.usecases.deciding import DecideOnMessages, version
from hulk.modules.channels.usecases.delivering import Deliver
from hulk.modules.channels.usecases.giving import Given, GiveReply
from hulk.modules.channels.usecases.handing import HandOver
from hulk.modules.channels.usecases.handling import HandleArrival
from hulk.modules.channels.usecases.hearing import Hear
from hulk.modules.channels.usecases.introducing import Introduce, NewCode
from hulk.modules.channels.usecases.linking import LinkSender, code_hash
from hulk.modules.channels.usecases.looking import LookAtChannels, Page
from hulk.modules.channels.usecases.meeting import MeetSender
from hulk.modules.channels.usecases.pending import FindApprovers, ShowPending
from hulk.modules.channels.usecases.presence import Patient, Sole
from hulk.modules.channels.usecases.pressing import Press
from hulk.modules.channels.usecases.progress import SayWorking
from hulk.modules.channels.usecases.replacing import TakePlace
from hulk.modules.channels.usecases.replying import AnswerInPerson
from hulk.modules.channels.usecases.rights import Rights
from hulk.modules.channels.usecases.saying import Say
from hulk.modules.channels.usecases.serving import Serve
from hulk.modules.channels.usecases.showing import ShowWork
from hulk.modules.channels.usecases.taking import WORKFLOW, TakeArrivals, unready

__all__ = [
    "DECISION", "TICKET", "WORKFLOW", "AnswerInPerson", "AnswerIntent", "AskDecision", "AskFor", "CheckChannel", "DecideOnMessages",
    "Deliver", "FindApprovers", "GiveReply", "Given", "HandOver", "HandleArrival", "Hear", "Introduce", "LinkSender", "LookAtChannels",
    "MeetSender", "NewCode", "Obey", "Page", "Patient", "Press", "Rights", "Say", "SayWorking", "Serve", "ShowPending", "ShowWork", "Sole",
    "TakeArrivals", "TakePlace", "code_hash", "decision", "unready", "version",
]  # fmt: skip
