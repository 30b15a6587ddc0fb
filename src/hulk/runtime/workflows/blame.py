"""Whose step a stack is in the middle of, for the watchdog: the frames of the run's context say it."""

from types import FrameType

from hulk.runtime.engine.watchdog import Culprit, frames
from hulk.runtime.workflows.context import RunContext
from hulk.runtime.workflows.executor import Executor

_DOING = RunContext._did.__code__  # noqa: SLF001  # our own: every act is called under it
_EXECUTING = Executor._execute.__code__  # noqa: SLF001


def blame(frame: FrameType) -> Culprit | None:
    """The run and step that the stack ending in `frame` executes; None when it executes no run."""
    for one in frames(frame):
        if one.f_code is _DOING:
            context = one.f_locals["self"]
            return Culprit(run=context.run_id, workflow=context.workflow, step=str(one.f_locals["name"]))
        if one.f_code is _EXECUTING:
            run = one.f_locals["taken"].run
            return Culprit(run=str(run.id), workflow=str(run.workflow), step="")
    return None
