"""`thor trace`: the whole story of anything that has an id, as a tree."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table
from rich.tree import Tree

from hulk.apps.painting import out
from hulk.apps.terminal import spoken
from hulk.apps.thor.commands import ConfigOption, DataOption, JsonOption, at_desk, show
from hulk.kernel.text import Text

IdArgument = Annotated[
    str, typer.Argument(metavar="ID", help=spoken(Text("The id of an intent, decision, plan, ticket, run, event or trace.")))
]
_STYLES = {"completed": "green", "failed": "red", "cancelled": "red", "running": "cyan", "needs_attention": "yellow"}
LONGEST_NAME = 72


def trace(wanted: IdArgument, config: ConfigOption = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Tell the story."""

    async def act(desk: Any) -> int:
        story = await desk.story(wanted)
        if as_json:
            show(story, as_json=True)
        else:
            out.print(_tree(story["tree"], wanted))
            out.print()
            out.print(_events(story["events"]))
        return 0

    at_desk(config, data, act)


def _tree(node: Mapping[str, Any], wanted: str) -> Tree:
    branch = Tree(_label(node, wanted))
    for part in node["parts"]:
        branch.add(_tree(part, wanted))
    return branch


def _label(node: Mapping[str, Any], wanted: str) -> str:
    """Kind and id, what it is called, how it stands, how long it took, what it cost."""
    name = " ".join(str(node["name"]).split())
    short = name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"
    status = node["status"]
    parts = [
        f"[bold]{node['kind']}[/]", "" if node["kind"] in ("step", "artefact") else escape(node["id"]), escape(short),
        f"[{_STYLES.get(status, 'dim')}]{escape(status)}[/]" if status else "",
        "" if node["seconds"] is None else f"[dim]{node['seconds']:.3f} s[/]",
        "" if node["cost"] is None else f"{node['cost']['currency']} {node['cost']['amount']}",
    ]  # fmt: skip
    label = "  ".join(part for part in parts if part)
    return f"[reverse]{label}[/]" if node["id"] == wanted else label


def _events(events: list[Mapping[str, Any]]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("time", "type", "subject", "actor", "event_id"):
        table.add_column(name, no_wrap=True)
    for event in events:
        table.add_row(*(escape(str(event[name])) for name in ("time", "type", "subject", "actor", "event_id")))
    return table
