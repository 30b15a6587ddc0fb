"""`thor secrets`: where the running Hulk has its secrets from."""

from typing import TYPE_CHECKING

from hulk.apps.terminal import spoken
from hulk.apps.thor.commands import DataOption, JsonOption, Rows, asked, group
from hulk.kernel.text import Text

if TYPE_CHECKING:  # aiohttp: not for `--help`
    from hulk.apps.client import Client

app = group(Text("The secrets of the running Hulk: where they are, never what."))


@app.callback()
def secrets() -> None:
    """A group, though it has one command."""


@app.command("status", help=spoken(Text("Each secret setting: where it is, when it was last read, and why not since.")))
def secrets_status(data: DataOption = None, as_json: JsonOption = False) -> None:
    """All secret settings."""

    async def act(client: "Client") -> Rows:
        return list((await client.get("/v1/secrets"))["secrets"])

    asked(data, act, as_json=as_json)
