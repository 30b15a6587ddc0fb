"""Rows as years of use leave them, put straight into the tables of a SQLite store: runs, their attributes, tickets, intents,
and charges of calls of models, of 1,000,000 200,000 in a month, whose sums Hulk itself makes.

Of the runs one in a hundred is a dead letter, one in a thousand waits, one in a thousand needs attention; the others are completed. One in
a hundred intents has failed. One run, the newest, has as many recorded steps as there are runs, at most 100,000. Of the calls one in a
hundred is assumed, another was released, and the last fifty are under way; they are of 8 agents, 6 models, 4 channels and 500 people."""

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import psycopg
from psycopg import sql

from hulk.kernel.records import to_json
from hulk.modules.finops import Tariff
from hulk.modules.finops.adapters.sql import SqlCosts
from hulk.runtime.store import dumps, opened

STEPS = 100_000
BIG = f"run_{'9'.rjust(26, '0')}"
"""The run with the many steps."""
NEWEST = f"run_{'8'.rjust(26, '0')}"
"""A run as any other."""
INTENT, TICKET = f"int_{'100'.rjust(26, '0')}", f"tkt_{'103'.rjust(26, '0')}"
"""One that failed, and one that waits for a person."""
_NUMBERS = "with recursive n(i) as (select 10 union all select i + 1 from n where i < 9 + :rows)"
_AT = "strftime('%Y-%m-%dT%H:%M:%f', :now, '-' || ((:rows + 10 - i) * 7776000.0 / :rows) || ' seconds') || '000Z'"
"""Over the last 90 days."""
_ERROR = """json_object('code', case when i % 300 = 0 then 'refused' else 'unavailable' end,
    'text', json_object('msgid', 'status {status}', 'values', json_object('status', 503)))"""
_RUNS = f"""insert into run (id, workflow, version, queue, tenant, namespace, intent, status, input, result, error, dead, cancelling,
    behind, keyed, epoch, wake, failures, takes, attempts, due, touched, created, let_in, ended)
{_NUMBERS}
select 'run_' || printf('%026d', i), case when i % 2 then 'ticket' else 'intent' end, '',
    case when i % 50 = 7 then 'slow' else 'default' end, 'default', 'default', 'int_' || printf('%026d', i / 2),
    case when i % 100 = 0 then 'failed' when i % 1000 = 1 then 'waiting' when i % 1000 = 2 then 'needs_attention' else 'completed' end,
    '{{"ticket":"x"}}', '{{"rows":12}}', case when i % 100 = 0 then {_ERROR} end, i % 100 = 0, 0, 0, 0, 1, 1, 0, 1, 5,
    case when i % 1000 = 1 then '2099-01-01T00:00:00.000000Z' end, {_AT}, {_AT}, {_AT}, case when i % 1000 not in (1, 2) then {_AT} end
from n"""  # noqa: S608  # of constants
_ATTRIBUTES = f"""insert into run_attribute (run, name, value)
{_NUMBERS} select 'run_' || printf('%026d', i), 'kind', case when i % 20001 = 1 then 'rare' else 'report' end from n where i % 2"""  # noqa: S608
_TICKETS = f"""insert into ticket (id, intent, tenant, namespace, place, key, kind, title, status, input, after, missing, required, owner,
    assignee, priority, labels, run, actor, digest, revision, attempts, most_attempts, fence, due_by, created, updated, ended)
{_NUMBERS}
select 'tkt_' || printf('%026d', i), 'int_' || printf('%026d', i / 2), 'default', 'default', i % 4, 'k' || i, 'report',
    json_object('msgid', 'Report {{number}}', 'values', json_object('number', i)),
    case when i % 1000 = 3 then 'open' else 'completed' end, '{{}}', '[]', 0, 1,
    case when i % 1000 = 3 then 'person' else 'run' end, '', 1, '[]', 'run_' || printf('%026d', i), 'local', '', 1, 1, 5, 0,
    '9999-12-31T00:00:00.000000Z', {_AT}, {_AT}, case when i % 1000 != 3 then {_AT} end
from n"""  # noqa: S608
_INTENTS = f"""insert into intent (id, tenant, namespace, actor, text, language, zone, sources, digest, run, grants, channel, turns,
    private, status, answer, problem, created, ended)
{_NUMBERS}
select 'int_' || printf('%026d', i), 'default', 'default', 'local', 'How is shop ' || i || '?', 'en', 'UTC', '[]', '', 'run_' ||
    printf('%026d', i * 2), '[]', 'http', '[]', 0, case when i % 100 = 0 then 'failed' else 'completed' end, 'All is well.',
    case when i % 100 = 0 then {_ERROR} end, {_AT}, {_AT}
from n where i < 9 + :rows / 2"""  # noqa: S608
_TERMS = f"""insert into ticket_term (term, created, ticket)
{_NUMBERS} select 'default/k:report', {_AT}, 'tkt_' || printf('%026d', i) from n"""  # noqa: S608
_CHARGES = f"""insert into charge (id, tenant, intent, kind, subject, status, reserved, amount, currency, original, at, day, deadline,
    ended, provider, model, agent, channel, person, decision, attempt, tariff, input_tokens, output_tokens, cached_read_tokens,
    cached_write_tokens, reasoning_tokens, seconds)
{_NUMBERS},
    mixed(i, any, at) as (select i, i * 2654435761 % 4294967296 / 4096,
        strftime('%Y-%m-%dT%H:%M:%f', :now, '-' || ((:rows + 9 - i) * 12960000.0 / :rows) || ' seconds') || '000Z' from n),
    charge_of(i, any, at, status, cost) as (select i, any, at,
        case when i > :rows - 41 then 'reserved' when i % 100 = 7 then 'assumed' when i % 100 = 9 then 'released' else 'settled' end,
        printf('0.%010d', any * 7919 % 1000000000) from mixed)
select 'cst_' || printf('%026d', i), 'default', 'int_' || printf('%026d', i / 2), 'model', 'dec_' || i, status, '0.15',
    case when status in ('settled', 'assumed') then cost else '0' end, 'USD', case when status in ('settled', 'assumed') then cost else '0'
    end, at, substr(at, 1, 10), '2099-01-01T00:00:00.000000Z', case when status != 'reserved' then at end, 'provider-' || (any % 2),
    'model-' || (any / 2 % 3), 'agent-' || (any / 7 % 8), 'channel-' || (any / 64 % 4), 'person-' || (any / 256 % 500), 'dec_' || i, 1,
    :tariff, any % 4000, any % 700, any % 3000, 0, any % 300, '0'
from charge_of"""  # noqa: S608
_LONG = """with recursive n(i) as (select 0 union all select i + 1 from n where i < :steps - 1)
insert into step (run, position, name, value, began, recorded)
select :run, i, 'row-' || i, '{"done":true}', :now || '.000000Z', :now || '.000000Z' from n"""
_SINGLE = """insert into run (id, workflow, version, queue, tenant, namespace, status, input, error, dead, cancelling, behind, keyed, epoch,
    wake, failures, takes, attempts, touched, created, let_in, ended)
select :run, 'import', '', 'default', 'default', 'default', 'failed', '{}', error, 1, 0, 0, 0, 1, 1, 0, 1, 5, :now || '.000000Z',
    :now || '.000000Z', :now || '.000000Z', :now || '.000000Z' from run where error is not null limit 1"""
