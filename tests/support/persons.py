"""People at a client of MCP, who are asked."""

from typing import Any

import mcp_types as types


class Person:
    """Sits at the client: says what they are asked to say, in turn, or that they would not."""

    def __init__(self, *says: dict[str, Any] | None) -> None:
        self.says, self.asked = list(says), list[types.ElicitRequestFormParams]()

    async def __call__(self, _: Any, params: types.ElicitRequestParams) -> types.ElicitResult:
        assert isinstance(params, types.ElicitRequestFormParams)
        self.asked.append(params)
        said = self.says.pop(0)
        return types.ElicitResult(action="decline") if said is None else types.ElicitResult(action="accept", content=said)
