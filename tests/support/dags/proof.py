"""What must hold once a task has ended, whatever happened to it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it has none
from sqlalchemy import select

from hulk.kernel.errors import retold
from hulk.kernel.records import from_json
from hulk.modules.agents.adapters.sql import SqlAccounts, SqlTasks, hold_table
from hulk.modules.agents.domain.plan import Plan, tainted
from hulk.modules.agents.domain.task import Made, Task
from hulk.modules.agents.usecases.orchestrate import run_of
from hulk.modules.tools.adapters.sql import call_table
from hulk.runtime.store import Store
from hulk.runtime.workflows.tables import run_table, step_table
from support.dags.kept import history_table, plan_table, wrong_table
from support.dags.rig import Rig
from support.dags.shop import lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All that is left of a task."""

    task: Task
    made: Mapping[str, Made]
    plans: Mapping[int, Plan]
    history: list[Any]
    calls: Mapping[str, Any]
    acts: list[Any]
    questions: list[Any]
    handed: Mapping[str, Any]

    @property
    def count(self) -> Counter[str]:
        """What came of it, in figures."""
        states = Counter(f"steps {one.status}" for one in self.made.values())
        return states + Counter({"tasks": 1, self.task.state: 1, "acts": len(self.acts), "questions": len(self.questions)})

    @property
    def plan(self) -> Plan | None:
        """The last one."""
        return self.plans[max(self.plans)] if self.plans else None


async def proved(rig: Rig, task: str) -> Found:
    """All of it; gives what was found."""
    found = await _found(rig, task)
    assert await rig.store.read(lambda connection: connection.execute(select(wrong_table.c.what)).scalars().all()) == []
    await _account_is_closed(rig.store, task)
    _ended_as_declared(found, called_off=rig.called_off)
    _nothing_began_early(found)
    _each_act_at_most_once(found)
    _what_is_handed_on_has_its_form(found)
    _what_is_private_stayed(found)
    return found


async def _found(rig: Rig, task: str) -> Found:
    tasks = SqlTasks(rig.store)

    def rows(connection: Any) -> tuple[Any, ...]:
        def all_of(query: Any) -> list[Any]:
            return list(connection.execute(query).all())

        handed = select(run_table.c.id, step_table.c.value).join(step_table, step_table.c.run == run_table.c.id)
        return (
            all_of(select(plan_table).where(plan_table.c.task == task)),
            all_of(select(history_table).where(history_table.c.task == task).order_by(history_table.c.id)),
            all_of(select(call_table).where(call_table.c.agent.in_([one.name for one in rig.drawn.agents]))),
            all_of(handed.where(step_table.c.name == "hand over")),
        )

    plans, history, calls, handed = await rig.store.read(rows)
    return Found(
        task=await tasks.get(task), made=await tasks.steps(task), plans={row.version: from_json(Plan, row.plan) for row in plans},
        history=history, calls={row.id: row for row in calls}, acts=lines(rig.shop),
        questions=[one for one in lines(rig.notes) if one["task"] == task], handed={row.id: row.value for row in handed},
    )  # fmt: skip


async def _account_is_closed(store: Store, task: str) -> None:
    """Within its caps, the sum of what was set aside; no step has left something undecided."""
    account = await SqlAccounts(store).of(task)
    holds = await store.read(lambda connection: connection.execute(select(hold_table).where(hold_table.c.task == task)).all())
    if account is None:
        assert holds == []
        return
    assert sum(row.tokens for row in holds) == account.tokens <= account.most_tokens
    assert account.most_cost is None or account.cost <= account.most_cost
    assert [row for row in holds if not row.settled and row.key != "plan"] == []


def _ended_as_declared(found: Found, *, called_off: bool) -> None:
    """Completed with an answer, or failed with a reason that names the step; every step of it is over."""
    task, plan = found.task, found.plan
    if task.state == "cancelled":
        assert called_off
        assert {one.status for one in found.made.values()} <= {"done", "failed", "skipped"}
        return
    assert task.state in ("completed", "failed"), task.state
    if plan is None:
        assert (task.state, found.acts) == ("failed", [])
        return
    states = {key: found.made[key].status if key in found.made else "open" for key in (node.key for node in plan.nodes)}
    assert set(states.values()) <= {"done", "failed", "skipped"}, states
    broken = [node.key for node in plan.nodes if states[node.key] == "failed" and not node.optional]
    for key, made in found.made.items():
        assert (made.status == "failed") == (made.error is not None), (key, made)
    if task.state == "completed":
        assert broken == []
        assert task.answer is not None
        assert task.p0 == any(found.made[node.key].p0 for node in plan.nodes)
    else:
        assert task.error is not None
        named = f"“{broken[0]}”" if broken else "The answer could not be put together"
        assert named in str(retold(task.error))


