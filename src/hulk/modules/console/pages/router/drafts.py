"""A policy as a form has it. What it says is checked by the API."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from hulk.kernel.errors import Refused
from hulk.kernel.text import Language
from hulk.modules.console.domain import read_amount, written_amount
from hulk.modules.console.pages.router.words import DAYS


def drafted(form: Mapping[str, str], language: Language) -> dict[str, Any]:
    """The policy of the form. Raises `Refused` for half an hour."""
    when: dict[str, Any] = {"channels": _names(form, "channels"), "agents": _names(form, "agents"), "hours": _hours(form)}
    when |= {name: form[name].strip() for name in ("sensitivity",) if form.get(name, "").strip()}
    when |= {"spent": share_of(form["spent"], language)} if form.get("spent", "").strip() else {}
    limits = {"max_time": form["max_time"].strip()} if form.get("max_time", "").strip() else {}
    limits |= {"max_cost": read_amount(form["max_cost"], language)} if form.get("max_cost", "").strip() else {}
    return {"name": form.get("name", "").strip(), "when": when, "allow": _names(form, "allow"), "deny": _names(form, "deny"), **limits}


FIELDS: Sequence[str] = (
    "was", "version", "name", "channels", "agents", "sensitivity", "spent", "begin", "end", "zone", "allow", "deny", "max_cost", "max_time",
    "reason", *(f"day-{day}" for day in DAYS),
)  # fmt: skip
"""Of the form."""


def filled(policy: Mapping[str, Any], version: int, zone: str, language: Language) -> Mapping[str, str]:
    """The form for a policy that holds; empty for a new one of `{}`, whose hours are of `zone`."""
    empty = {**dict.fromkeys(FIELDS, ""), "version": str(version), "zone": zone}
    if not policy:
        return empty
    when = policy["when"]
    names = {"channels": when["channels"], "agents": when["agents"], "allow": policy["allow"], "deny": policy["deny"]}
    hours = _first_hours(when["hours"])
    limits = {"max_time": policy["max_time"] or "", "max_cost": written_amount(policy["max_cost"] or "", language)}
    spent = written_amount(f"{Decimal(when['spent']) * 100:f}", language) if when["spent"] else ""
    listed = {field: " ".join(some) for field, some in names.items()}
    about = {"was": policy["name"], "name": policy["name"], "sensitivity": when["sensitivity"] or "", "spent": spent}
    return {**empty, **about, **listed, **hours, **limits}


def refilled(form: Mapping[str, str]) -> Mapping[str, str]:
    """The form as it was sent."""
    return {field: form.get(field, "") for field in FIELDS}


def _first_hours(hours: Sequence[Mapping[str, Any]]) -> Mapping[str, str]:
    if not hours:
        return {}
    one = hours[0]
    return {"begin": one["begin"][:5], "end": one["end"][:5], "zone": one["zone"], **{f"day-{day}": "1" for day in one["days"]}}


def with_draft(policies: Sequence[Mapping[str, Any]], was: str, draft: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The policies with the draft in the place of the one called `was`, else at their end. Hours that a form does not show stay."""
    before = next((one for one in policies if was and one["name"] == was), None)
    if before is None:
        return [*policies, draft]
    kept = {**draft, "when": {**draft["when"], "hours": [*draft["when"]["hours"], *before["when"]["hours"][1:]]}}
    return [kept if one is before else one for one in policies]


def without(policies: Sequence[Mapping[str, Any]], name: str) -> list[Mapping[str, Any]]:
    """The policies but that one."""
    return [one for one in policies if one["name"] != name]


MOST = Decimal(10**12)
"""Of a number in a form."""
CIRCUMSTANCES: Sequence[str] = ("channel", "agent", "sensitivity", "at", "spent")


def asked_circumstances(query: Mapping[str, str], language: Language) -> dict[str, Any]:
    """What a question is taken to come with."""
    given = {name: query[name].strip() for name in ("channel", "agent", "sensitivity", "at") if query.get(name, "").strip()}
    return {**given, "spent": share_of(query["spent"], language)} if query.get("spent", "").strip() else given


def _names(form: Mapping[str, str], field: str) -> list[str]:
    return [name for name in form.get(field, "").replace(",", " ").split() if name]


def share_of(percent: str, language: Language) -> str:
    """`80` of a form as 0.8. Raises `Refused` for what is no number."""
    return f"{number_of(percent.removesuffix('%'), language) / 100:f}"


def number_of(written: str, language: Language) -> Decimal:
    """A number of a form. Raises `Refused` for what is none."""
    try:
        found = Decimal(read_amount(written, language))
    except InvalidOperation as error:
        raise Refused("A number is expected in place of “{value}”.", value=written[:40]) from error
    if not found.is_finite() or abs(found) > MOST:
        raise Refused("A number is expected in place of “{value}”.", value=written[:40])
    return found


def _hours(form: Mapping[str, str]) -> list[dict[str, Any]]:
    begin, end = form.get("begin", "").strip(), form.get("end", "").strip()
    if not begin and not end:
        return []
    if not begin or not end:
        raise Refused("Hours have a beginning and an end: give both, or none.")
    zone = {"zone": form["zone"].strip()} if form.get("zone", "").strip() else {}
    return [{"begin": begin, "end": end, "days": [day for day in DAYS if form.get(f"day-{day}")], **zone}]
