"""What the tools go by: what a tool is, who may use it, what becomes of a call, what may be fetched. Pure rules."""

from hulk.modules.tools.domain.addresses import ENDINGS, PACKED, Address, Head, allowed, is_public, table_name
from hulk.modules.tools.domain.call import Call, Ending
from hulk.modules.tools.domain.permission import Allowed, Autonomy, Denied, Rule, Verdict, Who, verdict
from hulk.modules.tools.domain.pinning import Approval, Listed, Pin, Said, State, Trust, differences, state
from hulk.modules.tools.domain.prompt import Argument, Part, Prompt, filled, in_language
from hulk.modules.tools.domain.searching import Index
from hulk.modules.tools.domain.server import Names, Server
from hulk.modules.tools.domain.suspicion import warnings
from hulk.modules.tools.domain.tool import NAME, Bytes, Cost, DataClass, Effect, File, Link, Output, Piece, Question, Tool, Words
from hulk.modules.tools.domain.uris import matched, variables

__all__ = [
    "ENDINGS",
    "NAME",
    "PACKED",
    "Address",
    "Allowed",
    "Approval",
    "Argument",
    "Autonomy",
    "Bytes",
    "Call",
    "Cost",
    "DataClass",
    "Denied",
    "Effect",
    "Ending",
    "File",
    "Head",
    "Index",
    "Link",
    "Listed",
    "Names",
    "Output",
    "Part",
    "Piece",
    "Pin",
    "Prompt",
    "Question",
    "Rule",
    "Said",
    "Server",
    "State",
    "Tool",
    "Trust",
    "Verdict",
    "Who",
    "Words",
    "allowed",
    "differences",
    "filled",
    "in_language",
    "is_public",
    "matched",
    "state",
    "table_name",
    "variables",
    "verdict",
    "warnings",
]  # fmt: skip
