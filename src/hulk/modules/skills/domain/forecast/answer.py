"""`data.forecast` as a skill: what it is asked with, which tickets it takes, and how their results are told."""

from collections.abc import Iterator, Sequence

from hulk.kernel.records import from_json
from hulk.kernel.text import Text, Voice
from hulk.modules.skills.domain.anomalies.answer import ANOMALIES, moment, step_name
from hulk.modules.skills.domain.anomalies.frame import Frame, listed
from hulk.modules.skills.domain.forecast.examples import EXAMPLES
from hulk.modules.skills.domain.forecast.outcome import Forecast, ForecastMethod, Forecasts, ForecastStep, Reason
from hulk.modules.skills.domain.markdown import cell, table
from hulk.modules.skills.domain.profile.answer import figure
from hulk.modules.skills.domain.skill import Answer, Arguments, Parameter, Report, Skill
from hulk.modules.tickets import Draft

MOST_TOLD = 20
MOST_STEPS_TOLD = 31
MOST_NAMED = 5
CHART, LEDGER = "forecast.png", "forecast.csv"


def plan(arguments: Arguments) -> tuple[Draft, ...]:
    """Find out how the table reads as series, forecast each, then draw the largest."""
    asked = {name: arguments.get(name) for name in ("table", "time", "value", "group", "horizon")}
    return (
        Draft(key="inspect", kind="series.inspect", title=Text("Find the time, value and group columns"), input=asked),
        Draft(key="forecast", kind="series.forecast", title=Text("Forecast each series"), input=asked, after=("inspect",)),
        Draft(
            key="chart", kind="series.outlook", title=Text("Draw the largest forecasts"), input=asked, after=("forecast",), required=False
        ),
    )


def answer(report: Report) -> Answer:
    """The forecasts as Markdown: how good they were on the past before what they say."""
    frame, found, voice = from_json(Frame, report.results["inspect"]), from_json(Forecasts, report.results["forecast"]), report.voice
    name = str(report.arguments["table"]["name"])
    parts = [
        "## " + voice.say(Text("Forecast of {name}", name=cell(name))),
        voice.say(_verdict(found, voice)),
        *_overview(frame, found, voice),
        *_quality(found, voice),
        *_series(found, voice),
        *_steps(found, voice),
        *_left(found, voice),
        *([] if "chart" in report.results else [voice.say(Text("The chart could not be drawn."))]),
    ]
    return Answer(markdown="\n\n".join(parts) + "\n")


def _verdict(found: Forecasts, voice: Voice) -> Text:
    if not found.largest:
        return Text("**Nothing was forecast.** Why is told below.")
    ahead = found.largest[0].steps
    times = {"first": moment(ahead[0].time, voice), "last": moment(ahead[-1].time, voice), "steps": voice.number(found.steps)}
    if found.forecast == 1:
        return Text("**{steps} points forecast**, from {first} to {last}.", **times)
    return Text("**{count} series forecast**, {steps} points each, from {first} to {last}.", count=voice.number(found.forecast), **times)


def _overview(frame: Frame, found: Forecasts, voice: Voice) -> Iterator[str]:
    yield voice.say(
        Text(
            "Points: {points}; series: {series}; from {first} to {last}. {values} over {time}{groups}, {step}.",
            points=voice.number(found.points),
            series=voice.number(found.forecast + sum(found.reasons.values())),
            first=moment(frame.first, voice),
            last=moment(frame.last, voice),
            values=cell(listed(frame.roles.values), 120),
            time=cell(frame.roles.time),
            groups=Text(" for each {groups}", groups=cell(listed(frame.roles.groups), 120)) if frame.roles.groups else "",
            step=step_name(frame.step, voice),
        )
    )
    if remarks := [*frame.notes, *found.notes]:
        yield "\n".join(f"- {voice.say(remark)}" for remark in remarks)


def _quality(found: Forecasts, voice: Voice) -> Iterator[str]:
    if not found.forecast:
        return
    if found.forecast > 1:
        yield voice.say(
            Text(
                "Tried out on the past, {better} of {count} forecasts were better than the seasonal naive forecast, which repeats the "
                "season before. Do not trust one that was not.",
                better=voice.number(found.better), count=voice.number(found.forecast),
            )
        )  # fmt: skip
        return
    [only] = found.largest
    yield voice.say(_trial(only, voice))
    if not only.better:
        yield voice.say(Text("**This is no better than the seasonal naive forecast**, which repeats the season before."))


def _trial(one: Forecast, voice: Voice) -> Text:
    told = {
        "method": method_name(one.method),
        "trials": voice.number(one.trials),
        "mase": voice.number(one.mase, 2),
        "measure": voice.number(one.measure, 2),
    }
    if one.inside_95 is None or one.inside_80 is None:
        return Text(
            "Method: {method}. It was tried out on the past from {trials} points on: its mean error was {mase} (MASE), that of the "
            "seasonal naive forecast {measure}. That is too few trials to tell how far the intervals can be trusted.",
            **told,
        )
    return Text(
        "Method: {method}. It was tried out on the past from {trials} points on: its mean error was {mase} (MASE), that of the seasonal "
        "naive forecast {measure}. Of the values that came, {inside_80} lay in the 80 % interval, and {inside_95} in the 95 % interval.",
        inside_80=_share(one.inside_80, voice), inside_95=_share(one.inside_95, voice), **told,
    )  # fmt: skip


