"""What stands around every page: the menu and the palette. Written once for all who may go to the same places."""

from collections.abc import Hashable
from dataclasses import dataclass

from jinja2 import Environment
from markupsafe import Markup

from hulk.modules.console.domain import GROUPS, PLACES, Place
from hulk.modules.console.pages.view import View

_MOST = 1000


@dataclass(frozen=True, slots=True)
class Frame:
    """Both as HTML; empty for whoever has not been let in."""

    menu: str = ""
    palette: str = ""


class Frames:
    """Remembers them."""

    def __init__(self, templates: Environment) -> None:
        self._templates = templates
        self._made: dict[Hashable, Frame] = {}

    def __call__(self, view: View) -> Frame:
        """Those around what is looked at."""
        if view.caller is None:
            return Frame()
        here = frozenset(place.address for place in PLACES if _is_at(place, view.address))
        key = (view.voice.language, view.caller.tenant, view.caller.grants, here)
        if (found := self._made.get(key)) is None:
            if len(self._made) >= _MOST:
                self._made.clear()
            found = self._made[key] = Frame(self._written("menu.html", view, here), self._written("palette.html", view, here))
        return found

    def _written(self, name: str, view: View, here: frozenset[str]) -> Markup:
        values = {"view": view, "groups": GROUPS, "places": PLACES, "here": here}
        return Markup(self._templates.get_template(name).render(values))  # noqa: S704  # a template's


def _is_at(place: Place, address: str) -> bool:
    return address.partition("?")[0] == place.address or (place.path != "" and address.startswith(place.address))
