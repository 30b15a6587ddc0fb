"""A model that always does what a good one would, behind OpenAI's API, and counts all that it is sent and sends.

It stands for no model's cleverness: it splits what asks for several things, calls the tools that each of them takes, at once where they do
not hang on one another, and answers in as many words whoever asks. So what differs between two ways of asking it is what they send.
"""

import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

from aiohttp import web

CHARACTERS = 4
"""Of a token: what most models' vendors give as a rule of thumb. Both ways are counted alike."""
WORDS = 60
"""Of an answer, for each thing that was asked for."""
MOST_TICKETS = 5
Json: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Topic:
    """Something that may be asked for: whose it is, the words that mean it, and the tools that it takes, on the file with `file` in its
    name. `then` is called for each of the first tool's follow-ups when `also` is asked for."""

    agent: str
    means: str
    tools: tuple[str, ...]
    file: str = ""
    also: str = r"ticket|chamado|ordens|orders"
    then: str = ""


TOPICS = (
    Topic("industrial", r"sensor|leitura|reading", ("skills__data_anomalies",), "reading", then="tickets__create"),
    Topic("commercial", r"carteira|pipeline", ("skills__data_profile",), "deal", then="tickets__create"),
    Topic("retail", r"forecast the sales", ("skills__data_forecast",), "sales"),
    Topic("retail", r"estranho nas vendas", ("skills__data_anomalies",), "sales"),
    Topic(
        "retail", r"revis[ea].*vendas|sales review", ("skills__data_anomalies", "skills__data_forecast"), "sales", then="tickets__create"
    ),
    Topic("agency", r"sprint", ("github__sprint_status",)),
    Topic("orchestrator", r"tickets est|tickets are", ("tickets__list",)),
)


def tokens(value: Any) -> int:
    """Of a text, or of anything as JSON."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return -(-len(text) // CHARACTERS)


def sent_tokens(body: Json) -> int:
    """Of all that a request carries that a model reads: messages with the calls in them, tools, the form of the answer."""
    form = (body.get("response_format") or {}).get("json_schema")
    return sum(tokens(one) for one in (*body["messages"], *body.get("tools", ()), *([form] if form else [])))


def message(body: Json) -> dict[str, Any]:
    """What it says to a request."""
    form = (body.get("response_format") or {}).get("json_schema", {}).get("schema", {})
    if "steps" in form.get("properties", {}):
        return {"content": json.dumps(_plan(_asked(body)), ensure_ascii=False)}
    calls = _calls(body) if body.get("tools") else []
    if not calls:
        return {"content": " ".join(["palavra"] * WORDS * max(1, len(_topics(_asked(body)))))}
    functions = [{"name": name, "arguments": json.dumps(arguments, ensure_ascii=False)} for name, arguments in calls]
    turn = len(body["messages"])
    named = [{"id": f"call_{turn}_{place}", "type": "function", "function": one} for place, one in enumerate(functions)]
    return {"content": None, "tool_calls": named}


def _asked(body: Json) -> str:
    return next((str(one["content"]) for one in reversed(body["messages"]) if one["role"] == "user"), "")


def _topics(text: str) -> Sequence[Topic]:
    """What a text asks for, in its order; what is to be read is no question."""
    question = re.sub(r"<dados.*?</dados>", "", text, flags=re.DOTALL).lower()
    found = [(place.start(), topic) for topic in TOPICS if (place := re.search(topic.means, question))]
    return [topic for _, topic in sorted(found, key=lambda one: one[0])]


def _plan(text: str) -> Json:
    """One step for each thing, in the words in which it was asked for."""
    question = re.sub(r"<dados.*?</dados>", "", text, flags=re.DOTALL).strip().split("\n")[-1]
    parts = re.split(r"; e também |; |\? | and then ", question)
    steps: list[Json] = [
        {"key": f"step_{place}", "agent": topic.agent, "goal": part, "after": [], "tools": [*topic.tools, *_more(topic, part)]}
        for place, part in enumerate(parts)
        for topic in _topics(part)[:1]
    ]
    return {"facts": [], "to_find": [step["goal"] for step in steps], "guesses": [], "steps": steps}


def _more(topic: Topic, part: str) -> Sequence[str]:
    """What it takes for what follows, when that is asked for too."""
    return [topic.then] if topic.then and re.search(topic.also, part, re.IGNORECASE) else []


def _calls(body: Json) -> Sequence[tuple[str, Json]]:
    """The tools that it wants now, of those that it is offered: first those that hang on nothing, then what follows from them."""
    text, offered = _asked(body), {one["function"]["name"] for one in body["tools"]}
    results = [str(one["content"]) for one in body["messages"] if one["role"] == "tool"]
    asked = sum(len(one.get("tool_calls") or ()) for one in body["messages"])
    topics = _topics(text)
    first = [(tool, _arguments(topic, text)) for topic in topics for tool in topic.tools if tool in offered]
    if not asked:
        return first
    if asked > len(first):
        return []
    follow = next((topic for topic in topics if topic.then in offered and re.search(topic.also, text, re.IGNORECASE)), None)
    return [] if follow is None else [(follow.then, one) for one in _follow_ups(results)][:MOST_TICKETS]


def _arguments(topic: Topic, text: str) -> Json:
    """On its file, as the task was handed it."""
    if not topic.file:
        return {}
    return {"table": next((one for one in _files(text) if topic.file in one.get("name", "")), {})}


def _files(text: str) -> Iterator[Json]:
    for found in re.findall(r"<dados fonte=\"step\">\n(.*?)\n</dados>", text, flags=re.DOTALL):
        yield from json.loads(found).get("files", ())


def _follow_ups(results: Sequence[str]) -> Iterator[Json]:
    """A ticket for each line that the first tool's answer shows in its tables, as a model would take them from there."""
    for line in results[0].splitlines() if results else ():
        if line.startswith("| ") and not line.startswith("| ---") and any(character.isdigit() for character in line):
            yield {"kind": "data.anomaly", "title": line.strip("| ")[:120], "person": "*"}


@dataclass
class Counterpart:
    """Where it is, and how often it was asked."""

    url: str
    asked: int = 0


@asynccontextmanager
async def counterpart() -> AsyncIterator[Counterpart]:
    """The server, while the block runs."""
    found = Counterpart("")

    async def answer(request: web.Request) -> web.Response:
        body = await request.json()
        found.asked += 1
        said = message(body)
        read, written = sent_tokens(body), tokens(said["content"] or said["tool_calls"])
        choice = {"index": 0, "message": {"role": "assistant", **said}, "finish_reason": "tool_calls" if "tool_calls" in said else "stop"}
        usage = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
        whole = {"id": f"chatcmpl-{found.asked}", "object": "chat.completion", "created": 0, "model": "counterpart"}
        return web.json_response({**whole, "choices": [choice], "usage": usage})

    app = web.Application(client_max_size=1 << 26)
    app.router.add_post("/v1/chat/completions", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield found
    finally:
        await runner.cleanup()