def _nothing_began_early(found: Found) -> None:
    """No step began before all that it waits for was done, and none twice in a plan."""
    done, begun = set[str](), Counter[tuple[str, int]]()
    waits = {(node.key, version): node.waits_for for version, plan in found.plans.items() for node in plan.nodes}
    for row in found.history:
        if row.status == "running":
            begun[row.key, row.version] += 1
            assert waits[row.key, row.version] <= done, (row.key, waits[row.key, row.version] - done)
        elif row.status == "done":
            done.add(row.key)
        else:
            done.discard(row.key)
    assert set(begun.values()) <= {1}


def _each_act_at_most_once(found: Found) -> None:
    """At most once for each key; once exactly where it was told to be done; never where it was told not to have been."""
    count = Counter(one["id"] for one in found.acts if one["what"] not in ("look", "post"))
    keys = Counter(one["key"] for one in found.acts if one["what"] not in ("look", "post"))
    assert [key for key, times in keys.items() if times > 1] == []
    meant = Counter((one["what"], one["key"].partition("/")[0], one["item"]) for one in found.acts if one["what"] not in ("look", "post"))
    assert [one for one, times in meant.items() if times > 1] == [], "a run orders each thing once, under whatever key"
    allowed = {"done": {1}, "rejected": {0}, "suggested": {0}, "uncertain": {0, 1}, "running": {0, 1}, "waiting": {0}}
    for id_, call in found.calls.items():
        if call.tool not in ("shop.look", "web.post"):
            may = allowed.get(call.status) or ({0, 1} if call.tool == "shop.keep" else {0})
            assert count[id_] in may, (call.tool, call.status, call.error, count[id_])
    assert set(count) <= set(found.calls)
    assert [one for one in found.acts if one["what"] == "cancel"] == [], "no agent may"
    nodes = {node.key: node for plan in found.plans.values() for node in plan.nodes}
    for key, made in found.made.items():
        node = nodes.get(key)
        if made.status == "done" and node is not None and node.tool in ("shop.order", "shop.buy", "shop.keep"):
            output: Any = made.output
            told = list(output["items"]) if node.each else [{"status": "done", "call": made.calls[0]}]
            for one in told:
                if one["status"] == "done":
                    assert count[one["call"]] == 1, (key, one)
                elif one["status"] in ("failed", "rejected") and node.tool != "shop.keep":
                    assert not one["call"] or count[one["call"]] == 0, (key, one)


def _what_is_handed_on_has_its_form(found: Found) -> None:
    """By a library that Hulk does not check with."""
    for plan in found.plans.values():
        for node in plan.nodes:
            made, handed = found.made.get(node.key), found.handed.get(run_of(found.task, plan, node))
            for item in [] if handed is None or not node.input else handed["items"]:
                jsonschema.validate(item, dict(node.input))
            if made is not None and made.status == "done" and made.version == plan.version:
                for schema in (node.output, node.accept):
                    jsonschema.validate(made.output, dict(schema))


def _what_is_private_stayed(found: Found) -> None:
    """What is fed by something private is private, however far on: models were told so, and nothing of it went outside."""
    if (plan := found.plan) is None:
        return
    private = tainted(plan, frozenset(key for key, one in found.made.items() if one.p0))
    assert {key for key in private if key in found.made and found.made[key].status == "done" and not found.made[key].p0} == set()
    handed = {node.key: found.handed.get(run_of(found.task, plan, node)) for node in plan.nodes}
    fed = {key for key, one in handed.items() if one is not None and one["p0"]}
    assert {one["key"] for one in found.questions if one["key"] in fed and not one["p0"]} == set()
    assert [one for one in found.questions if one["p0"] and "web__post" in one["tools"]] == []
    runs = {run_of(found.task, plan, node) for node in plan.nodes if node.key in fed}
    assert [one for one in found.acts if one["what"] == "post" and one["key"].partition("/")[0] in runs] == []
    sources = {key for key, one in found.made.items() if one.p0}
    assert {node.key for node in plan.nodes if handed[node.key] is not None and node.waits_for & sources} <= fed
