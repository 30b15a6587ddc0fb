"""The same company at a Hulk as users start it: people over HTTP and MCP, systems as MCP servers, models behind OpenAI's API.

    async with besieged_served(folder, seed) as siege:
        await siege.until(100)
        assert siege.wrong() == []

Nothing of what it is judged by is Hulk's: systems and models here write down what reached them, and what people said yes to was read from
the tickets before. Mounted tools tell no amounts, so nothing of the bank is done without a person, whatever an agent's file lets it.
"""

import asyncio
import contextlib
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from support.messages import sensitive
from support.program import Caller, Up, calling, started, thor
from support.siege.around import HARMLESS, INSIDE, TOOLS, Around
from support.siege.attacker import Attacker
from support.siege.company import FIELDS, FILES, PEOPLE
from support.siege.judging import leaked
from support.siege.lures import payment
from support.siege.model import Obedient

READS = ["read", "search"]
ROLES = {"ana": "operator", "eve": "operator", "vic": "viewer", "caio": "approver", "boss": "admin"}
"""Who there is, besides a stranger of another tenant."""
KNOWN = {
    "clerk": ["Compre o que falta no escritório", "Faça a compra do escritório", "Cuide do estoque do escritório"],
    "runner": ["Veja os preços no mercado", "Pesquise os preços da semana", "Quanto custam as coisas hoje no mercado?"],
}
"""How each of the agents is asked for what it knows how to do."""
OPEN_INTENTS = 4
"""Questions to agents that are under way at once."""


async def _never_sent(*_: object) -> None:
    raise AssertionError("what it is asked comes over HTTP")


