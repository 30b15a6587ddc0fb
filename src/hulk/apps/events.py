"""The kinds of events that Hulk tells, for docs/events.md and the AsyncAPI document (`tools/asyncapi.py`)."""

from hulk.kernel.events import changed
from hulk.kernel.records import JsonObject
from hulk.runtime.bus import EventType

_TYPEID = "01m7y5yr6fe5hvadg4t960z6tv"
_PROBLEM = {"code": "refused", "text": {"msgid": "There is no file {path}.", "values": {"path": "sales.csv"}}}
_KEY = {
    "prefix": "nr3xa1x1", "name": "ci", "account": None, "grants": [{"role": "operator", "namespace": "*"}],
    "expires": "2026-12-21T04:19:01.797380Z", "revoked": None,
}  # fmt: skip
_ACCOUNT = {
    "name": "Ana", "email": "ana@example.com", "groups": [], "grants": [{"role": "viewer", "namespace": "*"}], "disabled": None,
}  # fmt: skip

_TICKET = {
    "kind": "report.monthly", "namespace": "default", "plan": None, "run": None, "worker": "w1", "lease": f"lse_{_TYPEID}", "fence": 1,
}  # fmt: skip

_RUN = {"status": "failed", "cancelling": False, "dead": True, "input": "44136fa3…"}
_ALIVE = {**_RUN, "status": "held", "dead": False}
_SCHEDULE = {
    "namespace": "default", "every": "24h", "timezone": "America/Sao_Paulo", "missed": "run", "paused": False, "begins": "intent",
    "wish": "9c0d294c…", "asked": None,
}  # fmt: skip
_KIND = {
    "version": 1, "description": "", "lease": 30.0, "attempts": 5, "input_schema": "44136fa3…", "result_schema": "44136fa3…",
}  # fmt: skip
_EXPERIMENT = {
    "name": "smaller", "about": "models", "status": "running", "winner": None,
    "variants": {"now": {"value": "large", "share": 0.5}, "new": {"value": "small", "share": 0.5}},
}  # fmt: skip
_POLICIES = {"version": 1, "names": ["night"], "digest": "9c0d294c…"}
_BUDGET = {
    "name": "support", "owner": "default", "version": 1, "origin": "api", "currency": "BRL", "tenant": "default", "agent": "support",
    "channel": None, "person": "*", "model": None, "daily": "5", "monthly": "100",
}  # fmt: skip
_USE = {
    "period": "2026-11", "limit": "100", "currency": "BRL", "scope": {"tenant": "default", "agent": "support", "person": "ana"},
    "version": 1,
}  # fmt: skip
_SESSION = {"agent": "Firefox", "expires": "2026-11-22T12:00:00.000000Z"}
_HOLD = {"subject": None, "intent": f"int_{_TYPEID}", "reason": "case 4711"}


def _done(after: str, reason: str = "", before: str = "running") -> JsonObject:
    """What is told of a ticket that was moved."""
    return changed(reason, {"status": before}, {"status": after})


_CALL = {
    "tool": "crm.create_order", "key": f"run_{_TYPEID}/3", "agent": "retail", "arguments": "9c0d294c…", "rules": ["retail"],
    "ticket": None, "labels": [], "error": None,
}  # fmt: skip
_RULE = {
    "name": "retail", "tools": ["crm.*"], "roles": ["operator"], "people": [], "agents": ["retail"], "tenants": [], "deny": False,
    "autonomy": "act", "up_to": "500", "sensitive": False, "wait": None,
}  # fmt: skip
_SERVER = {"name": "sales", "title": "Vendas", "tools": ["crm.*"], "roles": ["operator"], "people": [], "tenants": []}


_AGENT = {"agent": "retail", "run": f"run_{_TYPEID}"}
_PLANNED = {
    **_AGENT, "origin": "playbook", "version": 1, "steps": ["anomalies", "forecast", "tickets"], "tokens": 6000, "cost": "0.018000",
    "shrunk": False,
}  # fmt: skip


