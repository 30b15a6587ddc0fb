"""The pages: routes under `/console`, one file for each place."""

from hulk.modules.console.pages.faces import face_of
from hulk.modules.console.pages.routes import routes
from hulk.modules.console.pages.showing import Showing

__all__ = ["Showing", "face_of", "routes"]
