"""The files that the steps of a task made: charts and tables that go with its answer. Pure rules."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from hulk.modules.agents.domain.plan import in_order
from hulk.modules.agents.domain.task import Made, Task
from hulk.modules.tools import File


def files_made(task: Task, made: Mapping[str, Made], *, sensitive: bool) -> Sequence[File]:
    """Those of the steps that were done, in the order of the plan, each with a name of its own. `sensitive`: with those of steps that have
    to do with what must stay in the company, or whose answer has."""
    if task.plan is None or (task.p0 and not sensitive):
        return ()
    found: dict[str, File] = {}
    steps = [made[node.key] for node in in_order(task.plan.nodes) if node.key in made]
    for one in steps:
        if one.status == "done" and (sensitive or not one.p0):
            found |= {file.name: file for file in _named(one, found)}
    return tuple(found.values())


def _named(made: Made, taken: Mapping[str, File]) -> Iterator[File]:
    """Under a name that no other has: that of its step goes before it, and a number where that is not enough."""
    names = set(taken)
    for file in made.files:
        tries = (file.name, f"{made.key}-{file.name}", *(f"{made.key}-{number}-{file.name}" for number in range(2, len(made.files) + 2)))
        name = next(one for one in tries if one not in names)
        names.add(name)
        yield replace(file, name=name)
