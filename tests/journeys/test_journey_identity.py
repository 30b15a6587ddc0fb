"""Who may do what, from the command line to the answer: people, service accounts, keys, namespaces and tenants of a running Hulk."""

from collections.abc import Iterator
from typing import Any

import pytest

from support.program import Up, calling, started, thor


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A Hulk that others can reach, so that it wants keys."""
    folder = tmp_path_factory.mktemp("identity")
    with started(folder / "data", "--host", "0.0.0.0", cwd=folder) as running:  # noqa: S104  # closed by the door
        yield running


def bearer(secret: str) -> dict[str, str]:
    """A caller's headers."""
    return {"authorization": f"Bearer {secret}"}


async def test_a_service_account_is_made_used_renewed_and_disabled(up: Up) -> None:
    [space] = [one for one in thor(up.data, "namespaces", "add", "prod") if one["namespace"] == "prod"]
    [bot] = thor(up.data, "accounts", "add", "deployer", "--grant", "operator@prod", "--group", "gpu", "--reason", "new machine")
    [key] = thor(up.data, "keys", "create", "ci", "--account", bot["account_id"])
    async with calling(up, **bearer(key["secret"])) as caller:
        status, me, _ = await caller.call("GET", "/v1/me")
        assert (status, space["namespace"], me["actor"], me["account_id"]) == (
            200,
            "prod",
            f"service:{bot['account_id']}",
            bot["account_id"],
        )
        assert (me["grants"], me["groups"]) == ([{"role": "operator", "namespace": "prod"}], ["gpu"])
        assert (await caller.call("GET", "/v1/keys"))[0] == 403
    [new] = thor(up.data, "keys", "rotate", key["key_id"], "--hours", "0.01")
    async with calling(up, **bearer(new["secret"])) as caller:
        assert (await caller.call("GET", "/v1/me"))[1]["actor"] == f"service:{bot['account_id']}"
    [off] = thor(up.data, "accounts", "change", bot["account_id"], "--disable")
    assert off["disabled"]
    [again] = thor(up.data, "accounts", "list")
    assert again["account_id"] == bot["account_id"]
    thor(up.data, "accounts", "remove", bot["account_id"])
    assert "taken" not in thor(up.data, "namespaces", "remove", "prod")[0]["namespace"]


async def test_an_admin_makes_keys_and_people_over_http(up: Up) -> None:
    [root] = thor(up.data, "keys", "create", "root", "--role", "admin")
    async with calling(up, **bearer(root["secret"])) as admin:

        async def call(method: str, path: str, status: int, **body: Any) -> Any:
            found, answer, _ = await admin.call(method, path, **({"json": body} if body else {}))
            assert found == status, answer
            return answer

        await call("POST", "/v1/namespaces", 201, name="stage", reason="tests")
        await call("POST", "/v1/namespaces", 409, name="stage")
        ana = await call(
            "POST",
            "/v1/people",
            201,
            name="Ana",
            email="ana@example.com",
            grants=[{"role": "admin"}, {"role": "viewer", "namespace": "stage"}],
        )
        place = f"/v1/people/{ana['account_id']}"
        assert (await call("GET", place, 200))["email"] == "ana@example.com"
        assert "último admin" in (await call("PATCH", place, 409, grants=[]))["detail"]
        await call("DELETE", "/v1/namespaces/stage", 409)
        assert (await call("GET", "/v1/people", 200))["people"][0]["name"] == "Ana"
        key = await call("POST", "/v1/keys", 201, name="ci", grants=[{"role": "viewer", "namespace": "stage"}])
        renewed = await call("POST", f"/v1/keys/{key['key_id']}/rotate", 201, overlap=60, reason="monthly")
        assert renewed["grants"] == key["grants"]
        assert renewed["secret"] != key["secret"]
        assert (await call("DELETE", f"/v1/keys/{key['key_id']}", 200))["revoked"]
        assert {one["key_id"] for one in (await call("GET", "/v1/keys", 200))["keys"]} >= {key["key_id"], renewed["key_id"]}
        other = await call("POST", "/v1/tenants", 201, tenant="beta")
        await call("GET", "/v1/service-accounts", 200)
    async with calling(up, **bearer(other["key"]["secret"])) as stranger:
        for method, path in (("GET", place), ("PATCH", place), ("DELETE", place), ("DELETE", f"/v1/keys/{renewed['key_id']}")):
            status, _, _ = await stranger.call(method, path, **({"json": {"disabled": True}} if method == "PATCH" else {}))
            assert status == 404, path
        assert (await stranger.call("GET", "/v1/tenants"))[0] == 403
        assert (await stranger.call("GET", "/v1/people"))[1] == {"people": []}
    [person] = thor(up.data, "people", "list")
    [changed] = thor(up.data, "people", "change", person["account_id"], "--name", "Ana Lima")
    assert changed["name"] == "Ana Lima"
    assert "last admin" in thor(up.data, "people", "remove", person["account_id"], code=2)
    assert {one["tenant"] for one in thor(up.data, "tenants", "list")} == {"default", "beta"}
    thor(up.data, "tenants", "add", "gamma")
    thor(up.data, "people", "add", "bob@example.com", "--grant", "viewer")