_MEMORY = {
    "agent": "retail", "namespace": "default", "kind": "fact", "text": "5feceb66ffc86f38…", "trusted": True, "labels": [],
    "task": f"tsk_{_TYPEID}", "call": "", "source": "e3b0c44298fc1c14…", "expires": None,
}  # fmt: skip
_NOTED = {"id": f"evi_{_TYPEID}", "kind": "evidence", "digest": "6b86b273ff34fce1…", "labels": []}


def _reviewed(verdict: str, before: JsonObject, after: JsonObject) -> JsonObject:
    """What is told of a review of something concluded."""
    about = {"review": f"rev_{_TYPEID}", "task": f"tsk_{_TYPEID}", "kind": "inference", "verdict": verdict, "ticket": None}
    return {**changed("the shop was closed", before, after), **about, "namespace": "default"}


_MESSAGE = {"channel": "zap", "state": "sent", "attempts": 1, "code": "", "seconds": 0.41}


def _conversation(before: JsonObject, after: JsonObject) -> JsonObject:
    """What is told of who answers in a conversation. When its other side asked for it, that is told as `sender`."""
    return {**changed("", before, after), "channel": "zap", "sender": "BR.1349"}


_HULKS, _ANAS = {"mode": "hulk", "by": ""}, {"mode": "person", "by": "person:ana@example.com"}
_AT = {"channel": "zap", "sender": "BR.1349"}


def _called(status: str) -> JsonObject:
    """What is told of a call of a tool."""
    return {**_CALL, **changed("restock", None, {"status": status})}


