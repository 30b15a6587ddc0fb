"""`thor breakers`: the circuit breakers of the running Hulk."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

import typer

from hulk.apps.terminal import spoken
from hulk.apps.thor.commands import DataOption, JsonOption, Rows, asked, group
from hulk.kernel.text import Text

if TYPE_CHECKING:  # aiohttp: not for `--help`
    from hulk.apps.client import Client

app = group(Text("The circuit breakers of the running Hulk."))

BreakerArgument = Annotated[str, typer.Argument(help=spoken(Text("The breaker's name, from `thor breakers list`.")))]


@app.command("list", help=spoken(Text("The breakers with their states, and the calls in their windows.")))
def breakers_list(data: DataOption = None, as_json: JsonOption = False) -> None:
    """All breakers."""

    async def act(client: "Client") -> Rows:
        return list((await client.get("/v1/breakers"))["breakers"])

    asked(data, act, as_json=as_json)


@app.command("isolate", help=spoken(Text("Cut a dependency off: its calls are refused until `reset`.")))
def breakers_isolate(name: BreakerArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Cut off."""
    _put(data, name, "isolate", as_json=as_json)


@app.command("disable", help=spoken(Text("Let all calls through, however many fail, until `reset`.")))
def breakers_disable(name: BreakerArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Let all through."""
    _put(data, name, "disable", as_json=as_json)


@app.command("reset", help=spoken(Text("Begin anew: calls are let through and counted again.")))
def breakers_reset(name: BreakerArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Begin anew."""
    _put(data, name, "reset", as_json=as_json)


def _put(data: Path | None, name: str, to: str, *, as_json: bool) -> None:
    """Change a breaker's state by hand, and print it."""

    async def act(client: "Client") -> Rows:
        return [await client.post(f"/v1/breakers/{quote(name, safe='')}/{to}", {}, {})]

    asked(data, act, as_json=as_json)
