"""`thor cache`: the caches of the running Hulk."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote, urlencode

import typer

from hulk.apps.terminal import spoken
from hulk.apps.thor.commands import DataOption, JsonOption, ReasonOption, Rows, asked, group
from hulk.kernel.text import Text

if TYPE_CHECKING:  # aiohttp: not for `--help`
    from hulk.apps.client import Client

app = group(Text("The caches of the running Hulk."))


@app.command("list", help=spoken(Text("The caches: entries in memory, hits by level, what was made.")))
def cache_list(data: DataOption = None, as_json: JsonOption = False) -> None:
    """The caches."""

    async def act(client: "Client") -> Rows:
        return list((await client.get("/v1/caches"))["caches"])

    asked(data, act, as_json=as_json)


@app.command("clear", help=spoken(Text("Empty a cache, in every process.")))
def cache_clear(
    name: Annotated[str, typer.Argument(help=spoken(Text("The cache's name, from `thor cache list`.")))],
    reason: ReasonOption = "", data: DataOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Empty a cache."""
    _removed(data, f"/v1/caches/{quote(name)}?{urlencode({'reason': reason})}", as_json=as_json)


@app.command("remove", help=spoken(Text("Remove from a cache what is under a key or has a tag, in every process.")))
def cache_remove(
    name: Annotated[str, typer.Argument(help=spoken(Text("The cache's name, from `thor cache list`.")))],
    key: Annotated[str | None, typer.Option("--key", help=spoken(Text("Remove what is under this key.")))] = None,
    tag: Annotated[str | None, typer.Option("--tag", help=spoken(Text("Remove all that has this tag.")))] = None,
    shared: Annotated[bool, typer.Option("--shared", help=spoken(Text("What belongs to no tenant, instead of the tenant's own.")))] = False,
    reason: ReasonOption = "", data: DataOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Remove by key or tag."""
    if (key is None) == (tag is None):
        raise typer.BadParameter("--key | --tag")
    what = f"keys/{quote(key)}" if key is not None else f"tags/{quote(tag or '')}"
    more = urlencode({"shared": str(shared).lower(), "reason": reason})
    _removed(data, f"/v1/caches/{quote(name)}/{what}?{more}", as_json=as_json)


def _removed(data: Path | None, path: str, *, as_json: bool) -> None:
    async def act(client: "Client") -> Rows:
        await client.delete(path)
        return [{"removed": True}]

    asked(data, act, as_json=as_json)