_TARIFF = dumps(to_json(Tariff(input=Decimal("2.5"), output=Decimal(10), currency="USD", version="genai-prices 0.0.1")))
ALL: Sequence[str] = (_RUNS, _ATTRIBUTES, _TICKETS, _INTENTS, _TERMS, _CHARGES)
TABLES: Sequence[str] = ("run", "run_attribute", "step", "ticket", "ticket_term", "intent", "charge", "cost", "intent_cost")
"""What is filled, in an order in which each refers to what is there."""


def filled(database: Path, rows: int) -> None:
    """Put them there, unless they are."""
    with sqlite3.connect(database) as connection:
        if connection.execute("select 1 from run where id = ?", (BIG,)).fetchone():
            return
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")
        for statement in ALL:
            connection.execute(statement, {"rows": rows, "now": now, "tariff": _TARIFF})
        for run, steps in ((NEWEST, 12), (BIG, min(rows, STEPS))):
            connection.execute(_SINGLE, {"run": run, "now": now})
            connection.execute(_LONG, {"run": run, "steps": steps, "now": now})
    connection.close()


async def summed(data: Path) -> None:
    """Have Hulk make the sums of the charges in that folder."""
    async with opened("", data) as store:
        book = SqlCosts(store)
        for day in await book.days():
            await store.commit(book.mended(day))


def copied(database: Path, url: str) -> None:
    """Put the same rows into a PostgreSQL that has Hulk's tables."""
    with sqlite3.connect(database) as source, psycopg.connect(url) as target:
        for table in TABLES:
            names = [name for _, name, *_ in source.execute(f"pragma table_info({table})")]  # those that are not computed
            into = sql.SQL("copy {} ({}) from stdin").format(sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, names)))
            with target.cursor().copy(into) as copy:
                for row in source.execute(f"select {', '.join(names)} from {table}"):  # noqa: S608  # of ours
                    copy.write_row(row)
        target.execute("analyze")
    source.close()
