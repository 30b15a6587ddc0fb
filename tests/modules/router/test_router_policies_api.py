"""`/v1/router/policies` as it is served, and `thor router policies`."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hulk.apps.audit_key import audit_key
from hulk.apps.policies import PolicyRows
from hulk.apps.settings import SECTIONS
from hulk.kernel.errors import NotFound, Refused
from hulk.kernel.tenancy import Grant, Principal
from hulk.modules.audit.settings import AuditSettings
from hulk.modules.router.adapters.memory import MemoryPolicySets
from hulk.modules.router.api.policies import routes
from hulk.modules.router.domain.model import Model
from hulk.modules.router.settings import ModelsSettings, RouterSettings
from hulk.modules.router.usecases.policies import PolicyActs, Rulebook, policy_acts
from hulk.modules.router.wiring import policy_acts_of
from hulk.runtime.config import load
from hulk.runtime.language import voice
from hulk.runtime.outbox import Outbox
from support.memory import Told, at_once
from support.postgres import Postgres
from support.program import thor
from support.served import application, served
from support.stores import a_store

NOON = datetime(2026, 11, 20, 15, tzinfo=UTC)
MODELS = tuple(Model(name=name, url="http://x", model="m", local=name == "local") for name in ("local", "cloud"))
HOUSE = {
    "name": "house", "when": {"tenants": ["acme", "bolt-secret"], "channels": ["web*"]}, "deny": ["cloud"], "max_time": "30s", "mask": True,
}  # fmt: skip
WHOLE: dict[str, Any] = {
    "name": "night", "allow": ["loc*", "cloud"], "deny": [], "max_cost": "0.050", "max_time": "1m30s",
    "when": {
        "channels": ["telegram"], "agents": ["retail"], "sensitivity": "public", "spent": "0.8",
        "hours": [{"begin": "22:00:00", "end": "06:30:00", "zone": "UTC", "days": ["fri"]}],
    },
}  # fmt: skip


@dataclass
class Site:
    client: aiohttp.ClientSession
    trail: Told

    async def ask(self, method: str, path: str = "", body: Any = None, **headers: str) -> tuple[int, Any, str]:
        """Status, body and ETag."""
        said = {"accept-language": "en", "content-type": "application/json", **headers}
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        async with self.client.request(method, f"/v1/router/policies{path}", data=data, headers=said) as answer:
            return answer.status, await answer.json(content_type=None), answer.headers.get("etag", "")

    async def put(self, *policies: Any, follows: str | None = None, **more: Any) -> tuple[int, Any, str]:
        headers = {} if follows is None else {"if-match": follows}
        return await self.ask("PUT", "", {"policies": list(policies), **more}, **headers)


def acts_of(trail: Told) -> PolicyActs:
    config = load(SECTIONS, overrides={"router.policies": [HOUSE, {"name": "bolts", "when": {"tenants": ["bolt-secret"]}, "deny": ["*"]}]})
    settings = tuple(one.policy() for one in config.section(RouterSettings).policies)
    return policy_acts(MemoryPolicySets(), Rulebook(settings, MODELS), trail, at_once, lambda: NOON)


async def acme(_: str | None, __: str) -> Principal:
    return Principal(tenant="acme", actor="ana", grants=(Grant("admin"),))


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    trail = Told()
    async with served(application([routes(acts_of(trail))], authenticate=acme)) as client:
        yield Site(client, trail)


async def test_what_is_put_is_shown_as_it_can_be_put_again(site: Site) -> None:
    status, body, tag = await site.put(WHOLE, reason="cheap at night")
    assert (status, tag, body["version"], body["by"], body["reason"]) == (200, '"1"', 1, "ana", "cheap at night")
    assert (body["changes"], body["policies"]) == (["“night” is new"], [WHOLE])
    status, shown, tag = await site.ask("GET", "/versions/1")
    assert (status, shown["policies"], shown["at"]) == (200, [WHOLE], "2026-11-20T15:00:00.000000Z")
    assert (await site.put(*shown["policies"]))[1]["version"] == 1


async def test_the_settings_come_first_and_name_no_other_tenant(site: Site) -> None:
    status, body, tag = await site.ask("GET")
    assert (status, tag, body["version"], [one["name"] for one in body["policies"]]) == (200, '"0"', 0, ["house"])
    assert (body["policies"][0]["origin"], body["policies"][0]["mask"]) == ("settings", True)
    await site.put(WHOLE)
    status, body, tag = await site.ask("GET")
    assert (tag, [(one["name"], one["origin"]) for one in body["policies"]]) == ('"1"', [("house", "settings"), ("night", "own")])
    assert "bolt" not in json.dumps(body)
    assert body["problems"] == []


async def test_of_two_who_follow_the_same_version_the_second_is_told(site: Site) -> None:
    assert (await site.put({"name": "a"}, follows='"0"'))[0] == 200
    status, body, _ = await site.put({"name": "b"}, follows='"0"')
    assert (status, body["code"] if "code" in body else body["type"]) == (409, "urn:hulk:problem:conflict")
    assert "version 1 now, not 0" in body["detail"]
    assert [(await site.put({"name": name}, follows=tag))[0] for name, tag in (("c", '"1"'), ("d", "*"), ("e", "3"))] == [200] * 3
    assert (await site.put({"name": "f"}, follows='W/"x"'))[1]["errors"][0]["field"] == "header.If-Match"


async def test_a_trial_tells_and_changes_nothing(site: Site) -> None:
    status, body, tag = await site.put({"name": "a"}, dry_run=True)
    assert (status, body["dry_run"], body["changes"], body["version"], tag) == (200, True, ["“a” is new"], 0, '"0"')
    assert (await site.ask("GET", "/versions"))[1] == {"versions": []}
    assert site.trail.events == []


async def test_an_old_version_is_compared_and_put_in_force_again(site: Site) -> None:
    for cost in ("1", "2", "3"):
        await site.put({"name": "a", "max_cost": cost})
    status, body, tag = await site.ask("POST", "/versions/1/restore", {"reason": "it was right"})
    assert (status, body["version"], body["restored"], body["reason"], tag) == (200, 4, 1, "it was right", '"4"')
    assert body["changes"] == ["“a”: max_cost was 3, is 1"]
    assert (await site.ask("GET", "/versions/3?against=1"))[1]["changes"] == ["“a”: max_cost was 1, is 3"]
    listed = (await site.ask("GET", "/versions?limit=2"))[1]["versions"]
    assert [(one["version"], one["restored"], one["size"]) for one in listed] == [(4, 1, 1), (3, None, 1)]
    assert [one["version"] for one in (await site.ask("GET", "/versions?before=3"))[1]["versions"]] == [2, 1]
    assert (await site.ask("POST", "/versions/1/restore", None, **{"if-match": '"3"'}))[0] == 409


@pytest.mark.parametrize("number", ["0", "9", "x", "-1", "1.0", "99999999999999999999", "%31x", "²"])
async def test_what_is_no_version_is_not_there(number: str, site: Site) -> None:
    await site.put({"name": "a"})
    assert (await site.ask("GET", f"/versions/{number}"))[0] == 404
    assert (await site.ask("POST", f"/versions/{number}/restore"))[0] == 404


async def test_what_would_hold_is_told_with_reasons(site: Site) -> None:
    await site.put({"name": "thrifty", "when": {"spent": "0.8"}, "max_cost": "0.05"})
    body = {"channel": "web", "at": "2026-11-20T22:00:00-03:00", "spent": "0.9"}
    status, found, _ = await site.ask("POST", "/check", body)
    assert (status, found["circumstances"]["at"], found["mask"]) == (200, "2026-11-21T01:00:00.000000Z", True)
    assert [(one["name"], one["origin"], one["applies"]) for one in found["policies"]] == [
        ("house", "settings", True), ("thrifty", "own", True),
    ]  # fmt: skip
    assert found["models"] == [
        {"model": "local", "may": True, "why": "No policy objects."},
        {"model": "cloud", "may": False, "why": "cloud is not asked: the policy “house” denies it."},
    ]
    assert (found["max_cost"], found["max_time"]) == ({"value": "0.05", "policy": "thrifty"}, {"seconds": 30.0, "policy": "house"})
    words = (await site.ask("POST", "/check", body, **{"accept-language": "pt"}))[1]["policies"][1]["why"]
    assert words == "Vale: 0.9 do orçamento do mês foi usado, e ela começa em 0.8."


async def test_what_would_hold_is_told_of_policies_that_do_not_hold_yet(site: Site) -> None:
    await site.put({"name": "strict", "deny": ["local"]})
    _, found, _ = await site.ask("POST", "/check", {"policies": [{"name": "mild", "when": {"channels": ["shop"]}}]})
    assert [(one["name"], one["applies"]) for one in found["policies"]] == [("house", False), ("mild", False)]
    assert [one["may"] for one in found["models"]] == [True, True]
    status, problem, _ = await site.ask("POST", "/check", {"policies": [{"name": "a", "allow": ["gpt"]}]})
    assert (status, problem["errors"][0]["field"]) == (422, "policies[0].allow[0]")


BAD: list[Any] = [
    pytest.param({"policies": [{"name": "a", "allow": ["cloud"], "deny": ["cloud"]}]}, "policies[0].allow", id="contradicts itself"),
    pytest.param({"policies": [{"name": "a", "allow": ["local"]}, {"name": "b", "allow": ["cloud"]}]}, "policies[0]", id="none left"),
    pytest.param({"policies": [{"name": "a", "allow": ["gpt"]}]}, "policies[0].allow[0]", id="unknown model"),
    pytest.param({"policies": [{"name": "house"}]}, "policies[0].name", id="a name of the settings"),
    pytest.param(
        {"policies": [{"name": "a", "when": {"hours": [{"begin": "08:00", "end": "09:00", "zone": "Brasil"}]}}]},
        "body.policies[0].when.hours[0].zone",
        id="unknown zone",
    ),
    pytest.param(
        {"policies": [{"name": "a", "when": {"hours": [{"begin": "08:00", "end": "09:00", "zone": "../../etc/passwd"}]}}]},
        "body.policies[0].when.hours[0].zone",
        id="a zone that is a path",
    ),
    pytest.param(
        {"policies": [{"name": "a", "when": {"hours": [{"begin": 1320, "end": "09:00"}]}}]},
        "body.policies[0].when.hours[0].begin",
        id="a time without quotes",
    ),
    pytest.param(
        {"policies": [{"name": "a", "when": {"hours": [{"begin": "08:00Z", "end": "09:00"}]}}]},
        "body.policies[0].when.hours[0].begin",
        id="a time with a zone",
    ),
    pytest.param({"policies": [{"name": f"p{n}"} for n in range(10_000)]}, "body.policies", id="10,000 policies"),
    pytest.param({"policies": [{"name": "a\x07b"}]}, "body.policies[0].name", id="a control character"),
    pytest.param({"policies": [{"name": "a\x00"}]}, "body.policies[0].name", id="a NUL"),
    pytest.param({"policies": [{"name": "a\x85"}]}, "body.policies[0].name", id="a control character beyond ASCII"),
    pytest.param(b'{"policies": [{"name": "a\\ud800"}]}', "body.policies[0].name", id="half of a UTF-16 pair"),
    pytest.param({"policies": [{"name": "a" * 65}]}, "body.policies[0].name", id="a huge name"),
    pytest.param({"policies": [{"name": "a", "when": {"agents": ["a" * 129]}}]}, "body.policies[0].when.agents[0]", id="a huge pattern"),
    pytest.param({"policies": [{"name": "a", "when": {"agents": ["a b"]}}]}, "body.policies[0].when.agents[0]", id="a space"),
    pytest.param({"policies": [{"name": "a", "deny": ["*"] * 101}]}, "body.policies[0].deny", id="a huge list"),
    pytest.param({"policies": [{"name": "a", "when": {"tenants": ["bolt"]}}]}, "body.policies[0].when.tenants", id="another tenant"),
    pytest.param({"policies": [{"name": "a", "mask": True}]}, "body.policies[0].mask", id="leave to mask"),
    pytest.param({"policies": [{"name": "a", "max_cost": "-1"}]}, "body.policies[0].max_cost", id="less than nothing"),
    pytest.param({"policies": [{"name": "a", "max_cost": "NaN"}]}, "body.policies[0].max_cost", id="no number"),
    pytest.param({"policies": [{"name": "a", "max_cost": "1e999999"}]}, "body.policies[0].max_cost", id="a number of a million digits"),
    pytest.param({"policies": [{"name": "a", "when": {"spent": "-0.1"}}]}, "body.policies[0].when.spent", id="a share below nothing"),
    pytest.param({"policies": [{"name": "a", "max_time": "0s"}]}, "body.policies[0].max_time", id="no time"),
    pytest.param({"policies": [{"name": "a", "max_time": 1e300}]}, "body.policies[0].max_time", id="a time without end"),
    pytest.param({"policies": [{"name": "a", "max_time": "9" * 400 + "d"}]}, "body.policies[0].max_time", id="days without number"),
    pytest.param({"policies": [{"name": "a", "extra": 1}]}, "body.policies[0].extra", id="a field that there is not"),
    pytest.param({"policies": {"name": "a"}}, "body.policies", id="no list"),
    pytest.param({}, "body.policies", id="nothing"),
    pytest.param({"policies": [], "reason": "x" * 501}, "body.reason", id="a huge reason"),
]


@pytest.mark.parametrize(("body", "field"), BAD)
async def test_what_cannot_be_meant_is_refused_with_its_field_and_changes_nothing(body: Any, field: str, site: Site) -> None:
    status, answer, _ = await site.ask("PUT", "", body)
    assert (status, answer["errors"][0]["field"]) == (422, field), answer
    assert (await site.ask("GET"))[1]["version"] == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"at": "2026-11-20T22:00:00"}, "body.at"), ({"spent": "Infinity"}, "body.spent"), ({"channel": "a\n"}, "body.channel"),
        ({"sensitivity": "secret"}, "body.sensitivity"), ({"agent": "a" * 129}, "body.agent"), ({"tenant": "bolt"}, "body.tenant"),
    ],
)  # fmt: skip
async def test_circumstances_that_cannot_be_are_refused(body: Any, field: str, site: Site) -> None:
    status, answer, _ = await site.ask("POST", "/check", body)
    assert (status, answer["errors"][0]["field"]) == (422, field), answer


# thor -----------------------------------------------------------------------------------------------------------------------------

CONFIG = """
models:
  providers: [{name: local, url: "http://x", model: m, local: true}, {name: cloud, url: "http://y", model: m}]
