"""What the tools go by: what a tool is, who may use it, what may be fetched. Pure rules."""

from hulk.modules.tools.domain.addresses import ENDINGS, PACKED, Address, Head, allowed, is_public, table_name
from hulk.modules.tools.domain.pinning import Approval, Listed, Pin, Said, State, Trust, differences, state
from hulk.modules.tools.domain.suspicion import warnings
from hulk.modules.tools.domain.tool import NAME, Bytes, Cost, DataClass, Effect, Link, Output, Piece, Tool, Words

__all__ = [
    "ENDINGS", "NAME", "PACKED", "Address", "Approval", "Bytes", "Cost", "DataClass", "Effect", "Head", "Link", "Listed", "Output", "Piece",
    "Pin", "Said", "State", "Tool", "Trust", "Words", "allowed", "differences", "is_public", "state", "table_name", "warnings",
]  # fmt: skip
