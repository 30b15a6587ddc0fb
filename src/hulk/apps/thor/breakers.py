"""`thor breakers`: the circuit breakers of the running Hulk."""

from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

import typer

from hulk.apps.terminal import spoken
from hulk.apps.thor.commands import DataOption, JsonOption, ReasonOption, Rows, asked, group
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


def _act(act: str, about: Text) -> None:
    """A command that changes a breaker's state by hand, and shows it."""

    @app.command(act, help=spoken(about))
    def command(name: BreakerArgument, reason: ReasonOption = "", data: DataOption = None, as_json: JsonOption = False) -> None:
        async def changed(client: "Client") -> Rows:
            return [await client.post(f"/v1/breakers/{quote(name, safe='')}/{act}", {"reason": reason}, {})]

        asked(data, changed, as_json=as_json)


_act("isolate", Text("Cut a dependency off: its calls are refused until `reset`."))
_act("disable", Text("Let all calls through, however many fail, until `reset`."))
_act("reset", Text("Begin anew: calls are let through and counted again."))