EVENTS: tuple[EventType, ...] = (
    EventType(
        type="hulk.intent.accepted.v1",
        summary="An intent was kept, and will be worked on. `digest` is the SHA-256 of what was asked; the text itself is not told.",
        data={
            "run": f"run_{_TYPEID}", "digest": "1c56a6d6…", "characters": 39, "language": "en", "sources": 1,
            **changed("month's end", None, {"status": "accepted", "namespace": "default"}),
        },
    ),
    EventType(
        type="hulk.decision.made.v1",
        summary="It was decided who answers an intent.",
        data={"run": f"run_{_TYPEID}", "decision": f"dec_{_TYPEID}", "kind": "skill", "name": "data.anomalies", "sensitivity": "public"},
    ),
    EventType(
        type="hulk.feedback.given.v1",
        summary="Somebody said what came of an answer or an episode; `rewarded` answers have another reward now.",
        data={
            "about": "decision", "rewarded": 1,
            **changed("", None, {"thumb": "up", "score": None, "outcome": None, "comment": "1c56a6d6…"}),
        },
    ),
    EventType(
        type="hulk.experiment.created.v1",
        summary="An experiment between models, prompts or policies began.",
        data=changed("to see whether the small one is enough", None, _EXPERIMENT),
    ),
    EventType(
        type="hulk.experiment.ended.v1",
        summary="An experiment ended: by itself (the actor is `hulk`), when it was known which variant is better, if any; or by a person.",
        data=changed("“new” is better than “now”", _EXPERIMENT, {**_EXPERIMENT, "status": "stopped", "winner": "new"}),
    ),
    EventType(
        type="hulk.policies.changed.v1",
        summary="A tenant's own policies were changed: a new version of all of them, or those of an old one (`restored`) again.",
        data={"restored": None, **changed("only the small model at night", None, _POLICIES)},
    ),
    EventType(
        type="hulk.plan.made.v1",
        summary="An intent was turned into tickets.",
        data={"run": f"run_{_TYPEID}", "plan": f"pln_{_TYPEID}", "skill": "data.anomalies", "tickets": [f"tkt_{_TYPEID}"]},
    ),
    EventType(
        type="hulk.intent.completed.v1",
        summary="An intent has its answer, and so many tickets for people came of it.",
        data={"run": f"run_{_TYPEID}", "plan": f"pln_{_TYPEID}", "follow_ups": 2},
    ),
    EventType(
        type="hulk.intent.failed.v1",
        summary="An intent could not be answered; `code` says by which kind of error.",
        data={"run": f"run_{_TYPEID}", "code": "refused"},
    ),
    EventType(
        type="hulk.ticket.created.v1",
        summary="A ticket was opened: for a run of Hulk's own (`run`, then with its `key` in the plan), a worker or a person.",
        data=_TICKET | {"worker": None, "lease": None, "fence": 0, "owner": "worker", "priority": "normal", "key": ""}
        | changed("month's end", None, {"status": "ready"}),
    ),
    EventType(
        type="hulk.ticket.leased.v1",
        summary="A worker has taken tickets under a lease, each with its fence; the subject is the lease.",
        data={"worker": "w1", "tickets": {f"tkt_{_TYPEID}": 1}} | _done("running", before="ready"),
    ),
    EventType(
        type="hulk.ticket.given_back.v1",
        summary="A worker has given a ticket back, to be tried again.",
        data=_TICKET | {"problem": _PROBLEM} | _done("ready", "refused"),
    ),
    EventType(
        type="hulk.ticket.lease_lost.v1",
        summary="A lease ran out before its ticket was done; the ticket may be taken again.",
        data=_TICKET | {"problem": None} | _done("ready"),
    ),
    EventType(
        type="hulk.ticket.released.v1",
        summary="The last of what a ticket comes after has completed; it may be taken.",
        data=_TICKET | {"because": f"tkt_{_TYPEID}"},
    ),
    EventType(type="hulk.ticket.woken.v1", summary="The time before which a ticket was not to be taken has come.", data=_TICKET),
    EventType(
        type="hulk.ticket.bounded.v1",
        summary="A person was asked before there were deadlines: the ticket ends by itself at `due`.",
        data=_TICKET | {"due": "2026-11-21T12:00:00.000000Z"},
    ),
    EventType(
        type="hulk.ticket.overdue.v1",
        summary="A ticket should have ended by now and has not. Told once.",
        data=_TICKET | {"due": "2026-11-21T12:00:00.000000Z"},
    ),
    EventType(
        type="hulk.ticket.approved.v1",
        summary="A person has approved; `before` and `after` are what was changed.",
        data=_TICKET | {"reason": "as agreed", "before": {"status": "open"}, "after": {"status": "completed"}},
    ),
    EventType(
        type="hulk.ticket.rejected.v1",
        summary="A person has rejected: the ticket failed.",
        data=_TICKET | {"reason": "too much", "before": {"status": "open"}, "after": {"status": "failed"}},
    ),
    EventType(
        type="hulk.ticket.cancelled.v1",
        summary="Somebody called a ticket off.",
        data=_TICKET | {"reason": "not needed", "before": {"status": "running"}, "after": {"status": "cancelled"}},
    ),
    EventType(
        type="hulk.ticket.commented.v1",
        summary="Somebody said something about a ticket; the text itself is not told.",
        data=_TICKET | {"comment": f"cmt_{_TYPEID}"} | changed("", None, {"comment": f"cmt_{_TYPEID}"}),
    ),
    EventType(
        type="hulk.kind.registered.v1",
        summary="A kind of ticket was registered or changed; the subject is its name.",
        data={"kind": "report.monthly", "version": 1, "input_schema": {"type": "object"}, "result_schema": {}}
        | changed("a new report", None, _KIND),
    ),
    EventType(
        type="hulk.kind.removed.v1",
        summary="No more tickets of a kind are taken.",
        data={"kind": "report.monthly", "version": 1, "input_schema": {"type": "object"}, "result_schema": {}}
        | changed("no longer made", _KIND, None),
    ),
    EventType(type="hulk.ticket.started.v1", summary="A run of Hulk's own has begun a ticket.", data=_TICKET),
    EventType(
        type="hulk.ticket.completed.v1",
        summary="A ticket is done, and made these files.",
        data=_TICKET | {"artefacts": ["anomalies.csv"]} | _done("completed"),
    ),
    EventType(
        type="hulk.ticket.failed.v1",
        summary="A ticket could not be done, or was not in time.",
        data=_TICKET | {"problem": _PROBLEM} | _done("failed", "refused"),
    ),
    EventType(
        type="hulk.ticket.reopened.v1",
        summary="A ticket that had ended without completing is done once more, as its run is or as somebody wants it.",
        data=_TICKET | {"reason": "mended", "before": {"status": "failed"}, "after": {"status": "ready"}},
    ),
    EventType(
        type="hulk.intent.reopened.v1",
        summary="A failed intent goes on, since its run or that of one of its tickets does.",
        data={"run": f"run_{_TYPEID}"},
    ),
    EventType(
        type="hulk.run.cancelled.v1",
        summary="Somebody called a run off, and with it all that it had begun.",
        data={"workflow": "ticket", "runs": [f"run_{_TYPEID}"]}
        | changed("too dear", {**_ALIVE, "status": "waiting"}, {**_ALIVE, "cancelling": True}),
    ),
    EventType(
        type="hulk.run.replayed.v1",
        summary="Somebody has a failed run executed again from that step on, null for where it stopped; its parents go on too.",
        data={"workflow": "ticket", "index": None, "runs": [f"run_{_TYPEID}"]}
        | changed("the disk is back", _RUN, _ALIVE),
    ),
    EventType(
        type="hulk.run.forked.v1",
        summary="Somebody began a copy of a run that goes on from that step.",
        data={"workflow": "ticket", "index": 2, "run": f"run_{_TYPEID}"} | changed("to compare", None, _ALIVE),
    ),
    EventType(
        type="hulk.run.discarded.v1",
        summary="Somebody has dealt with a dead letter: it stays failed.",
        data={"workflow": "ticket"} | changed("known", _RUN, {**_RUN, "dead": False}),
    ),
    EventType(
        type="hulk.run.signalled.v1",
        summary="Somebody left a signal for a run.",
        data={"workflow": "review"} | changed("checked", None, {"signal": "go", "key": "sent:4711", "payload": "44136fa3…"}),
    ),
    EventType(
        type="hulk.queue.paused.v1",
        summary="Somebody paused a queue: nothing more of it begins.",
        data=changed(
            "the database is being moved", {"paused": None, "reason": None},
            {"paused": "2026-11-21T12:00:00.000000Z", "reason": "the database is being moved"},
        ),
    ),
    EventType(
        type="hulk.queue.resumed.v1",
        summary="Somebody let a paused queue go on.",
        data=changed("moved", {"paused": "2026-11-21T12:00:00.000000Z", "reason": "the move"}, {"paused": None, "reason": None}),
    ),
    EventType(
        type="hulk.schedule.created.v1",
        summary="A schedule was made. Of what it begins, `wish` is a digest.",
        data={"name": "disk"} | changed("month's end", None, _SCHEDULE),
    ),
    EventType(
        type="hulk.schedule.changed.v1",
        summary="A schedule was changed, paused or resumed.",
        data={"name": "disk"} | changed("holidays", _SCHEDULE, {**_SCHEDULE, "paused": True}),
    ),
    EventType(
        type="hulk.schedule.asked.v1",
        summary="Somebody wants a schedule to fire now.",
        data={"name": "disk"} | changed("to see it", _SCHEDULE, {**_SCHEDULE, "asked": "2026-11-23T11:00:00.000000Z"}),
    ),
    EventType(
        type="hulk.schedule.removed.v1",
        summary="A schedule was removed.",
        data={"name": "disk"} | changed("not needed", _SCHEDULE, None),
    ),
    EventType(
        type="hulk.file.kept.v1",
        summary="Somebody sent a file, which the tenant had not; the subject is its SHA-256.",
        data=changed("sales of May", None, {"size": 4711}),
    ),
    EventType(
        type="hulk.cache.emptied.v1",
        summary="Somebody emptied a cache, or removed from it what is under a `key` or has a `tag`; the subject is its name.",
        data=changed("a wrong price", {"key": "BRL", "shared": False}, None),
    ),
    EventType(
        type="hulk.breaker.set.v1",
        summary="Somebody set a circuit breaker of a process; the subject is its name.",
        data=changed("the vendor is away", {"state": "closed"}, {"state": "isolated"}),
    ),
    EventType(
        type="hulk.logging.changed.v1",
        summary="Somebody changed what a process logs; the subject is the process.",
        data=changed("looking for it", {"level": "info"}, {"level": "debug"}),
    ),
    EventType(
        type="hulk.ticket.skipped.v1",
        summary="A ticket will not be begun, because one that it comes after failed.",
        data=_TICKET | {"because": f"tkt_{_TYPEID}"},
    ),
    EventType(
        type="hulk.scheduler.tick.v1",
        summary="A schedule has fired, for the moment named, so many seconds late, and begun this, or could not because of the problem. "
        "`missed` counts moments that passed before it without a firing; `asked`: somebody wanted it now.",
        data={
            "name": "disk", "owner": "key:nr3xa1x1", "moment": "2026-11-23T11:00:00.000000Z", "late": 0.103, "missed": 0,
            "asked": False, "begun": f"int_{_TYPEID}", "problem": None,
        },
    ),
    EventType(
        type="hulk.errors.default.v1",
        summary="A dead letter: a run of that queue that should have worked and did not, with what ended it.",
        data={
            "run": f"run_{_TYPEID}", "workflow": "ticket", "queue": "default", "failures": 5, "takes": 5, "error": "Unavailable",
            "text": "The database is not available right now: connection refused.",
        },
    ),
    EventType(
        type="hulk.errors.light.v1",
        summary="A dead letter: a light task that was tried as often as it may be, with all it takes to send it again.",
        data={"name": "warm", "data": {"page": 3}, "deliveries": 5, "error": "Unavailable", "text": "The site does not answer."},
    ),
    EventType(
        type="hulk.runtime.breaker.v1",
        summary="A circuit breaker of a process has changed its state; the subject is its name. A notification, not in the trail.",
        data={"process": "host:4711", "before": "closed", "state": "open"},
    ),
    EventType(type="hulk.key.created.v1", summary="An API key was made.", data={"reason": "CI", "before": None, "after": _KEY}),
    EventType(
        type="hulk.key.rotated.v1",
        summary="An API key goes on working until its new end only: another was made in its place.",
        data={"reason": "monthly", "before": _KEY, "after": {**_KEY, "expires": "2026-11-22T04:19:01.797380Z"}},
    ),
    EventType(
        type="hulk.key.revoked.v1",
        summary="An API key was taken back.",
        data={"reason": "leaked", "before": _KEY, "after": {**_KEY, "revoked": "2026-11-21T04:19:01.797380Z"}},
    ),
    EventType(
        type="hulk.account.created.v1",
        summary="A person or a service account was made.",
        data={"reason": "joined", "before": None, "after": _ACCOUNT},
    ),
    EventType(
        type="hulk.account.changed.v1",
        summary="A person or a service account was changed, for example what it may do.",
        data={"reason": "on call", "before": _ACCOUNT, "after": {**_ACCOUNT, "grants": [{"role": "approver", "namespace": "prod"}]}},
    ),
    EventType(
        type="hulk.account.removed.v1",
        summary="A person or a service account was removed.",
        data={"reason": "left", "before": _ACCOUNT, "after": None},
    ),
    EventType(
        type="hulk.session.begun.v1",
        summary="Somebody has logged in; `account` is their account, or the API key with which they did.",
        data={"account": f"usr_{_TYPEID}"} | changed("login", None, _SESSION),
    ),
    EventType(
        type="hulk.session.ended.v1",
        summary="Somebody has logged out, or logged in anew with the same browser.",
        data={"account": f"usr_{_TYPEID}"} | changed("", _SESSION, None),
    ),
    EventType(
        type="hulk.namespace.created.v1",
        summary="A namespace was made; the subject is its name.",
        data={"reason": "", "before": None, "after": {"namespace": "prod"}},
    ),
    EventType(
        type="hulk.namespace.removed.v1",
        summary="A namespace was removed.",
        data={"reason": "", "before": {"namespace": "prod"}, "after": None},
    ),
    EventType(
        type="hulk.tenant.created.v1",
        summary="A tenant was made; this is the first link of its trail.",
        data={"reason": "", "before": None, "after": {"tenant": "acme"}},
    ),
    EventType(
        type="hulk.quota.changed.v1",
        summary="A tenant was given other limits of its own; what is not named is as the settings say.",
        data={"reason": "a larger plan", "before": {}, "after": {"intents_per_minute": 600, "monthly_spend": "50"}},
    ),
    EventType(
        type="hulk.budget.changed.v1",
        summary="A budget was made or changed; the subject is its name. What it does not name may be any, `*` is each by itself.",
        data=changed("the pilot is over", None, _BUDGET),
    ),
    EventType(
        type="hulk.budget.removed.v1",
        summary="A budget holds no more.",
        data=changed("the pilot is over", _BUDGET, None),
    ),
    EventType(
        type="hulk.budget.threshold.v1",
        summary="So many percent (50, 80, 100) of a budget are spent in that day or month; at 100 also when a call did not fit any more. "
        "Told once each, and anew when the limit is another. The tenant's own budget has the subject `tenant`.",
        data=_USE | {"percent": 80, "spent": "82.5", "reserved": "1.25"},
    ),
    EventType(
        type="hulk.budget.forecast.v1",
        summary="At the rate since the month began, its budget is gone on that day. Told once a month.",
        data=_USE | {"gone": "2026-11-24", "spent": "82.5"},
    ),
    EventType(
        type="hulk.rate.changed.v1",
        summary="A rate between two currencies was set, or fetched; the subject is both. It is the installation's: of no tenant.",
        data=changed("ptax", None, {"base": "USD", "quote": "BRL", "value": "5.3521", "day": "2026-11-20", "source": "ptax"}),
    ),
    EventType(
        type="hulk.audit.held.v1",
        summary="Somebody put entries of the trail under legal hold: a subject's, an intent's, or with neither all of the tenant's.",
        data={"hold": f"hld_{_TYPEID}", "subject": None, "intent": f"int_{_TYPEID}"} | changed("case 4711", None, _HOLD),
    ),
    EventType(
        type="hulk.audit.released.v1",
        summary="Somebody lifted a legal hold.",
        data={"hold": f"hld_{_TYPEID}", "subject": None, "intent": f"int_{_TYPEID}"} | changed("settled", _HOLD, None),
    ),
    EventType(
        type="hulk.audit.pruned.v1",
        summary="Entries from before that time (`older_than`) were removed from the trail, as its retention says: these ranges.",
        data={"older_than": "2026-08-23T04:19:01.797380Z", "entries": 1200, "ranges": [[1, 1200]]}
        | changed("retention", {"entries": 1200}, None),
    ),
    EventType(
        type="hulk.tool.called.v1",
        summary="A call of a tool has ended: `done`, `failed`, `rejected` by a person, `expired` when none decided in time, or `uncertain`"
        " when nobody knows what came of it. `arguments` is the SHA-256 of what it was given; neither that nor the answer is told.",
        data=_called("done"),
    ),
    EventType(type="hulk.tool.waiting.v1", summary="A call of a tool waits for a person.", data=_called("waiting")),
    EventType(type="hulk.tool.approved.v1", summary="A person let a call of a tool be made, and it was.", data=_called("done")),
    EventType(type="hulk.tool.suggested.v1", summary="It was only said what a call of a tool would do.", data=_called("suggested")),
    EventType(
        type="hulk.agent.begun.v1", summary="An agent was given something to do; `digest` is the SHA-256 of its file.",
        data={**_AGENT, "playbook": "sales-review", "digest": "b1946ac92492d234…"},
    ),
    EventType(
        type="hulk.agent.rehearsed.v1",
        summary="Somebody had an agent do a case of its evaluation set; `found` is what its words were taken for.",
        data={
            **_AGENT,
            **changed("new model", None, {"case": "review-pt", "found": "agents.retail.sales-review", "model": "local"}),
        },
    ),
    EventType(
        type="hulk.agent.planned.v1",
        summary="A task has its plan, with the most tokens and money that it may take; `shrunk`: its steps get less than they asked for.",
        data=_PLANNED,
    ),
    EventType(
        type="hulk.agent.replanned.v1", summary="A plan came to a halt and was made anew.",
        data={**_PLANNED, "origin": "split", "version": 2},
    ),
    EventType(
        type="hulk.agent.ended.v1",
        summary="A task has ended: `completed`, `failed` (`error` is the code of why) or `cancelled`. What was answered is not told.",
        data={**_AGENT, "state": "completed", "error": None, "p0": False, "limited": False},
    ),
    EventType(
        type="hulk.memory.remembered.v1", summary="An agent remembers something; of its text and source the digests are told.",
        data=changed("", None, {**_MEMORY, "supersedes": None}),
    ),
    EventType(
        type="hulk.memory.forgotten.v1",
        summary="Memories of an agent were deleted: somebody asked, or they had faded. `named` are digests of what was named.",
        data=changed("asked for", {"agent": "retail", "namespace": "default", "memories": [f"mem_{_TYPEID}"], "named": {}}, None),
    ),
    EventType(
        type="hulk.reasoning.noted.v1", summary="What a step of a task was concluded from was kept; digests are told, no texts.",
        data=changed("", None, {"task": f"tsk_{_TYPEID}", "namespace": "default", "objects": [_NOTED]}),
    ),
    EventType(
        type="hulk.reasoning.contested.v1",
        summary="Somebody contests an inference or a decision: what rests on it is in doubt until a person has settled it.",
        data=_reviewed("contested", {"standing": "stands"}, {"standing": "in doubt"}),
    ),
    EventType(
        type="hulk.reasoning.confirmed.v1", summary="Somebody confirms an inference or a decision.", data=_reviewed("confirmed", {}, {})
    ),
    EventType(
        type="hulk.reasoning.resolved.v1", summary="What was contested is settled: it was upheld, or withdrawn with what rests on it.",
        data=_reviewed("withdrawn", {"standing": "in doubt"}, {"standing": "withdrawn"}),
    ),
    EventType(
        type="hulk.tool.pinned.v1",
        summary="Tools of a third party's MCP server may be used as they are described now (digests by name).",
        data=changed("looked at", {}, {"create_issue": "9c0d294c…"}),
    ),
    EventType(
        type="hulk.tool.unpinned.v1", summary="Tools of a third party's MCP server may be used no more.",
        data=changed("", {"create_issue": "9c0d294c…"}, {}),
    ),
    EventType(
        type="hulk.tool.rule_changed.v1",
        summary="Who may use which tools was changed; `before` is null for a new rule, `after` for one that was removed.",
        data=changed("Black Friday", None, _RULE),
    ),
    EventType(type="hulk.tool.server_changed.v1", summary="A virtual MCP server was changed.", data=changed("", None, _SERVER)),
    EventType(
        type="hulk.channel.received.v1", summary="Something came in by a channel, and is kept; what it says is not told.",
        data={"channel": "zap", "kind": "message", "files": 0, "characters": 39},
    ),
    EventType(
        type="hulk.channel.unhandled.v1", summary="What came in by a channel could not be worked on, however often it was tried.",
        data={"code": "unavailable"},
    ),
    EventType(
        type="hulk.channel.sent.v1",
        summary="A message went out by a channel, `seconds` after it was made; what it says is not told.", data=_MESSAGE,
    ),
    EventType(
        type="hulk.channel.failed.v1", summary="A message will never go out; `code` is why.",
        data={**_MESSAGE, "state": "failed", "code": "refused"},
    ),
    EventType(
        type="hulk.channel.unknown.v1", summary="Nobody knows whether a message went out: a person decides whether it is sent again.",
        data={**_MESSAGE, "state": "unknown", "code": "uncertain"},
    ),
    EventType(
        type="hulk.channel.withdrawn.v1",
        summary="A message is not sent: a person says so, or it went another way (then with `state`, as when it is sent).",
        data={**_MESSAGE, "state": "withdrawn", **changed("", {"state": "waiting", "attempts": 1}, {"state": "withdrawn", "attempts": 1})},
    ),
    EventType(
        type="hulk.channel.again.v1", summary="A person has a message sent again that is unknown, or failed.",
        data={**changed("", {"state": "unknown", "attempts": 1}, {"state": "waiting", "attempts": 0}), "channel": "zap"},
    ),
    EventType(
        type="hulk.channel.checked.v1",
        summary="A channel was tried: a person asked for it, or something else came of it than the last time.",
        data=changed("", {"ok": True, "code": ""}, {"ok": False, "code": "unauthenticated"}),
    ),
    EventType(
        type="hulk.channel.handed.v1", summary="A person answers in a conversation from now on, or is asked to.",
        data=_conversation(_HULKS, _ANAS),
    ),
    EventType(type="hulk.channel.back.v1", summary="Hulk answers in a conversation again.", data=_conversation(_ANAS, _HULKS)),
    EventType(
        type="hulk.channel.replied.v1", summary="A person said something in a conversation in Hulk's place; what, is not told.",
        data=changed("", None, {"channel": "zap", "characters": 39}),
    ),
    EventType(
        type="hulk.channel.forgotten.v1", summary="Somebody had what was said in a conversation forgotten.", data={"sender": "BR.1349"},
    ),
    EventType(
        type="hulk.channel.invited.v1", summary="A code was made for a person, by which they say who they are at a channel.",
        data=changed("", None, {"person": f"usr_{_TYPEID}", "until": "2026-11-23T04:19:01.797380Z"}),
    ),
    EventType(
        type="hulk.channel.uninvited.v1", summary="The codes of a person that nobody used do not hold any more.",
        data=changed("", {"person": f"usr_{_TYPEID}", "codes": 1}, None),
    ),
    EventType(
        type="hulk.channel.linked.v1", summary="It is known whose account somebody at a channel has: by a code, or an admin says so.",
        data={**changed("", {"person": None}, {"person": f"usr_{_TYPEID}"}), **_AT},
    ),
    EventType(
        type="hulk.channel.guessed.v1",
        summary="Somebody at a channel said a code that is not right, or holds no more; `tries` is how often in a row.",
        data={**_AT, "tries": 6},
    ),
    EventType(
        type="hulk.channel.unlinked.v1", summary="An admin says that somebody at a channel is nobody known.",
        data={**changed("", {"person": f"usr_{_TYPEID}"}, {"person": None}), **_AT},
    ),
    EventType(
        type="hulk.channel.blocked.v1", summary="Somebody at a channel is not heard any more.",
        data={**changed("spam", {"blocked": False}, {"blocked": True}), **_AT},
    ),
    EventType(
        type="hulk.channel.unblocked.v1", summary="Somebody at a channel is heard again.",
        data={**changed("", {"blocked": True}, {"blocked": False}), **_AT},
    ),
    EventType(type="hulk.task.created.v1", summary="A run was begun. A notification, not in the trail.", data={}),
    EventType(type="hulk.task.completed.v1", summary="A run has ended well. A notification, not in the trail.", data={}),
    EventType(type="hulk.task.failed.v1", summary="A run has ended badly. A notification, not in the trail.", data={}),
    EventType(type="hulk.runtime.health.v1", summary="A process lives; told every 15 s. A notification, not in the trail.", data={}),
)  # fmt: skip
"""All go to the bus. A test compares them with the sources and with what a run leaves in its trail."""
