"""A Brazilian retailer's Hulk after its first weeks: some of everything that there is a page for, made as people make it, over HTTP."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from hulk.kernel.time import utc_now
from support.ports import free_port
from support.program import Up, started
from support.site import Site, a_site
from support.twins import openai_twin
from support.twins.systems import system
from support.twins.systems.receiver import SECRET, signed
from support.worlds import repository, sales

PRICE = {"input": "1200", "output": "2100"}
HOURS = {"hours": [{"begin": "22:00", "end": "06:00"}], "channels": ["loja*"]}
PATIENCE_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """It, running. `places` are its pages by name, each with something on it; `site` where the files are that could not be fetched."""

    up: Up
    site: Site
    places: Mapping[str, str]
    folder: Path

    def spoiled(self, more: str) -> dict[str, str]:
        """Its pages, once there is that behind all that people may write freely."""
        with httpx.Client(base_url=self.up.url, timeout=60) as client:
            return {**self.places, **Filling(client, self.folder, self.site.url, more).said()}


@contextmanager
def a_shop(folder: Path) -> Iterator[Shop]:
    """One that has been used for a while."""
    repository(folder / "site")
    sales(folder / "vendas.csv")
    with openai_twin() as models, system("github") as github, system("receiver") as receiver, a_site(folder) as site:
        site.broken = {"/estoque.csv"}
        (folder / "hulk.yaml").write_text(json.dumps(_settings(models, github.url, receiver.url)))
        with started(folder / "data", cwd=folder) as up, httpx.Client(base_url=up.url, timeout=60) as client:
            yield Shop(up=up, site=site, places=Filling(client, folder, site.url)(), folder=folder)


def _settings(models: str, github: str, receiver: str) -> dict[str, Any]:
    hooks = [
        {"name": "loja", "secret": SECRET, "url": f"{receiver}/hulk", "guests": ["operator"]},
        {"name": "n8n", "secret": SECRET, "url": f"http://127.0.0.1:{free_port()}/hulk", "guests": ["operator"]},
    ]
    return {
        "models": {
            "providers": [
                {"name": "cloud", "url": models, "model": "echo", "price": PRICE, "api_key": "right"},
                {"name": "inside", "url": models, "model": "echo", "local": True},
            ]
        },
        "finops": {"budget": {"daily": 50, "monthly": 1000}},
        "router": {"prompts": {"now": "Be brief.", "new": "Be kind."}, "policies": [{"name": "night", "when": HOURS, "max_cost": "9"}]},
        "tools": {
            "http": {"allow": ["127.0.0.1"]},
            "systems": {"github": [{"name": "github", "url": github, "token": "right", "repositories": ["acme/shop"]}]},
        },
        "channels": {"webhook": hooks},
    }


@dataclass(frozen=True, slots=True)
class Filling:
    """Uses a Hulk for a while; gives the places where that can be seen. `more` stands behind whatever people may write freely."""

    client: httpx.Client
    folder: Path
    site: str
    more: str = ""

    def __call__(self) -> dict[str, str]:
        """Some of everything."""
        self._names()
        self._money()
        return {**self.said(), **_fixed()}

    def said(self) -> dict[str, str]:
        """What is written freely: names of people, questions, tickets, messages."""
        self._house()
        return {**self._agents(), **self._work(), **self._talk(), **self._found()}

    def told(self, method: str, path: str, **body: Any) -> Any:
        """What the API answers."""
        answer = self.client.request(method, path, json=None if method == "GET" else body, headers={"accept-language": "pt-BR"})
        assert answer.is_success, (method, path, answer.text)
        return answer.json() if answer.content else None

    def asked(self, text: str, sources: Sequence[Mapping[str, str]] = (), **more: Any) -> str:
        """The id of an intent."""
        return str(self.told("POST", "/v1/intents", text=text, sources=list(sources), **more)["intent_id"])

    def ended(self, text: str, sources: Sequence[Mapping[str, str]] = ()) -> str:
        """The id of one that has ended."""
        id_ = self.asked(text, sources)
        self.client.get(f"/v1/intents/{id_}/events")  # until it has
        return id_

    def _names(self) -> None:
        """What has a name of small letters."""
        for name in ("producao", "homologacao"):
            self.told("POST", "/v1/namespaces", name=name)
        self.told("POST", "/v1/tenants", tenant="filial-sul")
        self.told("PUT", "/v1/tool-rules/tickets", tools=["tickets.*"])
        self.told("PUT", "/v1/ticket-kinds/conferir")

    def _house(self) -> None:
        people = (("Ana Souza", "approver", "*"), ("Bruno Lima", "operator", "producao"), ("Carla Nunes de Albuquerque", "viewer", "*"))
        for name, role, where in people:
            email = f"{name.split()[0].lower()}{'.outra' if self.more else ''}@loja.example"
            self.told("POST", "/v1/people", name=name + self.more, email=email, grants=[{"role": role, "namespace": where}])
        at_home = [{"role": "operator", "namespace": "homologacao"}]
        self.told("POST", "/v1/service-accounts", name="integração contínua" + self.more, grants=at_home)
        self.told("POST", "/v1/keys", name="painel da loja" + self.more, grants=[{"role": "viewer", "namespace": "*"}])
        self.told("PUT", "/v1/tool-servers/painel", title="Painel da loja" + self.more, tools=["tickets.list"])
        self.told("POST", "/v1/tools/tickets.list/calls", arguments={"text": "caixa" + self.more})

    def _money(self) -> None:
        for number, (model, agent) in enumerate((("cloud", "retail"), ("cloud", "commercial"), ("inside", "agency"))):
            body = {"model": model, "messages": [{"role": "user", "content": "bom dia " * (number + 1)}]}
            self.client.post("/v1/chat/completions", json=body, headers={"x-hulk-agent": agent}).raise_for_status()
        self.told("PUT", "/v1/rates", base="USD", quote="BRL", value="5.3521")
        self.told("PUT", "/v1/budgets/varejo", agent="retail", daily="0.4")
        self.told("PUT", "/v1/router/policies", policies=[{"name": "economia", "deny": ["cloud"]}])
        variants = [{"name": name, "value": name, "share": 0.5} for name in ("now", "new")]
        self.told("POST", "/v1/router/experiments", name="mais-breve", about="prompts", variants=variants)

    def _agents(self) -> dict[str, str]:
        """What the agent of sales proposes, waits for a person."""
        self.asked(
            f"Revise as vendas: anomalias, previsão e tickets para o que estiver estranho{self.more}", [self._sales()], agent="retail"
        )
        self._until("/v1/tickets?status=open&kind=tool.approval", "tickets")
        task = self.told("GET", "/v1/agent-tasks")["tasks"][0]
        approval = self.told("GET", "/v1/tickets?status=open&kind=tool.approval")["tickets"][0]["ticket_id"]
        call = self.told("GET", "/v1/tool-calls")["calls"][0]["id"]
        return {
            "approval": f"/console/tickets/{approval}", "agent-task": f"/console/agent-tasks/{task['id']}",
            "tool-call": f"/console/tool-calls/{call}",
        }  # fmt: skip

    def _sales(self) -> dict[str, str]:
        return {"kind": "file", "path": str(self.folder / "vendas.csv"), "name": f"vendas{self.more.replace('/', '')}.csv"}

    def _until(self, path: str, name: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.told("GET", path)[name]:
            assert time.monotonic() < deadline, f"nothing came at {path}"

    def _work(self) -> dict[str, str]:
        answered = self.ended(f"Há anomalias nas vendas por loja em vendas.csv?{self.more}", [self._sales()])
        self.ended(
            f"Quais arquivos mais mudaram nos últimos 30 dias?{self.more}", [{"kind": "repository", "path": str(self.folder / "site")}]
        )
        failed = self.ended(f"Perfil de {self.site}/estoque.csv")  # as it is, so that there is an address in it
        runs = f"/v1/runs?intent={failed}&workflow=ticket&status=failed"
        run = self.told("GET", runs)["runs"][0]["run_id"]
        decision = self.told("GET", f"/v1/intents/{answered}")["decision"]["decision_id"]
        self._schedules()
        return {
            "intent": f"/console/intents/{answered}", "failed intent": f"/console/intents/{failed}",
            "decision": f"/console/router/decisions/{decision}", "run": f"/console/runs/{run}",
            "payload": f"/console/runs/{run}/payloads/input", "trace": f"/console/trace/{failed}",
            "ticket": f"/console/tickets/{self._tickets()}",
        }  # fmt: skip

    def _schedules(self) -> None:
        disk, sold = {"text": "O disco está cheio?" + self.more}, {"text": "As vendas de ontem estão normais?" + self.more}
        weekdays = {"cron": "30 8 * * mon-fri", "timezone": "America/Sao_Paulo"}
        self.told("POST", "/v1/schedules", name="toda hora" + self.more, every="1h", intent=disk, paused=True)
        self.told("POST", "/v1/schedules", name="vendas da véspera" + self.more, **weekdays, intent=sold)

    def _tickets(self) -> str:
        for title, priority in (("Conferir o caixa da loja Centro", "urgent"), ("Ligar para o fornecedor de embalagens", "normal")):
            self.told("POST", "/v1/tickets", kind="conferir", title=title + self.more, assignee="person:", priority=priority)
        body = {
            "title": "Pagar a fatura 17?" + self.more, "priority": "high", "assignee": "person:",
            "input": {"fatura": 17, "valor": "1.234,50", "fornecedor" + self.more: "Embalagens São João Ltda." + self.more},
            "labels": {"loja": "centro", "conta": "fornecedores"},
        }  # fmt: skip
        id_ = self.told("POST", "/v1/tickets", kind="conferir", **body)["ticket_id"]
        self.told("POST", f"/v1/tickets/{id_}/comments", text=f"O valor confere com o pedido.\nFalta o aceite da Ana.{self.more}")
        return str(id_)

    def _talk(self) -> dict[str, str]:
        for channel, number, text in (
            ("loja", 1, "Oi! Há tickets em aberto?"),
            ("loja", 2, "/pessoa"),
            ("n8n", 3, "Há tickets em aberto?"),
        ):
            self._hears(channel, number, text if text.startswith("/") else text + self.more)
        self._until("/v1/conversations?mode=person", "conversations")
        self._hears("loja", 2, "A geladeira que comprei ontem não gela. Podem me ajudar?" + self.more)
        self.told("POST", "/v1/channels/loja/check")
        talk = self.told("GET", "/v1/conversations?mode=person")["conversations"][0]["conversation_id"]
        return {"conversation": f"/console/conversations/{talk}"}

    def _hears(self, channel: str, number: int, text: str) -> None:
        """Somebody writes at a channel."""
        id_, at = f"msg_{number}_{len(text)}", str(int(time.time()))
        who = {"id": f"c{number}", "name": f"Dona Maria{self.more}"}
        body = json.dumps({"text": text, "conversation": f"cliente-{number}", "sender": who}).encode()
        headers = {"webhook-id": id_, "webhook-timestamp": at, "webhook-signature": signed(SECRET, id_, at, body)}
        assert self.client.post(f"/v1/hooks/{channel}", content=body, headers=headers).status_code == 202

    def _found(self) -> dict[str, str]:
        people = self.told("GET", "/v1/people")["people"]
        experiment = self.told("GET", "/v1/router/experiments")["experiments"][0]
        schedule = self.told("GET", "/v1/schedules")["schedules"][0]["schedule_id"]
        contact = self.told("GET", "/v1/channel-contacts")["contacts"][0]
        return {
            "schedule": f"/console/schedules/{schedule}",
            "contact": f"/console/contacts/{contact['channel']}/{quote(contact['sender'], safe='')}",
            "person": f"/console/people/{people[-1]['account_id']}",
            "experiment": f"/console/router/experiments/{experiment['name']}",
        }  # fmt: skip


def _fixed() -> dict[str, str]:
    """Places that are always there."""
    today = utc_now().date()
    return {
        "now": "/console/", "ask": "/console/ask", "ask about the repository": "/console/ask?here=repository",
        "intents": "/console/intents", "tickets": "/console/tickets?status=open",
        "board": "/console/tickets?view=board", "runs": "/console/runs", "failed runs": "/console/runs?status=failed&workflow=ticket",
        "dead letters": "/console/dead-letters", "chosen dead letters": "/console/dead-letters?workflow=ticket&code=unavailable",
        "queues": "/console/queues", "schedules": "/console/schedules", "contacts": "/console/contacts",
        "router": "/console/router", "policies": "/console/router/policies?try=1&spent=90",
        "policy": "/console/router/policies/change?name=economia", "versions": "/console/router/policies/versions",
        "version": "/console/router/policies/versions/1", "experiments": "/console/router/experiments",
        "new experiment": "/console/router/experiments/new", "models": "/console/models", "add a model": "/console/models/add",
        "agents": "/console/agents", "agent": "/console/agents/retail", "tools": "/console/tools", "tool": "/console/tools/tickets.list",
        "tool rules": "/console/tool-rules", "tool calls": "/console/tool-calls",
        "costs": f"/console/costs?by=agent&since={today - timedelta(days=6)}&until={today}", "month": "/console/costs?month=2020-02",
        "budget": "/console/costs/budget?name=varejo",
        "channels": "/console/channels", "channel": "/console/channels/loja", "failing channel": "/console/channels/n8n",
        "add a channel": "/console/add-channel?kind=telegram&name=loja", "conversations": "/console/conversations",
        "people": "/console/people", "tenants": "/console/tenants", "tenant": "/console/tenants/filial-sul", "audit": "/console/audit",
        "audit entry": "/console/audit/1", "settings": "/console/settings?query=server",
        "about": "/console/about", "login": "/console/login", "me": "/console/me",
        "nothing here": "/console/runs/run_01m83d9xgefngaztqg1fgttxk5",
    }  # fmt: skip
