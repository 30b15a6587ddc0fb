"""`data.anomalies` as a skill: what it is asked with, which tickets it takes, and how their results are told."""

from collections.abc import Iterator, Sequence
from datetime import datetime, time

from hulk.kernel.records import from_json
from hulk.kernel.text import Text, Voice
from hulk.modules.skills.domain.anomalies.episodes import Curve, Detection, Episode, Gaps, Kind
from hulk.modules.skills.domain.anomalies.frame import Frame, Step, listed
from hulk.modules.skills.domain.markdown import cell, table
from hulk.modules.skills.domain.profile.answer import figure
from hulk.modules.skills.domain.skill import Answer, Arguments, Parameter, Report, Skill
from hulk.modules.tickets import Draft, FollowUp

MOST_FOLLOW_UPS = 50
MOST_TOLD = 20
CHART, LEDGER = "anomalies.png", "anomalies.csv"


def plan(arguments: Arguments) -> tuple[Draft, ...]:
    """Find out how the table reads as series; then look for anomalies and gaps at once; then the picture."""
    asked = {name: arguments.get(name) for name in ("table", "time", "value", "group", "threshold")}
    return (
        Draft(key="inspect", kind="series.inspect", title=Text("Find the time, value and group columns"), input=asked),
        Draft(key="detect", kind="series.detect", title=Text("Look for anomalies in each series"), input=asked, after=("inspect",)),
        Draft(
            key="gaps",
            kind="series.gaps",
            title=Text("Look for missing and repeated times"),
            input=asked,
            after=("inspect",),
            required=False,
        ),
        Draft(key="chart", kind="series.chart", title=Text("Draw the worst series"), input=asked, after=("detect",), required=False),
    )


def answer(report: Report) -> Answer:
    """The anomalies as Markdown, the worst first, and a ticket for each."""
    frame = from_json(Frame, report.results["inspect"])
    detection = from_json(Detection, report.results["detect"])
    gaps = from_json(Gaps, report.results["gaps"]) if "gaps" in report.results else None
    name = str(report.arguments["table"]["name"])
    parts = [
        *_overview(name, frame, detection, report.voice),
        *_episodes(detection, report.voice),
        *_gaps(gaps, report.voice),
        *_missing(report),
    ]
    follow_ups = tuple(_follow_up(episode, name, report.voice) for episode in detection.worst[:MOST_FOLLOW_UPS])
    return Answer(markdown="\n\n".join(parts) + "\n", follow_ups=follow_ups)


def _overview(name: str, frame: Frame, detection: Detection, voice: Voice) -> Iterator[str]:
    yield "## " + voice.say(Text("Anomalies in {name}", name=cell(name)))
    yield voice.say(_verdict(detection, voice))
    yield voice.say(
        Text(
            "Points: {points}; series: {series}; from {first} to {last}. {values} over {time}{groups}, {step}.",
            points=voice.number(detection.points),
            series=voice.number(detection.series),
            first=moment(frame.first, voice),
            last=moment(frame.last, voice),
            values=cell(listed(frame.roles.values), 120),
            time=cell(frame.roles.time),
            groups=Text(" for each {groups}", groups=cell(listed(frame.roles.groups), 120)) if frame.roles.groups else "",
            step=step_name(frame.step, voice),
        )
    )
    remarks = [*frame.notes, *detection.notes, *_not_judged(detection, voice)]
    if remarks:
        yield "\n".join(f"- {voice.say(remark)}" for remark in remarks)


def _verdict(detection: Detection, voice: Voice) -> Text:
    if not detection.episodes:
        return Text("**No anomaly found.**")
    if detection.episodes == 1:
        return Text("**One anomaly found.**")
    return Text(
        "**{count} anomalies found** in {affected} of {series} series.",
        count=voice.number(detection.episodes),
        affected=voice.number(detection.affected),
        series=voice.number(detection.series),
    )


def _not_judged(detection: Detection, voice: Voice) -> Iterator[Text]:
    if detection.short:
        yield Text("Series with too few points to be judged: {count}.", count=voice.number(detection.short))
    if detection.constant:
        yield Text("Series that never change: {count}.", count=voice.number(detection.constant))


