"""The picture of a repository's churn: the files that changed most, and commits over time."""

from collections.abc import Iterator

from hulk.kernel.text import Text, Voice
from hulk.modules.skills.domain.chart import Bars, Chart, Columns, Panel
from hulk.modules.skills.domain.churn.measures import Activity, Ranking

PICTURE = "churn.png"
MOST_BARS = 15


def picture(ranking: Ranking, activity: Activity, voice: Voice) -> Chart | None:
    """The chart in the reader's words; None when nothing changed."""
    panels = (*_files(ranking, voice), *_over_time(activity, voice))
    return Chart(title=voice.say(Text("Most changed files")), panels=panels) if panels else None


def _files(ranking: Ranking, voice: Voice) -> Iterator[Panel]:
    shown = ranking.files[:MOST_BARS]
    if shown:
        yield Bars(
            title=voice.say(Text("Commits per file")),
            labels=tuple(legible(file.path, 48) for file in shown),
            values=tuple(float(file.commits) for file in shown),
            unit=voice.say(Text("commits")),
        )


def _over_time(activity: Activity, voice: Voice) -> Iterator[Panel]:
    if any(point.commits for point in activity.points):
        titles = {"day": Text("Commits per day"), "week": Text("Commits per week"), "month": Text("Commits per month")}
        yield Columns(
            title=voice.say(titles[activity.step]),
            labels=tuple(voice.day(point.start) for point in activity.points),
            values=tuple(float(point.commits) for point in activity.points),
            unit=voice.say(Text("commits")),
        )


def legible(path: str, most: int = 80) -> str:
    """`path` in at most that many characters, cut in its middle; what cannot be printed is written as an escape."""
    printable = "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in path)
    if len(printable) <= most:
        return printable
    head = most // 3
    return f"{printable[:head]}…{printable[head + 1 - most :]}"
