"""All acts of the module."""

from dataclasses import dataclass

from hulk.modules.tools.domain import Rule, Server
from hulk.modules.tools.usecases.approve import RunCall
from hulk.modules.tools.usecases.call import CallTool
from hulk.modules.tools.usecases.catalogue import Catalogue
from hulk.modules.tools.usecases.endings import Endings
from hulk.modules.tools.usecases.finding import CloseOverdue, FindTools, ShowCalls
from hulk.modules.tools.usecases.prompting import FindPrompts
from hulk.modules.tools.usecases.reading import ReadAddress
from hulk.modules.tools.usecases.ruling import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolActs:
    """What is done with tools. `run` is the body of the runs in which calls wait for people."""

    catalogue: Catalogue
    find: FindTools
    call: CallTool
    calls: ShowCalls
    read: ReadAddress
    prompts: FindPrompts
    ended: Endings
    rules: Rules[Rule]
    servers: Rules[Server]
    sweep: CloseOverdue
    run: RunCall
