"""The cookies of browsers."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.responses import Response


@dataclass(frozen=True, slots=True)
class Cookies:
    """The cookies of browsers that reach us at that address. Over https their names begin with `__Host-`, so that browsers take them from
    this very host only, with `Secure` and for all paths; plain http, which is for this machine alone, has no such thing."""

    url: str

    @property
    def secure(self) -> bool:
        """Whether they go over https only."""
        return self.url.startswith("https://")

    @property
    def session(self) -> str:
        """The name of the session's."""
        return "__Host-hulk" if self.secure else "hulk"

    @property
    def login(self) -> str:
        """The name of the one that a login under way has."""
        return f"{self.session}-login"

    @property
    def origin(self) -> str:
        """The site whose pages may use the session."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}".lower()

    def put(self, answer: Response, name: str, value: str, seconds: int) -> None:
        """Have the browser keep it."""
        answer.set_cookie(name, value, max_age=seconds, path="/", secure=self.secure, httponly=True, samesite="lax")

    def drop(self, answer: Response, name: str) -> None:
        """Have the browser forget it."""
        answer.delete_cookie(name, path="/", secure=self.secure, httponly=True, samesite="lax")
