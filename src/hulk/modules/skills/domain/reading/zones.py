"""Time zones by name."""

from difflib import get_close_matches
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from hulk.kernel.errors import Refused


def zone(name: str) -> ZoneInfo:
    """The time zone of that IANA name; raises `Refused` with the closest names when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        near = _near(name)
        raise Refused(
            "“{name}” is not a time zone: use a name such as {examples}.",
            name=name[:80],
            examples=", ".join(near or ("America/Sao_Paulo", "Europe/Lisbon", "UTC")),
        ) from unknown


def _near(name: str) -> list[str]:
    """Up to three names that are written much like `name`, compared without capitals."""
    known = {each.lower(): each for each in available_timezones()}
    cities = {each.rpartition("/")[2]: each for each in sorted(known, reverse=True)}
    wanted = name[:80].lower().replace(" ", "_").replace("-", "_")
    close = get_close_matches(wanted, known, n=3, cutoff=0.7)
    return [known[each] for each in close] or [known[cities[each]] for each in get_close_matches(wanted, cities, n=3, cutoff=0.75)]
