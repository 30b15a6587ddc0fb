"""A server as the settings have it."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeAlias

from hulk.modules.tools.adapters.backends.acts import About
from hulk.modules.tools.adapters.backends.mounted.backend import MountedServer, mounted
from hulk.modules.tools.adapters.backends.mounted.hiding import Secret
from hulk.modules.tools.adapters.backends.mounted.limits import Limits, Rules
from hulk.modules.tools.adapters.backends.mounted.ways import Client, Program, Remote, Way
from hulk.modules.tools.settings.mounted import MountedServerSettings

Follow: TypeAlias = Callable[[str], Secret]
"""Gives what gives a secret as it is now, by where it stands in the server's settings: `secrets.TOKEN`, `headers.Authorization`,
`client.secret`."""


def configured(settings: MountedServerSettings, folder: Path, follow: Follow) -> AbstractAsyncContextManager[MountedServer]:
    """The server for as long as the block lasts; a program lives in `folder`."""
    about = About(outside=settings.outside, data=settings.data, owner=settings.owner, tags=("mcp",))
    rules = Rules(about=about, reads=settings.read, seconds=settings.timeout)
    limits = Limits(message=settings.max_size, memory=settings.memory_limit, start=settings.start_timeout)
    return mounted(settings.name, _way(settings, folder, follow), rules, limits)


def _way(settings: MountedServerSettings, folder: Path, follow: Follow) -> Way:
    if settings.command:
        secrets = _followed("secrets", settings.secrets, follow)
        return Program(command=settings.command, folder=folder, env=settings.env, secrets=secrets)
    given = settings.client
    client = Client(id=given.id, secret=follow("client.secret"), issuer=given.issuer, scope=given.scope) if given else None
    return Remote(url=settings.url, headers=_followed("headers", settings.headers, follow), client=client)


def _followed(part: str, names: Iterable[str], follow: Follow) -> Mapping[str, Secret]:
    return {name: follow(f"{part}.{name}") for name in names}