def _episodes(detection: Detection, voice: Voice) -> Iterator[str]:
    if not detection.worst:
        return
    shown = detection.worst[:MOST_TOLD]
    grouped = any(episode.series for episode in shown)
    head = [
        *([Text("Series")] if grouped else []),
        Text("Value"),
        Text("When"),
        Text("What"),
        Text("Found"),
        Text("Expected"),
        Text("Score"),
    ]
    yield "### " + voice.say(Text("The worst anomalies"))
    right = range(len(head) - 3, len(head))
    yield table([voice.say(word) for word in head], [_row(episode, grouped, voice) for episode in shown], right)
    rest = detection.episodes - len(shown)
    if rest > 0:
        yield voice.say(Text("Not shown here, but in {file}: {count}.", count=voice.number(rest), file=f"`{LEDGER}`"))
    if detection.episodes > MOST_FOLLOW_UPS:
        yield voice.say(Text("Tickets are opened for the {most} highest scores only.", most=voice.number(MOST_FOLLOW_UPS)))


def _row(episode: Episode, grouped: bool, voice: Voice) -> Sequence[str]:
    return (
        *([cell(episode.series)] if grouped else []),
        cell(episode.value),
        extent(episode, voice),
        voice.say(kind_name(episode.kind)),
        figure(episode.peak, voice),
        figure(episode.expected, voice),
        _score(episode, voice),
    )


def _score(episode: Episode, voice: Voice) -> str:
    return f"> {voice.number(99)}" if episode.score > 99 else voice.number(episode.score, 1)


def _gaps(gaps: Gaps | None, voice: Voice) -> Iterator[str]:
    if gaps is None:
        return
    lines = [voice.say(text) for text in _gap_lines(gaps, voice)]
    if lines:
        yield "### " + voice.say(Text("Missing and repeated times"))
        yield "\n".join(f"- {line}" for line in lines)


def _gap_lines(gaps: Gaps, voice: Voice) -> Iterator[Text]:
    if gaps.missing:
        worst = gaps.worst[0]
        yield Text(
            "Missing points: {missing}, in stretches: {stretches}. The longest{series}: {count}, from {start} to {end}.",
            missing=voice.number(gaps.missing),
            stretches=voice.number(gaps.stretches),
            series=f" ({cell(worst.series)})" if worst.series else "",
            count=voice.number(worst.missing),
            start=moment(worst.start, voice),
            end=moment(worst.end, voice),
        )
    if gaps.duplicated:
        yield Text("Rows that repeat a time of their series: {count}.", count=voice.number(gaps.duplicated))
    if gaps.unread:
        yield Text("Rows without a readable time, left out: {count}.", count=voice.number(gaps.unread))
    if gaps.late:
        names = "; ".join(f"{cell(late.series)} ({moment(late.last, voice)})" for late in gaps.latest[:5])
        yield Text("Series that ended before the others: {count}. {names}.", count=voice.number(gaps.late), names=names)


def _missing(report: Report) -> Iterator[str]:
    names = {"gaps": Text("Missing times could not be looked for."), "chart": Text("The chart could not be drawn.")}
    lost = [report.voice.say(text) for key, text in names.items() if key not in report.results]
    if lost:
        yield " ".join(lost)


def _follow_up(episode: Episode, table_name: str, voice: Voice) -> FollowUp:
    named = Text("{value} of {series}", value=episode.value, series=episode.series) if episode.series else episode.value
    title = Text("{what} of {named} on {when}", what=kind_name(episode.kind), named=named, when=moment(episode.start, voice))
    data = {
        "table": table_name,
        "series": episode.series,
        "value": episode.value,
        "kind": episode.kind,
        "start": episode.start,
        "end": episode.end,
        "points": episode.points,
        "peak": episode.peak,
        "peak_at": episode.peak_at,
        "expected": episode.expected,
        "score": episode.score,
    }
    return FollowUp(kind="data.anomaly", title=title, data=data, priority="high" if episode.score >= 10 else "normal")


def kind_name(kind: Kind) -> Text:
    """What happened, in a word."""
    names: dict[Kind, Text] = {
        "spike": Text("Spike"),
        "dip": Text("Dip"),
        "rise": Text("Rise of the level"),
        "fall": Text("Fall of the level"),
    }
    return names[kind]


def extent(episode: Episode, voice: Voice) -> str:
    """When it was: one time, or from and to."""
    if episode.start == episode.end:
        return moment(episode.start, voice)
    return voice.say(Text("{start} to {end}", start=moment(episode.start, voice), end=moment(episode.end, voice)))


def moment(text: str, voice: Voice) -> str:
    """An ISO 8601 time as people write it, without what is zero."""
    when = datetime.fromisoformat(text)
    clock = when.time()
    if clock == time():
        return voice.day(when.date())
    return f"{voice.day(when.date())} {clock.strftime('%H:%M:%S' if clock.second else '%H:%M')}"


