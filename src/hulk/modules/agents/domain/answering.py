"""The answer of a task, put together from what its steps gave. Pure rules."""

import re
from collections.abc import Iterator, Mapping, Sequence

from hulk.kernel.records import Json, JsonObject
from hulk.kernel.text import Text, Voice
from hulk.modules.agents.domain.agent import said_in
from hulk.modules.agents.domain.plan import Block, Node, Plan
from hulk.modules.agents.domain.references import filled
from hulk.modules.agents.domain.task import Made, Task, scope_of

MOST_SOURCES = 20


def answer_of(task: Task, plan: Plan, made: Mapping[str, Made], values: JsonObject, voice: Voice) -> str:
    """Markdown: the blocks of which all steps are done, what could not be done, where it is from, and by what it was written."""
    done = {key for key, one in made.items() if one.status == "done"}
    scope = scope_of(task, made, values)
    blocks = [_written(block, task, scope, voice) for block in plan.answer if block.rests_on <= done]
    return unfetched("\n\n".join(part for part in (*blocks, *_besides(plan, made, voice)) if part.strip()))


_PICTURE = re.compile(r"!(?=\[)(?!\[[^\]]{0,2000}\]\(data:)", re.IGNORECASE)
_TAG = re.compile(
    r"<(?=\s{0,20}(?:audio|base|body|embed|form|frame|iframe|image|img|input|link|meta|object|picture|script|source|style|svg|t[dh]|table|track"
    r"|video)\b)",
    re.IGNORECASE,
)
"""Those by which a page fetches something."""


def unfetched(markdown: str) -> str:
    """Markdown of which nothing is fetched by who shows it: pictures that lie elsewhere become links, and tags that fetch become text. A
    picture's address could carry out what the model had read, with nobody doing anything but looking."""
    return _TAG.sub("&lt;", _PICTURE.sub("", markdown))


def _written(block: Block, task: Task, scope: dict[str, Json], voice: Voice) -> str:
    text = said_in(block.text, task.language)
    if not block.each:
        return str(filled(text, scope) or "")
    found = filled(block.each, scope)
    items = found if isinstance(found, list) else []
    lines = [str(filled(text, {**scope, "item": item})) for item in items[: block.most]]
    if (more := len(items) - len(lines)) > 0:
        lines += ["", voice.say(Text("*{more} more are not shown; at most {most} are.*", more=more, most=block.most))]
    return "\n".join(lines)


def _besides(plan: Plan, made: Mapping[str, Made], voice: Voice) -> Iterator[str]:
    yield _left_out(plan, made, voice)
    yield from (_beyond(node, made[node.key], voice) for node in plan.nodes if node.key in made and made[node.key].left_out)
    steps = [made[node.key] for node in plan.nodes if node.key in made]
    sources = list(dict.fromkeys(source for one in steps for source in one.sources))
    if sources:
        more = len(sources) - MOST_SOURCES
        listed = ", ".join(_linked(one) for one in sources[:MOST_SOURCES]) + (f" (+{more})" if more > 0 else "")
        yield voice.say(Text("**Sources:** {sources}", sources=listed))
    yield _limits(steps, voice)


def _left_out(plan: Plan, made: Mapping[str, Made], voice: Voice) -> str:
    lost = [node for node in plan.nodes if node.key in made and made[node.key].status in ("failed", "skipped")]
    if not lost:
        return ""
    names = ", ".join(f"“{said_in(node.title, voice.language) or node.key}”" for node in lost)
    return voice.say(Text("*Left out, since they could not be done: {steps}.*", steps=names))


def _beyond(node: Node, made: Made, voice: Voice) -> str:
    """That a list had more items than the step is done for."""
    title = said_in(node.title, voice.language) or node.key
    return voice.say(
        Text("*“{step}” left out {left} of its list: it is done for at most {most}.*", step=title, left=made.left_out, most=node.most)
    )


def _limits(steps: Sequence[Made], voice: Voice) -> str:
    """Says so when what was written is of limited quality."""
    models = sorted({one.model for one in steps if one.model and one.limited})
    if models:
        return voice.say(
            Text("*Written by a small model on this machine ({models}): check what it says against the figures.*", models=", ".join(models))
        )
    if any(one.limited for one in steps):
        return voice.say(Text("*Written without a language model: none is configured that may see this. The figures are computed.*"))
    return ""


def _linked(source: str) -> str:
    return f"<{source}>" if source.startswith(("https://", "http://")) else f"`{source}`"
