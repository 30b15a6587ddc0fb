"""How the tests put a question to a backend: as the use case does, the arguments held to the tool's schema first."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import jsonschema_rs

from hulk.modules.tools.domain import Output
from hulk.modules.tools.ports import Backend, Calling


def a_calling(*, seconds: float = 30.0, person: str = "ana@example.com", key: str = "key-1") -> Calling:
    """By somebody who waits so long."""
    return Calling(id="call-1", key=key, tenant="acme", actor="ana", person=person, deadline=datetime.now(UTC) + timedelta(seconds=seconds))


async def ask(backend: Backend, act: str, calling: Calling | None = None, **arguments: Any) -> Output:
    """What the tool `act` of `backend` gives."""
    tool = next(tool for tool in await backend.tools() if tool.name == f"{backend.name}.{act}")
    assert jsonschema_rs.is_valid(tool.input, arguments), f"{arguments} are not what {tool.name} takes"
    return await backend.call(tool, arguments, calling or a_calling())


async def told(backend: Backend, act: str, calling: Calling | None = None, **arguments: Any) -> Mapping[str, Any]:
    """The same, as data."""
    output = await ask(backend, act, calling, **arguments)
    assert output.data is not None
    return output.data
