"""Whether what is handed on is of the form that is needed."""

from hulk.kernel.records import Json, JsonObject
from hulk.kernel.text import Text
from hulk.modules.agents.ports import Schemas


def unfit(schemas: Schemas, value: Json, *forms: JsonObject) -> Text | None:
    """What is wrong with it first, and where; None when it is as all of these forms have it. An empty form takes anything."""
    for place, why in (one for form in forms if form for one in schemas.wrong(form, value)):
        return Text("{place}: {why}", place=place or "—", why=why)
    return None