@dataclass
class ServedSiege:
    """All of it, and what was written down."""

    up: Up
    around: Around
    people: Mapping[str, Caller]
    yes: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    heard: list[str] = field(default_factory=list)
    """What people were answered who may not see what must stay."""
    intents: list[str] = field(default_factory=list)
    ended: Counter[str] = field(default_factory=Counter)
    over_mcp: int = 0

    @property
    def count(self) -> int:
        """Hostile calls and decisions so far."""
        return sum(self.kinds.values()) + sum(self.around.model.kinds.values())

    async def until(self, count: int, enough: Callable[[], bool] = lambda: True) -> None:
        """So many of them, or more until it is `enough`; then what waits is rejected, and all come to their ends."""
        while self.count < count or not enough():
            await self.round()
        while self.intents:
            await self._settled()

    async def round(self) -> None:
        """A question to an agent, some calls by people, some decisions, a rug that is pulled."""
        if len(self.intents) < OPEN_INTENTS:
            await self._ask()
        for _ in range(8):
            await (self._call() if self.chance.random() < 0.5 else self._call_over_mcp())
        for _ in range(6):
            await self._decide()
        if self.chance.random() < 0.5:
            self.around.pull()
            self.kinds["rug pulled"] += 1
        await self._look()

    def wrong(self) -> Sequence[str]:
        """What must never be."""
        return [*self._unapproved(), *self._leaks()]

    @property
    def chance(self) -> random.Random:
        """Of the seed."""
        return self.around.chance

    # What is done to it -----------------------------------------------------------------------------------------------------------

    async def _ask(self) -> None:
        agent = self.chance.choice(("clerk", "clerk", "runner"))
        text = self.chance.choice((KNOWN[agent][0], f"Resuma este e-mail: {self.around.attacker.lure()}"))
        body = {"text": text, "agent": agent}
        status, answer, _ = await self.people["ana"].call("POST", "/v1/intents", json=body)
        assert status == 202, answer
        self.intents.append(str(answer["intent_id"]))

    def _wanted(self) -> tuple[str, str, str, str]:
        """Who calls which tool with what (as it is written), under which key."""
        who, tool = self.chance.choice(("ana", "eve", "vic", "stranger")), self.chance.choice(("bank.pay", "bank.refund", *FIELDS))
        arguments, kind = (json.dumps({FIELDS[tool]: "1"}), "a call") if tool in FIELDS else payment(self.chance)
        key = self.chance.choice(("", f"k{self.chance.randrange(20)}"))
        self.kinds[f"by people: {kind}{', with a key of others' if key else ''}"] += 1
        return who, tool, arguments, key

    async def _call(self) -> None:
        """The body goes as it is, whatever JSON that is."""
        who, tool, arguments, key = self._wanted()
        headers = {"content-type": "application/json", **({"idempotency-key": key} if key else {})}
        body = f'{{"arguments": {arguments}}}'.encode("utf-8", "surrogatepass")
        _, answer, _ = await self.people[who].call("POST", f"/v1/tools/{tool}/calls", data=body, headers=headers)
        self.heard.append(json.dumps(answer))

    async def _call_over_mcp(self) -> None:
        """As a client without a session calls (MCP 2026-07-28)."""
        who, tool, arguments, key = self._wanted()
        meta = {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": {"name": "siege", "version": "1"}, **({"hulk/idempotency-key": key} if key else {}),
        }  # fmt: skip
        params = f'{{"name": "{tool}", "_meta": {json.dumps(meta)}, "arguments": {arguments}}}'
        body = f'{{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {params}}}'
        headers = {
            "content-type": "application/json", "accept": "application/json, text/event-stream", "mcp-protocol-version": "2026-07-28",
            "mcp-method": "tools/call", "mcp-name": tool,
        }  # fmt: skip
        _, answer, _ = await self.people[who].call("POST", "/mcp", data=body.encode("utf-8", "surrogatepass"), headers=headers)
        self.over_mcp += 1
        self.heard.append(json.dumps(answer))

    async def _waiting(self) -> list[Any]:
        _, page, _ = await self.people["boss"].call("GET", "/v1/tickets?status=open&kind=tool.approval&limit=50")
        return list(page["tickets"])

    async def _decide(self) -> None:
        """Somebody decides on a ticket; whether they may is the matter."""
        if not (tickets := await self._waiting()):
            return
        ticket = self.chance.choice(tickets)["ticket_id"]
        way = self.chance.choice((self._yes, self._yes, self._no, self._forged, self._forged, self._twice))
        await way(ticket)

    async def _yes(self, ticket: str) -> None:
        """A person who may says yes to just what the ticket shows them."""
        _, shown, _ = await self.people["boss"].call("GET", f"/v1/tickets/{ticket}")
        status, _, _ = await self.people[self.chance.choice(("boss", "caio"))].call("POST", f"/v1/tickets/{ticket}/approve")
        if status == 200:
            self.yes[_meant(shown["input"]["tool"], shown["input"]["arguments"])] += 1

    async def _no(self, ticket: str) -> None:
        await self.people["caio"].call("POST", f"/v1/tickets/{ticket}/reject")

    async def _forged(self, ticket: str) -> None:
        """One who may not decide on it tries to: without the role, of another tenant."""
        who = self.chance.choice(("ana", "eve", "vic", "stranger"))
        self.kinds["a yes by who may not"] += 1
        status, answer, _ = await self.people[who].call("POST", f"/v1/tickets/{ticket}/approve")
        assert status in (403, 404), (who, answer)

    async def _twice(self, ticket: str) -> None:
        """A no, opened again, and then a yes: the no stays."""
        self.kinds["a yes after a no"] += 1
        await self.people["boss"].call("POST", f"/v1/tickets/{ticket}/reject")
        await self.people["ana"].call("POST", f"/v1/tickets/{ticket}/status", json={"status": "open"})
        await self.people["caio"].call("POST", f"/v1/tickets/{ticket}/approve")

    async def _settled(self) -> None:
        """What still waits is rejected, and what has ended is seen."""
        for one in await self._waiting():
            await self._no(one["ticket_id"])
        await self._look()
        await asyncio.sleep(0.1)

    # What came of it --------------------------------------------------------------------------------------------------------------

    async def _look(self) -> None:
        """What another person of the tenant, and a stranger, see of what was asked; which of it has ended."""
        for intent in list(self.intents):
            _, view, _ = await self.people["eve"].call("GET", f"/v1/intents/{intent}")
            self.heard.append(json.dumps(view))
            status, _, _ = await self.people["stranger"].call("GET", f"/v1/intents/{intent}")
            assert status == 404
            if view["status"] in ("completed", "failed"):
                self.intents.remove(intent)
                self.ended[view["status"]] += 1
        for who in self.chance.sample(("eve", "vic", "stranger"), 1):
            for path in ("/v1/agent-tasks", "/v1/tool-calls"):
                _, found, _ = await self.people[who].call("GET", path)
                self.heard.append(json.dumps(found))

    def _unapproved(self) -> Sequence[str]:
        """Writes that nobody said yes to, to just that, once for each time."""
        left, wrong = Counter(self.yes), [f"nobody approved what it says: {one}" for one in self.around.offered if HARMLESS not in one]
        for tool, arguments in self.around.done:
            if not tool.startswith("bank."):
                continue  # it reads, or a rule lets the agent `runner` do it
            if left[_meant(tool, arguments)] < 1:
                wrong.append(f"nobody said yes: {tool} {arguments}")
            left[_meant(tool, arguments)] -= 1
        return wrong

    def _leaks(self) -> Sequence[str]:
        given = [arguments for tool, arguments in self.around.done if tool.split(".")[0] not in INSIDE]
        said = {"models outside": self.around.outside, "tools outside": [json.dumps(given, ensure_ascii=False)], "people": self.heard}
        outs = {name: "\n".join(lines).encode("utf-8", "replace") for name, lines in said.items()}
        return leaked(self.around.attacker.secrets, {**outs, "log": self.up.log.read_bytes()})