async def test_a_tenant_is_held_to_its_quotas(up: Up) -> None:
    [root] = thor(up.data, "keys", "create", "root", "--role", "admin")
    [own] = thor(up.data, "keys", "create", "own", "--role", "admin", "--tenant", "delta")
    thor(up.data, "quotas", "set", "--tenant", "delta", "--intents-per-minute", "2", "--storage", "10", "--reason", "a trial")
    ask = {"json": {"text": "Is the disk full?"}}
    async with calling(up, **bearer(own["secret"])) as caller:
        assert [(await caller.call("POST", "/v1/intents", **ask))[0] for _ in range(2)] == [202, 202]
        status, problem, headers = await caller.call("POST", "/v1/intents", **ask)
        assert (status, problem["quota"], problem["limit"], problem["left"]) == (429, "intents_per_minute", 2, 0)
        assert 0 < problem["retry_after"] <= 30
        assert int(headers["retry-after"]) >= 1
        assert (await caller.call("POST", "/v1/files", data=b"123456"))[0] == 201
        status, problem, _ = await caller.call("POST", "/v1/files", data=b"7890123")
        assert (status, problem["quota"], problem["limit"], problem["left"]) == (429, "storage", 10, 4)
        status, body, _ = await caller.call("GET", "/v1/quotas")
        assert (status, body["tenant"], body["quotas"]["storage"]) == (200, "delta", {"limit": 10, "used": 6, "left": 4, "own": True})
        assert body["quotas"]["intents_per_minute"]["limit"] == 2
        assert (await caller.call("PUT", "/v1/tenants/delta/quotas", json={"storage": "unlimited"}))[0] == 403
    async with calling(up, **bearer(root["secret"])) as platform:
        status, body, _ = await platform.call("PUT", "/v1/tenants/delta/quotas", json={"concurrent_runs": 0, "monthly_spend": "1.5"})
        assert (status, body["quotas"]["monthly_spend"]["limit"]) == (200, "1.5")
        assert (await platform.call("PUT", "/v1/tenants/delta/quotas", json={"storage": -1}))[0] == 422
        assert (await platform.call("GET", "/v1/tenants/nobody/quotas"))[0] == 404
    async with calling(up, **bearer(own["secret"])) as caller:
        status, problem, _ = await caller.call("POST", "/v1/intents", **ask)
        assert (status, problem["quota"], problem["limit"]) == (429, "concurrent_runs", 0)
    rows = {row["quota"]: row for row in thor(up.data, "quotas", "show", "--tenant", "delta")}
    assert rows["storage"]["limit"] is None
    assert "storage" in thor(up.data, "quotas", "set", "--storage", "much", code=2)
