"""`thor voice`: what hears and speaks on this machine, and whether it does."""

import asyncio
import os
from typing import Annotated

import typer

from hulk.apps.painting import err
from hulk.apps.terminal import spoken
from hulk.apps.thor.commands import ConfigOption, DataOption, JsonOption, Rows, end, group, settings_of, show
from hulk.apps.whereabouts import data_folder
from hulk.kernel.text import Text

app = group(Text("What hears and speaks on this machine."))


def _tell(text: Text) -> None:
    err.print(spoken(text), markup=False, soft_wrap=True)


@app.command(
    "up", help=spoken(Text("Serve speech recognition and a voice here, fetched from the package indexes first (310 MB), until Ctrl-C."))
)
def voice_up(
    stt_port: Annotated[int, typer.Option("--stt-port", help=spoken(Text("Where speech is written down.")), min=0, max=65535)] = 10_300,
    tts_port: Annotated[int, typer.Option("--tts-port", help=spoken(Text("Where texts are read aloud.")), min=0, max=65535)] = 10_200,
    threads: Annotated[int, typer.Option("--threads", help=spoken(Text("Threads of each.")), min=1, max=256)] = 2,
    data: DataOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Serve both."""

    async def until_called_off(where: Rows) -> None:
        show(where, as_json=as_json)
        await asyncio.get_running_loop().create_future()

    async def act() -> int:
        from hulk.apps.voice import serve  # the modules: not for `--help`

        await serve(data_folder(data, os.environ), (stt_port, tts_port), threads, _tell, until_called_off)
        return 0

    end(act)


@app.command("check", help=spoken(Text("Speak a sentence and write it down again, in Portuguese and English.")))
def voice_check(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Try both."""

    async def act() -> int:
        from hulk.apps.voice import tried  # the modules: not for `--help`
        from hulk.modules.channels.settings import VoiceSettings

        show(await tried(settings_of(config).section(VoiceSettings)), as_json=as_json)
        return 0

    end(act)
