"""The cookies of browsers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from starlette.responses import Response


@dataclass(frozen=True, slots=True)
class Cookies:
    """The cookies of browsers that reach us at that address; where none is set (`identity.url`), at the one they ask. Over https their
    names begin with `__Host-`, so that browsers take them from this very host only, with `Secure` and for all paths; plain http has no
    such thing."""

    url: str

    def at(self, scheme: str) -> Self:
        """Those of a browser that came by `http` or `https`."""
        return self if self.url else type(self)(f"{scheme}://")

    def sent(self, scheme: str, cookies: Mapping[str, str]) -> str | None:
        """The secret of the session that it has, if it has any."""
        return cookies.get(self.at(scheme).session)

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
        """The site whose pages may use the session; empty: whichever host the browser asks."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}".lower() if self.url else ""

    def put(self, answer: Response, name: str, value: str, seconds: int) -> None:
        """Have the browser keep it."""
        answer.set_cookie(name, value, max_age=seconds, path="/", secure=self.secure, httponly=True, samesite="lax")

    def drop(self, answer: Response, name: str) -> None:
        """Have the browser forget it."""
        answer.delete_cookie(name, path="/", secure=self.secure, httponly=True, samesite="lax")