def step_name(step: Step | None, voice: Voice) -> Text:
    """How often points come."""
    if step is None:
        return Text("at irregular times")
    if step.unit == "month":
        return Text("one every month") if step.count == 1 else Text("one every {count} months", count=voice.number(step.count))
    for length, one, many in (
        (604800, Text("one every week"), Text("one every {count} weeks")),
        (86400, Text("one every day"), Text("one every {count} days")),
        (3600, Text("one every hour"), Text("one every {count} hours")),
        (60, Text("one every minute"), Text("one every {count} minutes")),
        (1, Text("one every second"), Text("one every {count} seconds")),
    ):
        if step.count % length == 0:
            count = step.count // length
            return one if count == 1 else Text(many.msgid, count=voice.number(count))
    return Text("at irregular times")


def curve_title(curve: Curve) -> str:
    """What a curve is of."""
    return f"{curve.value} · {curve.series}" if curve.series else curve.value


ANOMALIES = Skill(
    name="data.anomalies",
    title=Text("Find anomalies in time series"),
    about=Text(
        "Finds spikes, dips, changed levels and missing times in the series of a CSV, Parquet or JSON-lines file, for each group, "
        "with a chart and a ticket for each anomaly."
    ),
    examples={
        "pt": (
            "Encontre anomalias nesta série temporal",
            "Há anomalias nas vendas por loja em vendas.csv?",
            "Detecte picos e quedas fora do normal na temperatura de cada sensor",
            "Procure comportamentos estranhos ao longo do tempo neste arquivo",
            "Em quais dias o faturamento ficou muito acima ou abaixo do esperado?",
            "Alguma máquina apresentou leituras anormais de vibração?",
            "Mostre os pontos fora da curva da coluna consumo por unidade",
            "Quando o nível do reservatório mudou de patamar?",
            "Analise a série de pedidos por hora e abra um ticket para cada anomalia",
            "Tem algum salto suspeito no número de acessos diários?",
            "Verifique se os sensores pararam de enviar dados ou têm buracos",
            "Quais lojas tiveram queda brusca nas vendas?",
            "Compare cada leitura com o esperado para a época e aponte desvios",
            "O que aconteceu de anormal nas métricas do servidor na última semana?",
            "Detectar anomalias em leituras.parquet, coluna pressao, por equipamento",
            "tem anomalia aqui?",
            "tem alguma coisa errada na evolução dos pedidos?",
            "acha os picos esquisitos da série",
            "vê se algum sensor ficou mudo ou travado",
            "quando a receita fugiu do padrão?",
            "que dias saíram do comum no volume de ligações?",
            "houve disparada de erros em alguma hora?",
            "o consumo de gás subiu do nada?",
            "quais filiais venderam bem menos do que costumam?",
            "qual cliente mudou de comportamento no último trimestre?",
            "em que semana a produção desabou?",
            "faltam medições em algum período?",
            "identifica surtos e quedas atípicas por bairro",
            "aponte os valores discrepantes ao longo do tempo na coluna latência",
            "detecção de anomalias em série temporal",
            "rode a análise de outliers no histórico de preços",
            "os atrasos por linha tiveram dias fora da normalidade?",
            "a pressão do equipamento variou de forma suspeita?",
            "teve mudança de patamar no estoque diário?",
            "crie um chamado para cada desvio dos medidores",
            "monitore essa série e me fale o que está estranho",
            "quero os pontos que destoam do histórico por categoria",
            "alguma unidade está com temperatura fora do normal?",
            "qual equipamento fugiu da curva?",
            "faturamento fora da curva por cliente",
            "picos de falhas por dia",
            "confronte com o histórico e mostre o que destoa",
            "há valores absurdos na série de doações?",
            "quais linhas de ônibus tiveram dias anormais?",
            "o sensor 7 tem falhas na série?",
            "abra um ticket para cada pico fora do normal de memória",
            "queda repentina de visitas",
            "algum mês fora do padrão?",
            "quais vendedores tiveram queda inesperada?",
            "os pedidos diários têm algum ponto fora?",
            "marque o que for estranho na série de pulsos",
            "há alta repentina de chamados em alguma região?",
            "qual veículo consumiu fora do padrão?",
            "a chuva foi anormal em alguma estação?",
            "em que datas as devoluções saíram do usual?",
            "saltos no número semanal de alunos",
            "período sem leitura na série",
            "o termômetro congelou em algum momento?",
            "picos e vales incomuns no tráfego",
            "qual agência teve movimento atípico?",
            "o rendimento da máquina mudou de nível?",
            "anomalias no histórico de depósitos por caixa",
            "avise os momentos em que a demanda se afastou do previsto",
            "detectar anomalias na coluna quantidade por categoria",
            "abra um chamado para cada desvio na série de produção",
            "quando as vendas despencaram?",
            "há lacunas nas leituras do medidor 4?",
        ),
        "en": (
            "Find anomalies in this time series",
            "Are there anomalies in sales by store in sales.csv?",
            "Detect unusual spikes and drops in the temperature of each sensor",
            "Look for strange behaviour over time in this file",
            "On which days was revenue far above or below what was expected?",
            "Did any machine show abnormal vibration readings?",
            "Show the points off the curve of the consumption column per unit",
            "When did the level of the tank shift?",
            "Analyse the hourly orders and open a ticket for every anomaly",
            "Is there any suspicious jump in the number of daily visits?",
            "Check whether sensors stopped sending data or have gaps",
            "Which stores had a sudden fall in sales?",
            "Compare each reading with what the season would suggest and point out deviations",
            "What went wrong with the server metrics last week?",
            "Detect anomalies in readings.parquet, column pressure, per device",
            "any anomaly here?",
            "is something wrong with how orders evolved?",
            "find the weird peaks of the series",
            "did any sensor go silent or freeze?",
            "when did revenue leave its usual range?",
            "which days were out of the ordinary in call volume?",
            "did errors shoot up at some hour?",
            "did gas consumption rise out of nowhere?",
            "which branches sold much less than they normally do?",
            "which customer changed behaviour last quarter?",
            "in which week did production collapse?",
            "are measurements missing for some period?",
            "spot outbreaks and unusual falls per district",
            "point out discrepant values over time in the latency column",
            "anomaly detection on a time series",
            "run outlier analysis on the price history",
            "were there abnormal delays per line on some days?",
            "raise a ticket for each deviation of the meters",
            "watch this series and tell me what is odd",
            "I want the points that differ from history by category",
            "is any unit's temperature out of range lately?",
            "which device went out of line?",
            "sales off the curve, by customer",
            "error peaks by day",
            "compare with the past and show what stands out",
            "does sensor 7 have holes in its series?",
            "open a ticket for every unusual memory peak",
            "sudden fall of visits",
            "any month out of pattern?",
            "which sellers had an unexpected drop?",
            "find drops per day",
            "outlying points per region over time",
            "did any meter go crazy this week?",
            "is any point off in the daily orders?",
            "was rain abnormal at any station?",
            "flag spikes in response time by service",
            "on which dates did cancellations leave the usual range?",
            "which vehicle consumed out of pattern?",
            "weekly students jumped?",
            "is there a period without readings?",
            "did the thermometer freeze at some moment?",
            "which branch moved atypically?",
            "did the machine's yield change level?",
            "anomalies in the deposit history per cash machine",
            "was pressure abnormal on some day?",
            "detect anomalies by category in the quantity column",
            "raise a ticket for every deviation in the production series",
            "points out of line by branch",
            "when did sales collapse?",
            "are there gaps in the readings of meter 4?",
        ),
    },
    parameters=(
        Parameter(name="table", kind="table", about=Text("The CSV, Parquet or JSON-lines file with the series"), required=True),
        Parameter(
            name="time",
            kind="column",
            about=Text("The column with the dates or times"),
            words=("coluna de tempo", "coluna de data", "data em", "tempo em", "time column", "date column", "timestamp", "ordered by"),
        ),
        Parameter(
            name="value",
            kind="columns",
            about=Text("The numeric columns to watch"),
            words=(
                "valor",
                "valores",
                "coluna",
                "colunas",
                "métrica",
                "medida",
                "value",
                "values",
                "column",
                "columns",
                "metric",
                "measure",
            ),
        ),
        Parameter(
            name="group",
            kind="columns",
            about=Text("The columns that tell the series apart"),
            words=("por", "para cada", "de cada", "em cada", "agrupado por", "by", "per", "for each", "of each", "in each", "grouped by"),
        ),
        Parameter(
            name="threshold",
            kind="number",
            about=Text("From how many robust standard deviations on a point is an anomaly"),
            words=("sensibilidade", "limiar", "sigmas", "desvios", "sensitivity", "threshold", "deviations"),
            least=2,
            most=50,
        ),
    ),
    plan=plan,
    answer=answer,
    tags=("data", "time series"),
)
