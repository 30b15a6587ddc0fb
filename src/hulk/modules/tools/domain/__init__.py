"""What the tools go by: what a tool is, who may use it, what may be fetched. Pure rules."""

from hulk.modules.tools.domain.addresses import ENDINGS, PACKED, Address, Head, allowed, is_public, table_name
from hulk.modules.tools.domain.tool import NAME, Bytes, Cost, DataClass, Effect, Link, Output, Piece, Tool, Words

__all__ = [
    "ENDINGS", "NAME", "PACKED", "Address", "Bytes", "Cost", "DataClass", "Effect", "Head", "Link", "Output", "Piece", "Tool", "Words",
    "allowed", "is_public", "table_name",
]  # fmt: skip
