"""`thor queues`: the queues of all processes, pause, resume."""

from typing import Annotated

import typer

from hulk.apps.terminal import spoken
from hulk.apps.thor.commands import ConfigOption, DataOption, JsonOption, ReasonOption, alone, group, listed
from hulk.kernel.text import Text

app = group(Text("The queues with what stands in them, or one of these acts."), bare=True)

QueueArgument = Annotated[str, typer.Argument(help=spoken(Text("The queue's name, from `thor queues`.")))]


@app.callback()
def queues(context: typer.Context, config: ConfigOption = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """The queues."""
    if alone(context):
        listed(config, data, lambda desk: desk.helm.queues(), as_json=as_json)


@app.command("pause", help=spoken(Text("Let nothing more of a queue begin; what runs goes on to its end.")))
def queues_pause(
    queue: QueueArgument,
    reason: Annotated[str, typer.Option("--reason", help=spoken(Text("Why, for whoever wonders.")))],
    config: ConfigOption = None, data: DataOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Pause a queue."""
    listed(config, data, lambda desk: desk.helm.pause(queue, reason), as_json=as_json)


@app.command("resume", help=spoken(Text("Let a paused queue go on.")))
def queues_resume(
    queue: QueueArgument, reason: ReasonOption = "", config: ConfigOption = None, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Let a queue go on."""
    listed(config, data, lambda desk: desk.helm.resume(queue, reason), as_json=as_json)