def _series(found: Forecasts, voice: Voice) -> Iterator[str]:
    if found.forecast < 2:
        return
    shown = found.largest[:MOST_TOLD]
    grouped = any(one.series for one in shown)
    head = [
        *([Text("Series")] if grouped else []),
        *(Text("Value"), Text("Average expected"), Text("Average before"), Text("Change"), Text("Method"), Text("MASE")),
        *(Text("Naive"), Text("Inside 95 %"), Text("Better than naive")),
    ]
    yield "### " + voice.say(Text("The largest series"))
    first = 2 if grouped else 1
    right = [*range(first, first + 3), *range(first + 4, first + 7)]
    yield table([voice.say(word) for word in head], [_row(one, grouped, voice) for one in shown], right)
    if (rest := found.forecast - len(shown)) > 0:
        yield voice.say(Text("Not shown here, but in {file}: {count}.", count=voice.number(rest), file=f"`{LEDGER}`"))


def _row(one: Forecast, grouped: bool, voice: Voice) -> Sequence[str]:
    return (
        *([cell(one.series)] if grouped else []),
        cell(one.value),
        figure(one.average, voice),
        figure(one.before, voice),
        _change(one, voice),
        voice.say(method_name(one.method)),
        voice.number(one.mase, 2),
        voice.number(one.measure, 2),
        "—" if one.inside_95 is None else _share(one.inside_95, voice),
        voice.say(Text("yes") if one.better else Text("no")),
    )


def _change(one: Forecast, voice: Voice) -> str:
    if not one.before:
        return "—"
    change = 100 * (one.average - one.before) / abs(one.before)
    return f"{'+' if change > 0 else ''}{voice.number(change, 1)} %"


def _share(share: float, voice: Voice) -> str:
    return f"{voice.number(100 * share)} %"


def _steps(found: Forecasts, voice: Voice) -> Iterator[str]:
    """Point by point, of one series; of several that stands in the file."""
    if found.forecast != 1:
        return
    [only] = found.largest
    shown = only.steps[:MOST_STEPS_TOLD]
    head = [Text("When"), Text("Expected"), Text("80 % interval"), Text("95 % interval")]
    yield table([voice.say(word) for word in head], [_step(one, voice) for one in shown], range(1, 4))
    if (rest := len(only.steps) - len(shown)) > 0:
        yield voice.say(Text("Not shown here, but in {file}: {count}.", count=voice.number(rest), file=f"`{LEDGER}`"))


def _step(one: ForecastStep, voice: Voice) -> Sequence[str]:
    between = [f"{figure(low, voice)} – {figure(high, voice)}" for low, high in ((one.low_80, one.high_80), (one.low_95, one.high_95))]
    return (moment(one.time, voice), figure(one.value, voice), *between)


def _left(found: Forecasts, voice: Voice) -> Iterator[str]:
    if not found.reasons:
        return
    yield "### " + voice.say(Text("Not forecast"))
    yield "\n".join(f"- {voice.say(_why(found, reason, voice))}" for reason in found.reasons)


def _why(found: Forecasts, reason: Reason, voice: Voice) -> Text:
    left = [one for one in found.left if one.reason == reason]
    names = "; ".join(cell(" · ".join(filter(None, (one.value, one.series)))) for one in left[:MOST_NAMED])
    told = {"count": voice.number(found.reasons[reason]), "names": names}
    match reason:
        case "short":
            needed = voice.number(max((one.needed for one in left), default=0))
            return Text(
                "Series with too short a history: {count}. A forecast this far ahead needs two seasons, and enough points to be tried out "
                "on: up to {needed}. Ask for fewer points ahead. {names}.",
                needed=needed, **told,
            )  # fmt: skip
        case "gaps":
            return Text("Series in which more than {share} of the points are missing: {count}. {names}.", share=_share(0.05, voice), **told)
        case "constant":
            return Text("Series that never change, so that there is nothing to forecast: {count}. {names}.", **told)
        case "ended":
            return Text("Series that ended before the others: {count}. {names}.", **told)


def method_name(method: ForecastMethod) -> Text:
    """What a method is called."""
    names: dict[ForecastMethod, Text] = {
        "seasonal naive": Text("the season before"),
        "naive": Text("the last value"),
        "theta": Text("Theta"),
        "smoothing": Text("exponential smoothing"),
        "arima": Text("ARIMA"),
        "mean": Text("the mean of Theta, exponential smoothing and ARIMA"),
    }
    return names[method]


def forecast_title(one: Forecast) -> str:
    """What a forecast is of."""
    return f"{one.value} · {one.series}" if one.series else one.value


FORECAST = Skill(
    name="data.forecast",
    title=Text("Forecast time series"),
    about=Text(
        "Forecasts the series of a CSV, Parquet or JSON-lines file, for each group, with 80 % and 95 % intervals, and says how good "
        "that was when tried on the past, with a chart and all values as CSV."
    ),
    examples=EXAMPLES,
    parameters=(
        *(one for one in ANOMALIES.parameters if one.name != "threshold"),
        Parameter(name="horizon", kind="horizon", about=Text("How far ahead: so many points, hours, days, weeks or months")),
    ),
    plan=plan,
    answer=answer,
    tags=("data", "time series"),
)
