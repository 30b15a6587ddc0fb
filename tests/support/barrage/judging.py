"""What came of a barrage: what the store says, held against what people were promised and what they see."""

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from support.barrage.sides import Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Of one channel. `lost`: messages that were taken and neither answered nor listed; `doubled`: those that were answered more than once;
    `unknown`: answers that are listed as such; `shown`: those of them that people do see; `standing`: messages to which people still read
    that they are worked on, and that is not listed."""

    channel: str
    taken: int
    lost: list[str]
    doubled: list[str]
    unknown: int
    shown: int
    failed: int
    standing: list[str]
    replaced: int
    """Answers in whose place it was said that they are worked on."""


def judged(data: Path, channel: str, taken: set[str], seen: Seen, standing: Sequence[str]) -> Verdict:
    """The verdict on one channel, of a store that is at rest."""
    with closing(sqlite3.connect(f"file:{data / 'hulk.db'}?mode=ro", uri=True)) as store:
        rows = store.execute("select message, state from channel_message where channel = ?", (channel,)).fetchall()
    told = [(json.loads(message), state) for message, state in rows]
    states = {message["about"]: state for message, state in told if not message["until"]}
    unclear = {message["about"] for message, state in told if message["until"] and state == "unknown"}
    unknown = {about for about, state in states.items() if state == "unknown"}
    return Verdict(
        channel=channel, taken=len(taken), lost=sorted(one for one in taken if not seen.get(one) and one not in unknown),
        doubled=sorted(one for one, ids in seen.items() if len(ids) > 1), unknown=len(unknown),
        shown=sum(1 for one in unknown if seen.get(one)), failed=Counter(states.values())["failed"],
        standing=sorted(set(standing) - unclear), replaced=sum(1 for message, state in told if message["over"] and state == "sent"),
    )  # fmt: skip


def at_work(data: Path) -> dict[str, int]:
    """How much is still to be done of what came in, of intents, and of what goes out."""
    with closing(sqlite3.connect(f"file:{data / 'hulk.db'}?mode=ro", uri=True)) as store:
        return {
            what: int(store.execute(query).fetchone()[0])
            for what, query in (
                ("arrivals", "select count(*) from channel_arrival where outcome = ''"),
                ("intents", "select count(*) from intent where status in ('accepted', 'running')"),
                ("messages", "select count(*) from channel_message where state in ('waiting', 'sending', 'shown')"),
                ("answerless", _ANSWERLESS),
            )
        }  # fmt: skip


_ANSWERLESS = """
    select count(*) from channel_arrival a where outcome = 'asked'
    and not exists (select 1 from channel_message m where m.intent = a.intent)
"""


def waiting(data: Path, channel: str) -> int:
    """How many answers wait there to be sent, or for somebody who comes back."""
    with closing(sqlite3.connect(f"file:{data / 'hulk.db'}?mode=ro", uri=True)) as store:
        return int(store.execute("select count(*) from channel_message where channel = ? and state = 'waiting'", (channel,)).fetchone()[0])


def recoveries(data: Path, channel: str, killed: Sequence[datetime]) -> list[float]:
    """Seconds from each kill until something went out there again, the shortest first; where a clock was wrong they mean nothing."""
    with closing(sqlite3.connect(f"file:{data / 'hulk.db'}?mode=ro", uri=True)) as store:
        rows = store.execute("select ended from channel_message where channel = ? and state = 'sent' order by 1", (channel,)).fetchall()
    ended = [datetime.fromisoformat(one).replace(tzinfo=UTC) for (one,) in rows]
    firsts = [(next((one for one in ended if one > at), None), at) for at in killed]
    return sorted((first - at).total_seconds() for first, at in firsts if first is not None)


def records(data: Path) -> Counter[str]:
    """What is on record more than once, or not as it should be; nothing, if all is well."""
    with closing(sqlite3.connect(f"file:{data / 'hulk.db'}?mode=ro", uri=True)) as store:
        twice = store.execute(
            "select count(*) from (select intent from channel_arrival where intent is not null group by intent having count(*) > 1)"
        ).fetchone()
        answers = store.execute(
            "select count(*) from (select intent from channel_message where intent is not null group by intent having count(*) > 1)"
        ).fetchone()
        dead = store.execute("select count(*) from run where dead").fetchone()
        other = store.execute("select count(*) from channel_arrival where outcome <> 'asked' and kind = 'message'").fetchone()
    named = {"intents of two arrivals": twice, "intents answered twice": answers, "dead runs": dead, "not asked": other}
    return Counter({what: count for what, (count,) in named.items() if count})
