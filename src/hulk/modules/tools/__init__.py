"""Tools: governed hands. Adapters for the ports of skills (git, files and tables, HTTP: all read only), and tools of other systems that
people, programs and agents may call.

What no rule allows is forbidden. A call is checked against the tool's schema, done once per key, put to a person first where it changes
something and no rule lets it be done without, bounded in time and size, and kept; what comes back is scanned before it is given on.

    called = await acts.call(by, Wanted(tool="github.create_issue", arguments={…}, key="run_…/3"))
    called.call.status            # done, failed, waiting (for a person), rejected, uncertain, suggested
"""

from hulk.modules.tools.domain import Allowed, Autonomy, Call, Output, Rule, Server, Tool
from hulk.modules.tools.domain.output import Withheld
from hulk.modules.tools.domain.permission import any_of
from hulk.modules.tools.domain.tool import File, Link, Words
from hulk.modules.tools.ports import Backend, Calling, Present, Standing, Uncertain
from hulk.modules.tools.usecases.acts import ToolActs
from hulk.modules.tools.usecases.call import WORKFLOW, Called, Wanted
from hulk.modules.tools.usecases.catalogue import Mounted
from hulk.modules.tools.usecases.finding import Search

__all__ = [
    "WORKFLOW", "Allowed", "Autonomy", "Backend", "Call", "Called", "Calling", "File", "Link", "Mounted", "Output", "Present", "Rule",
    "Search", "Server", "Standing", "Tool", "ToolActs", "Uncertain", "Wanted", "Withheld", "Words", "any_of",
]  # fmt: skip
