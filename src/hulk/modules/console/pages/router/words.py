"""A policy in words: each of its conditions and what it says a sentence of its own."""

from collections.abc import Mapping, Sequence
from typing import Any

from hulk.kernel.text import Text, Voice

DAYS: Mapping[str, Text] = {
    "mon": Text("Monday"), "tue": Text("Tuesday"), "wed": Text("Wednesday"), "thu": Text("Thursday"), "fri": Text("Friday"),
    "sat": Text("Saturday"), "sun": Text("Sunday"),
}  # fmt: skip


def where(policy: Mapping[str, Any], voice: Voice) -> Sequence[Text]:
    """Where it holds."""
    when = policy["when"]
    found = [
        *([Text("Only in the channels {names}.", names=_named(when["channels"]))] if when["channels"] else []),
        *([Text("Only for the agents {names}.", names=_named(when["agents"]))] if when["agents"] else []),
        *([_sensitive(when["sensitivity"])] if when["sensitivity"] else []),
        *(_hours(one) for one in when["hours"]),
        *([Text("Only once {percent} % of the month's budget is used.", percent=_percent(when["spent"], voice))] if when["spent"] else []),
    ]
    return found or [Text("Everywhere, always.")]


def says(policy: Mapping[str, Any], voice: Voice) -> Sequence[Text]:
    """What it says there."""
    found = [
        *([Text("Only {names} may answer.", names=_named(policy["allow"]))] if policy["allow"] else []),
        *([Text("{names} may not answer.", names=_named(policy["deny"]))] if policy["deny"] else []),
        *([Text("A call may cost at most {amount}.", amount=_amount(policy["max_cost"], voice))] if policy["max_cost"] is not None else []),
        *([Text("An answer may be expected to take at most {time}.", time=policy["max_time"])] if policy["max_time"] else []),
        *([Text("What must stay in the company may be replaced by tokens, so that the rest may go out.")] if policy.get("mask") else []),
    ]
    return found or [Text("Nothing: any model may answer.")]


def in_words(policy: Mapping[str, Any], voice: Voice) -> Mapping[str, Any]:
    """The policy with its words; numbers as that reader writes them."""
    return {**policy, "where": where(policy, voice), "says": says(policy, voice)}


def _amount(amount: str, voice: Voice) -> str:
    return voice.number(float(amount), 8)


def _named(names: Sequence[str]) -> str:
    return ", ".join(names)


def _sensitive(kind: str) -> Text:
    return Text("Only for what must stay in the company.") if kind == "p0" else Text("Only for what may go out.")


def _hours(one: Mapping[str, Any]) -> Text:
    values = {"begin": one["begin"][:5], "end": one["end"][:5], "zone": one["zone"]}
    if not one["days"]:
        return Text("From {begin} to {end} ({zone}), every day.", **values)
    first, *others = [DAYS[day] for day in one["days"]]
    listed = first
    for day in others:
        listed = Text("{days}, {day}", days=listed, day=day)
    return Text("From {begin} to {end} ({zone}) on {days}.", **values, days=listed)


def _percent(share: str, voice: Voice) -> str:
    return voice.number(float(share) * 100, 4)