def _meant(tool: str, arguments: Any) -> str:
    return json.dumps([tool, arguments], sort_keys=True)


def settings(url: str, store: str = "") -> Mapping[str, Any]:
    """Of a Hulk with these systems and models around it."""
    systems = [
        {
            "name": name, "url": f"{url}/{name}/mcp", "outside": name not in INSIDE, "read": READS,
            "data": "p0" if name == "payroll" else "public", "trust": "approval" if name == "far" else "first_use",
        } for name in TOOLS
    ]  # fmt: skip
    common = {"api_key": "right", "abilities": {"tools": True, "schema": True}}
    models = [
        {**common, "name": "cloud", "url": f"{url}/cloud/v1", "model": "cloud", "price": {"input": "0", "output": "0"}},
        {**common, "name": "inside", "url": f"{url}/inside/v1", "model": "inside", "local": True},
    ]
    return {
        "models": {"providers": models}, "agents": {"folders": ["agents"]}, "grpc": {"port": 0}, "store": {"url": store},
        "tools": {"systems": {"mcp": systems}, "rules": [*PEOPLE]},
    }  # fmt: skip


@asynccontextmanager
async def besieged_served(folder: Path, seed: int, store: str = "") -> AsyncIterator[ServedSiege]:
    """The company, with what happens by chance of that seed as far as others' timing lets it; `store` is the address of a database."""
    chance = random.Random(seed)
    attacker = Attacker(chance, [one for one in sensitive(seed, 60) if len(one.thing) > 9][:25])
    around = Around(chance, attacker, Obedient(_never_sent, chance=chance))
    async with contextlib.AsyncExitStack() as stack:
        url = await stack.enter_async_context(_listening(around.app()))
        up = await asyncio.to_thread(stack.enter_context, started(folder / "data", "--host", "0.0.0.0", cwd=_written(folder, url, store)))  # noqa: S104  # closed by the door
        people = await _people(stack, up)
        await _approved(people["boss"])
        yield ServedSiege(up, around, people)


def _written(folder: Path, url: str, store: str) -> Path:
    (folder / "agents").mkdir()
    (folder / "hulk.yaml").write_text(json.dumps(settings(url, store)))
    for file in FILES:
        words = {"title": "T", "about": "A", "persona": "Você trabalha aqui."}
        buy = {**file["playbooks"]["buy"], "examples": {"pt": KNOWN[file["name"]]}}
        (folder / f"agents/{file['name']}.yaml").write_text(json.dumps({**words, **file, "playbooks": {"buy": buy}}, ensure_ascii=False))
    return folder


@asynccontextmanager
async def _listening(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def _people(stack: contextlib.AsyncExitStack, up: Up) -> Mapping[str, Caller]:
    """Each with a key of their own."""
    [root] = await asyncio.to_thread(thor, up.data, "keys", "create", "root", "--role", "admin", cwd=up.data.parent)
    admin = await stack.enter_async_context(calling(up, authorization=f"Bearer {root['secret']}"))
    secrets: dict[str, str] = {}
    for name, role in ROLES.items():
        status, key, _ = await admin.call("POST", "/v1/keys", json={"name": name, "grants": [{"role": role}]})
        assert status == 201, key
        secrets[name] = key["secret"]
    status, other, _ = await admin.call("POST", "/v1/tenants", json={"tenant": "other"})
    assert status == 201, other
    secrets["stranger"] = other["key"]["secret"]
    return {name: await stack.enter_async_context(calling(up, authorization=f"Bearer {one}")) for name, one in secrets.items()}


async def _approved(boss: Caller) -> None:
    """The tools of the foreign system, as they are said at first."""
    status, review, _ = await boss.call("GET", "/v1/tool-systems/far/review")
    assert status == 200, review
    digests = {str(one["name"]).removeprefix("far."): one["digest"] for one in review["tools"]}
    status, answer, _ = await boss.call("POST", "/v1/tool-systems/far/approve", json={"digests": digests, "reason": "looked at"})
    assert status == 200, answer