router:
  policies: [{name: house, when: {channels: [web]}, deny: [cloud]}]
"""
NIGHT = """
reason: from the file
policies:
  - name: night
    when: {hours: [{begin: "22:00", end: "06:00"}], agents: [retail]}
    deny: [cloud]
    max_cost: 0.05
"""


@pytest.fixture
async def rows(tmp_path: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[PolicyRows]:
    (tmp_path / "hulk.yaml").write_text(CONFIG)
    config = load(SECTIONS, tmp_path / "hulk.yaml")
    async with a_store("sqlite", tmp_path, postgres) as store:
        outbox = Outbox(store, audit_key(config.section(AuditSettings), tmp_path))
        acts = policy_acts_of(store, config.section(ModelsSettings), config.section(RouterSettings), outbox)
        yield PolicyRows(acts, voice("en"))


async def test_a_file_is_applied_shown_compared_and_taken_back(rows: PolicyRows, tmp_path: Path) -> None:
    file = tmp_path / "night.yaml"
    file.write_text(NIGHT)
    assert await rows.apply("default", file, "", None, dry_run=True) == [{"detail": "“night” is new"}]
    assert await rows.versions("default", 10) == []
    await rows.apply("default", file, "", 0, dry_run=False)
    assert [(one["name"], one["origin"], one["detail"]) for one in await rows.show("default")] == [
        ("house", "settings", "when.channels: web; deny: cloud"),
        ("night", "own", "when.agents: retail; when.hours: 22:00:00 06:00:00 America/Sao_Paulo; deny: cloud; max_cost: 0.05"),
    ]
    file.write_text("policies: []")
    assert await rows.apply("default", file, "away", 1, dry_run=False) == [{"detail": "“night” is gone"}]
    assert [(one["version"], one["reason"]) for one in await rows.versions("default", 10)] == [(2, "away"), (1, "from the file")]
    assert await rows.diff("default", "2", "1") == [{"detail": "“night” is new"}]
    assert await rows.restore("default", "1", "") == [{"detail": "“night” is new"}]
    assert [one["name"] for one in await rows.version("default", "3")] == ["night"]
    with pytest.raises(NotFound):
        await rows.version("default", "7")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("policies: [{name: a, when: {hours: [{begin: 22:00, end: '06:00'}]}}]", "policies\\[0\\].when.hours\\[0\\].begin"),
        ("policies: [{name: a, allow: [gpt]}]", "names no model; there are local, cloud"),
        ("policys: []", "policys: there is no such field"),
        ("policies: [", "not valid YAML"),
        ("[]", "must hold sections"),
    ],
)
async def test_a_file_that_cannot_be_meant_is_refused_by_name(text: str, words: str, rows: PolicyRows, tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    with pytest.raises(Refused, match=words):
        await rows.apply("default", file, "", None, dry_run=False)


async def test_what_would_hold_is_told_row_by_row(rows: PolicyRows) -> None:
    found = await rows.check("default", {"channel": "web", "spent": None})
    assert [(one["what"], one["name"], one["holds"]) for one in found] == [
        ("policy", "house", True), ("model", "local", True), ("model", "cloud", False),
    ]  # fmt: skip
    with pytest.raises(Refused, match="spent"):
        await rows.check("default", {"spent": "much"})


async def test_thor_applies_a_file_and_tells_what_would_hold(tmp_path: Path, postgres: Callable[[], Postgres]) -> None:
    (tmp_path / "hulk.yaml").write_text(CONFIG)
    (tmp_path / "night.yaml").write_text(NIGHT)
    async with a_store("sqlite", tmp_path, postgres):
        pass
    assert thor(tmp_path, "router", "policies", "apply", "night.yaml", "--reason", "cheap") == [{"detail": "“night” is new"}]
    assert [one["name"] for one in thor(tmp_path, "router", "policies", "list")] == ["house", "night"]
    assert "version 1 now, not 0" in thor(tmp_path, "router", "policies", "apply", "night.yaml", "--after", "0", code=2)
    found = thor(tmp_path, "router", "policies", "check", "--agent", "retail", "--at", "2026-11-20T23:00:00-03:00")
    assert [(one["name"], one["holds"]) for one in found if one["what"] == "model"] == [("local", True), ("cloud", False)]
