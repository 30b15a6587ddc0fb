"""Tasks and accounts in memory, for tests of what uses them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from hulk.kernel.durable import Change
from hulk.kernel.errors import Exhausted, NotFound, Refused
from hulk.modules.agents.domain.account import Account, step_refusal
from hulk.modules.agents.domain.plan import Plan
from hulk.modules.agents.domain.task import Made, Task, Tries, following, with_tries
from hulk.modules.agents.domain.timing import Wait
from hulk.modules.agents.ports import Ending, Hold, WantedTasks


@dataclass
class MemoryTasks:
    """`Tasks` in memory."""

    kept: dict[str, Task] = field(default_factory=dict)
    done: dict[str, dict[str, Made]] = field(default_factory=dict)
    waiting: dict[tuple[str, str, datetime], datetime | None] = field(default_factory=dict)

    def add(self, task: Task) -> Change[bool]:
        """See `Tasks`."""

        def change(_: object) -> bool:
            new = task.id not in self.kept
            self.kept.setdefault(task.id, task)
            return new

        return change

    def planned(self, task: str, plan: Plan) -> Change[None]:
        """See `Tasks`."""

        def change(_: object) -> None:
            if (found := self.kept.get(task)) is not None and found.state == "running":
                self.kept[task] = replace(found, plan=plan)

        return change

    def made(self, made: Made) -> Change[None]:
        """See `Tasks`."""

        def change(_: object) -> None:
            steps = self.done.setdefault(made.task, {})
            steps[made.key] = following(steps.get(made.key), made)

        return change

    def tried(self, tries: Tries) -> Change[None]:
        """See `Tasks`."""

        def change(_: object) -> None:
            steps = self.done.setdefault(tries.task, {})
            if (found := steps.get(tries.key)) is not None:
                steps[tries.key] = with_tries(found, tries)

        return change

    def end(self, task: str, ending: Ending) -> Change[bool]:
        """See `Tasks`."""

        def change(_: object) -> bool:
            found = self.kept.get(task)
            if found is None or found.state != "running":
                return False
            self.kept[task] = replace(
                found, state=ending.state, ended=ending.at, answer=ending.answer, error=ending.error, p0=ending.p0, limited=ending.limited
            )  # fmt: skip
            return True

        return change

    def wait(self, task: str, run: str, at: datetime) -> Change[None]:
        """See `Tasks`."""

        def change(_: object) -> None:
            self.waiting.setdefault((task, run, at), None)

        return change

    def waited(self, task: str, run: str, at: datetime) -> Change[None]:
        """See `Tasks`."""

        def change(_: object) -> None:
            still = [one for one, until in self.waiting.items() if one[:2] == (task, run) and until is None]
            self.waiting |= dict.fromkeys(still, at)

        return change

    async def waits(self, task: str) -> Sequence[Wait]:
        """See `Tasks`."""
        return [Wait(since, until) for (of, _, since), until in self.waiting.items() if of == task]

    async def get(self, task: str) -> Task:
        """See `Tasks`."""
        if (found := self.kept.get(task)) is None:
            raise NotFound("There is no task {id}.", id=task[:80])
        return found

    async def steps(self, task: str) -> Mapping[str, Made]:
        """See `Tasks`."""
        return dict(self.done.get(task, {}))

    async def find(self, wanted: WantedTasks) -> Sequence[Task]:
        """See `Tasks`."""
        same = {"actor": wanted.actor, "agent": wanted.agent, "intent": wanted.intent, "state": wanted.state}
        mine = [
            task for task in self.kept.values()
            if task.tenant == wanted.tenant and (wanted.within is None or task.namespace in wanted.within)
        ]  # fmt: skip
        newest = sorted(sorted(mine, key=lambda task: task.id), key=lambda task: task.at, reverse=True)
        if wanted.before is not None:
            places = [place for place, task in enumerate(newest) if task.id == wanted.before]
            newest = newest[places[0] + 1 :] if places else []
        fit = (one for one in newest if all(value is None or getattr(one, name) == value for name, value in same.items()))
        return [replace(task, plan=None) for task, _ in zip(fit, range(wanted.most), strict=False)]


@dataclass
class MemoryAccounts:
    """`Accounts` in memory."""

    kept: dict[str, Account] = field(default_factory=dict)
    held: dict[str, Hold] = field(default_factory=dict)
    over: dict[str, Hold] = field(default_factory=dict)
    """Those that are settled or assumed, with what they took."""

    def open(self, task: str, account: Account) -> Change[None]:
        """See `Accounts`."""

        def change(_: object) -> None:
            before = self.kept.get(task)
            used = account if before is None else replace(account, tokens=before.tokens, cost=before.cost, written=before.written)
            self.kept[task] = used

        return change

    def hold(self, hold: Hold) -> Change[Exhausted | Refused | None]:
        """See `Accounts`."""

        def change(_: object) -> Exhausted | Refused | None:
            if hold.id in self.held or hold.id in self.over:
                return None
            account = self.kept[hold.task]
            refusal = step_refusal(self._used(hold), hold.tokens, hold.most) or account.refusal(hold.tokens, hold.cost)
            if refusal is None:
                self.held[hold.id] = hold
                self.kept[hold.task] = account.with_more(hold.tokens, hold.cost)
            return refusal

        return change

    def settle(self, hold: str, tokens: int, cost: Decimal, written: int = 0) -> Change[None]:
        """See `Accounts`."""

        def change(_: object) -> None:
            if (found := self.held.pop(hold, None)) is not None:
                self.over[hold] = replace(found, tokens=tokens, cost=cost)
                self.kept[found.task] = self.kept[found.task].with_more(tokens - found.tokens, cost - found.cost, written)

        return change

    def assume(self, task: str, key: str) -> Change[None]:
        """See `Accounts`."""

        def change(_: object) -> None:
            for one in [one for one in self.held.values() if (one.task, one.key) == (task, key)]:
                self.over[one.id] = self.held.pop(one.id)

        return change

    async def of(self, task: str) -> Account | None:
        """See `Accounts`."""
        return self.kept.get(task)

    def _used(self, hold: Hold) -> int:
        every = (*self.held.values(), *self.over.values())
        return sum(one.tokens for one in every if (one.task, one.key) == (hold.task, hold.key))
