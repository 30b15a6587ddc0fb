"""An agent on a model server, in a worker process of its own that kills itself in the middle when told to:
`python -m support.agents <store url> <folder> <nats url> <user> <password> <model url> <die|live>`; ends at SIGTERM."""

import asyncio
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from hulk.kernel.durable import Context, Outcome
from hulk.kernel.records import JsonObject
from hulk.runtime.bus import Address, connect
from hulk.runtime.outbox import Outbox
from hulk.runtime.store import opened
from hulk.runtime.workflows import Workflows, workflow
from hulk.runtime.workflows.agents import HulkDurability, durable
from support.runs import KEY


async def main(store_url: str, folder: str, nats: str, user: str, password: str, model: str, mood: str) -> None:
    """Work until told to end."""
    ending = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending.set)
    agent = Agent(
        OpenAIChatModel("echo", provider=OpenAIProvider(base_url=model, api_key="right")),
        name="echo",
        capabilities=[HulkDurability[None]()],
    )

    async def die() -> Outcome[None]:
        if mood == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        return Outcome(None)

    async def body(context: Context, _: JsonObject) -> JsonObject:
        with durable(context):
            first = await agent.run("one")
            second = await agent.run(f"then {first.output}")
            await context.step("die", die)
            third = await agent.run(f"then {second.output}")
        return {"said": third.output}

    async with opened(store_url, Path(folder)) as store, connect(Address(urls=(nats,), user=user, password=password)) as bus:
        workflows = Workflows(store, bus, Outbox(store, KEY), slots=2, queue_size=1000, limit=timedelta(seconds=10))
        workflows.register("agent", workflow(body))
        async with workflows.working(sole=False, grace=timedelta(seconds=2)):
            print("working", flush=True)
            await ending.wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
