"""What Hulk refuses, as an error of the protocol, where there is no answer to put it in."""

from typing import Any

import mcp_types as types
from mcp.shared.exceptions import MCPError

from hulk.kernel.errors import HulkError, Unavailable
from hulk.kernel.text import Voice


def wrong(error: HulkError, voice: Voice, **data: Any) -> MCPError:
    """It, in the caller's words: -32603 when it may go well later, else -32602."""
    code = types.INTERNAL_ERROR if isinstance(error, Unavailable) else types.INVALID_PARAMS
    return MCPError(code, voice.say(error.text), {"hulk/error": error.code, **data})
