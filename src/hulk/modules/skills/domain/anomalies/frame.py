"""How a table is read as time series: which columns are time, values and groups, in which step, with which seasons. Pure rules."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, TypeAlias

from hulk.kernel.errors import Refused
from hulk.kernel.text import Text
from hulk.modules.skills.domain.table import NUMBERS, TIMES, Column, named, plain, terms, words

Unit: TypeAlias = Literal["second", "month"]
Merge: TypeAlias = Literal["mean", "sum"]
Span: TypeAlias = Literal["minute", "hour", "day", "week", "month"]

MOST_VALUES = 6
MOST_GROUPS = 2
MOST_SERIES = 50_000

_TIME_NAMES = terms(
    "data date dia day datahora timestamp time tempo momento moment datetime ds ts quando when hora periodo period mes month"
)
_NOT_VALUES = terms(
    "id ids codigo cod code key chave uuid cep zip cpf cnpj lat latitude lon lng longitude ano year mes month dia day hora "
    "hour minuto minute semana week trimestre quarter numero number index linha row ordem seq sequencia versao version "
    "telefone phone"
)
_ID_NAMES = terms("id codigo cod code key chave numero number")
_GROUP_NAMES = terms(
    "loja store filial branch sensor maquina machine equipamento device dispositivo produto product sku item regiao region "
    "cidade city estado state uf pais country canal channel linha line planta plant site categoria category tipo type grupo "
    "group cliente customer servidor server host servico service metrica metric serie series unidade unit setor sector area "
    "segmento segment turno shift unique_id"
)
_MEAN_NAMES = terms(
    "temperatura temperature temp preco price taxa rate media mean average avg percentual percent pct umidade humidity "
    "pressao pressure nivel level nota score indice index latencia latency tensao voltage corrente current velocidade speed "
    "ph saldo balance estoque stock cotacao"
)
_SPANS: Mapping[str, Span] = {
    "minuto": "minute", "minute": "minute", "hora": "hour", "hour": "hour", "dia": "day", "day": "day", "semana": "week", "week": "week",
    "mes": "month", "month": "month",
}  # fmt: skip
SECONDS: Mapping[Span, int] = {"minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_DAY, _WEEK = 86400, 604800


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The regular distance of a series' points: so many seconds or calendar months."""

    count: int
    unit: Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """What a glance at the whole table shows: its rows, and about how many distinct values each column has."""

    rows: int
    columns: tuple[Column, ...]
    distinct: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """Which columns play which part. `span`: points are made by joining all rows of an hour, a day ..., instead of one row each."""

    time: str
    values: tuple[str, ...]
    groups: tuple[str, ...] = ()
    span: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Result of `series.inspect`: the table as series. Points with the same time are joined by `merges[value]`.

    `step` is None when points come at no regular distance; then there are no seasons and no gaps. `seasons` are in steps.
    `weekdays` are those on which points are expected (0 is Monday), when not on all. Times are ISO 8601 without offset.
    """

    roles: Roles
    merges: Mapping[str, Merge]
    step: Step | None
    seasons: tuple[int, ...]
    weekdays: tuple[int, ...]
    rows: int
    series: int
    first: str
    last: str
    notes: tuple[Text, ...] = ()


def time_column(table: Candidates, asked: str | None) -> str:
    """The time column: as asked, else the date or moment column whose name says so. Raises `Refused` when there is none."""
    names = [column.name for column in table.columns]
    times = [column for column in table.columns if column.type in TIMES]
    if asked:
        name = named(names, asked)
        if name in [column.name for column in times]:
            return name
        raise Refused("Column “{column}” does not hold dates or times, so it cannot order a series.", column=name)
    if not times:
        raise Refused(
            "No column of the table holds dates or times, so there is no time series in it. Its columns are: {columns}.",
            columns=", ".join(names[:40]),
        )
    return max(
        times, key=lambda column: (bool(_TIME_NAMES & set(words(column.name))), column.type == "moment", table.distinct[column.name])
    ).name


def value_columns(table: Candidates, asked: Sequence[str], groups: Sequence[str]) -> tuple[str, ...]:
    """The columns whose course is watched: as asked, else up to six numeric ones that are no ids, parts of dates or groups."""
    if asked:
        return tuple(dict.fromkeys(_numeric(table, name) for name in asked))
    numbers = [column.name for column in table.columns if column.type in NUMBERS and column.name not in groups]
    likely = [name for name in numbers if not _NOT_VALUES & set(words(name))]
    varied = [name for name in likely or numbers if table.distinct[name] > 1] or likely or numbers
    if not varied:
        raise Refused(
            "No column of the table holds numbers to watch over time. Its columns are: {columns}.",
            columns=", ".join(column.name for column in table.columns[:40]),
        )
    return tuple(varied[:MOST_VALUES])


def _numeric(table: Candidates, asked: str) -> str:
    name = named([column.name for column in table.columns], asked)
    if next(column for column in table.columns if column.name == name).type not in NUMBERS:
        raise Refused("Column “{column}” does not hold numbers, so it cannot be watched over time.", column=name)
    return name


def asked_groups(table: Candidates, asked: Sequence[str]) -> tuple[tuple[str, ...], Span | None]:
    """What “by store and day” asks for: the columns to split by, and the span to join rows in, when the word is no column."""
    names = [column.name for column in table.columns]
    spans = [word for word in asked if span(word) and plain(word) not in [plain(name) for name in names]]
    groups = tuple(dict.fromkeys(named(names, word) for word in asked if word not in spans))
    return groups, span(spans[0]) if spans else None


def span(word: str) -> Span | None:
    """`dias` and `day` are the span `day`."""
    bare = plain(word)
    return _SPANS.get(bare) or _SPANS.get(bare.removesuffix("s")) or _SPANS.get(bare.removesuffix("es"))


def group_choices(table: Candidates, time: str, values: Sequence[str]) -> list[tuple[str, ...]]:
    """Sets of columns that may tell the series apart, the smallest and likeliest first, beginning with none."""
    likely = [column for column in table.columns if _may_group(column, table) and column.name not in (time, *values)]
    likely.sort(key=lambda column: (not _GROUP_NAMES & set(words(column.name)), table.distinct[column.name]))
    names = [column.name for column in likely[:6]]
    return [choice for size in range(MOST_GROUPS + 1) for choice in combinations(names, size)]


def _may_group(column: Column, table: Candidates) -> bool:
    distinct = table.distinct[column.name]
    named_so = bool((_GROUP_NAMES | _ID_NAMES) & set(words(column.name)))
    if not 2 <= distinct <= min(MOST_SERIES, max(2, table.rows // 8)):
        return False
    return column.type in ("text", "yesno") or (column.type == "whole" and named_so)


def chosen_groups(choices: Sequence[tuple[str, ...]], unique: Sequence[float]) -> tuple[tuple[str, ...], bool]:
    """The first choice that makes almost every row's time its own (`unique` are those shares); False: none does, so rows are joined."""
    for choice, share in zip(choices, unique, strict=True):
        if share >= 0.98:
            return choice, True
    better = [choice for choice in choices[1:] if len(choice) == 1 and _GROUP_NAMES & set(words(choice[0]))]
    return (better[0] if better else ()), False


def merge(value: str, span_: Span | None) -> Merge:
    """How several rows of the same time are joined: amounts are added up, levels and rates are averaged."""
    return "sum" if span_ and not _MEAN_NAMES & set(words(value)) else "mean"


def record_span(seconds: float) -> Span:
    """In which span records are joined that cover so many seconds: at least some 50 points."""
    return "day" if seconds >= 45 * _DAY else "hour" if seconds >= 2 * _DAY else "minute"


def step(distances: Mapping[int, int]) -> Step | None:
    """The step that most of the distances (seconds: how often) between neighbouring points are; None when they are irregular."""
    total = sum(distances.values())
    if not total:
        return None
    for months, low, high in ((1, 28, 31), (3, 89, 92), (6, 181, 184), (12, 365, 366)):
        if _share(distances, low * _DAY, high * _DAY) >= 0.7 * total and len({d for d in distances if low * _DAY <= d <= high * _DAY}) > 1:
            return Step(count=months, unit="month")
    usual = Counter(distances).most_common(1)[0][0]
    if _share(distances, usual * 0.9, usual * 1.1) >= 0.5 * total:
        return Step(count=_rounded(usual), unit="second")
    return None


def _share(distances: Mapping[int, int], low: float, high: float) -> int:
    return sum(count for distance, count in distances.items() if low <= distance <= high)


def _rounded(seconds: int) -> int:
    """To a step a clock knows, when it is within 2 % of one."""
    known = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10800, 14400, 21600, 43200, _DAY, _WEEK)
    return next((k for k in known if abs(k - seconds) <= 0.02 * k), max(1, seconds))


def span_step(span_: Span) -> Step:
    """The step of points that are joined per span."""
    return Step(count=1, unit="month") if span_ == "month" else Step(count=SECONDS[span_], unit="second")


def seasons(step_: Step | None, weekdays: Sequence[int] = ()) -> tuple[int, ...]:
    """The seasons worth trying, in steps: of a day and a week within hours, of a week in days, of a year in weeks and months."""
    if step_ is None:
        return ()
    if weekdays:
        return (len(weekdays),) if len(weekdays) > 1 else ()
    if step_.unit == "month":
        return (12 // step_.count,) if step_.count in (1, 2, 3, 4, 6) else ()
    if step_.count >= _WEEK:
        return (52,) if step_.count == _WEEK else ()
    periods = (_DAY, _WEEK) if step_.count < _DAY else (_WEEK,)
    fitting = tuple(period // step_.count for period in periods if period % step_.count == 0)
    return tuple(period for period in fitting if 2 <= period <= 2016)


def expected_weekdays(counts: Sequence[int], step_: Step | None) -> tuple[int, ...]:
    """The weekdays (0 is Monday) on which a daily series has points, when it skips some as a rule; empty when it has all."""
    if step_ != Step(count=_DAY, unit="second") or not sum(counts):
        return ()
    usual = [day for day, count in enumerate(counts) if count >= 0.1 * max(counts)]
    return tuple(usual) if len(usual) < 7 else ()


def listed(names: Iterable[str]) -> str:
    """Names in one line."""
    return ", ".join(names)
