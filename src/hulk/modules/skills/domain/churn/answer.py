"""`code.churn` as a skill: what it is asked with, which tickets it takes, and how their results are told."""

from collections.abc import Iterator

from hulk.kernel.records import from_json
from hulk.kernel.text import Text, Voice
from hulk.modules.skills.domain.churn.measures import Activity, FileChurn, FileOwner, Head, Ownership, Ranking
from hulk.modules.skills.domain.churn.picture import legible
from hulk.modules.skills.domain.markdown import cell, table
from hulk.modules.skills.domain.reading import Period
from hulk.modules.skills.domain.skill import Answer, Arguments, Parameter, Report, Skill
from hulk.modules.tickets import Draft, FollowUp

ONE_PERSONS = 0.8
"""From this share of a file's commits on, it is called one person's (bus factor 1) ..."""
LEAST_COMMITS = 3
"""... when it has at least that many."""


def plan(arguments: Arguments) -> tuple[Draft, ...]:
    """Three looks at the history at once, then the picture. Only the ranking must succeed; what else fails is told."""
    where = {"repository": arguments["repository"], "period": arguments["period"]}
    ranked = where | {"most": max(int(arguments.get("top") or 0), int(arguments.get("reviews") or 0), 1)}
    return (
        Draft(key="churn", kind="git.churn", title=Text("Rank the files by the commits that changed them"), input=ranked),
        Draft(key="authors", kind="git.authors", title=Text("Find out who changed them"), input=ranked, required=False),
        Draft(key="activity", kind="git.activity", title=Text("Count the commits over time"), input=where, required=False),
        Draft(
            key="chart",
            kind="git.chart",
            title=Text("Draw the files and the commits over time"),
            after=("churn", "activity"),
            required=False,
        ),
    )


def answer(report: Report) -> Answer:
    """The ranking as Markdown, and a `review.file` ticket for each of the first files, as many as were asked for."""
    ranking = from_json(Ranking, report.results["churn"])
    owners = {owner.path: owner for owner in _ownership(report).files}
    top, wanted = int(report.arguments.get("top") or 10), int(report.arguments.get("reviews") or 0)
    reviewed = ranking.files[:wanted]
    parts = [
        "## " + report.voice.say(Text("Most changed files of {repository}", repository=cell(report.arguments["repository"]["name"]))),
        *_overview(ranking, report),
        *_listing(ranking.files[:top], owners, report.voice),
        *_findings(ranking.files[:top], owners, report),
        *_reviews(len(reviewed), wanted, report.voice),
        *(f"> {report.voice.say(text)}" for text in _caveats(ranking, report)),
    ]
    follow_ups = tuple(_review(file, owners.get(file.path), report) for file in reviewed)
    return Answer(markdown="\n\n".join(parts) + "\n", follow_ups=follow_ups)


def _ownership(report: Report) -> Ownership:
    return from_json(Ownership, report.results["authors"]) if "authors" in report.results else Ownership(files=(), authors=0)


def _days(report: Report) -> dict[str, str]:
    period = from_json(Period, report.arguments["period"])
    return {"since": report.voice.day(period.since), "until": report.voice.day(period.until)}


def _overview(ranking: Ranking, report: Report) -> Iterator[str]:
    if not ranking.commits:
        yield report.voice.say(_nothing(ranking.head, report))
        return
    yield report.voice.say(
        Text(
            "From {since} to {until}: {commits}, {files} changed.",
            commits=_commits(ranking.commits, report.voice),
            files=_files(ranking.changed, report.voice),
            **_days(report),
        )
    )


def _nothing(head: Head, report: Report) -> Text:
    if head.last is None:
        return Text("This repository has no commit yet.")
    return Text(
        "No commit from {since} to {until}. The last one was on {day}: ask for a period that reaches it.",
        day=report.voice.day(head.last),
        **_days(report),
    )


def _listing(files: tuple[FileChurn, ...], owners: dict[str, FileOwner], voice: Voice) -> Iterator[str]:
    if not files:
        return
    head = [
        "#",
        *(
            voice.say(text)
            for text in (
                Text("File"),
                Text("Commits"),
                Text("Lines added"),
                Text("Lines removed"),
                Text("Last change"),
                Text("Main author"),
            )
        ),
    ]
    rows = [
        (
            str(place),
            _name(file.path),
            voice.number(file.commits),
            voice.number(file.added),
            voice.number(file.removed),
            voice.day(file.last_day),
            _who(owners.get(file.path), voice),
        )
        for place, file in enumerate(files, 1)
    ]
    yield table(head, rows, right=(0, 2, 3, 4))


def _name(path: str) -> str:
    return cell(legible(path), 200)


def _who(owner: FileOwner | None, voice: Voice) -> str:
    return f"{cell(owner.author)} ({voice.number(100 * owner.share)}%)" if owner else "—"


def _findings(files: tuple[FileChurn, ...], owners: dict[str, FileOwner], report: Report) -> Iterator[str]:
    if not files:
        return
    voice = report.voice
    lines = [
        voice.say(Text("{file} changed most: {commits}.", file=f"**{_name(files[0].path)}**", commits=_commits(files[0].commits, voice)))
    ]
    alone = [owner for file in files if file.commits >= LEAST_COMMITS and (owner := owners.get(file.path)) and owner.share >= ONE_PERSONS]
    if alone:
        named = ", ".join(f"{_name(owner.path)} ({cell(owner.author)}, {voice.number(100 * owner.share)}%)" for owner in alone[:3])
        lines.append(voice.say(Text("Almost all changes are by one person in: {files}.", files=named)))
    lines.extend(_busiest(report))
    yield " ".join(lines)


def _busiest(report: Report) -> Iterator[str]:
    if "activity" not in report.results:
        return
    measured = from_json(Activity, report.results["activity"])
    most = max(measured.points, key=lambda point: point.commits)
    said = {
        "day": Text(
            "The busiest day was {day}, with {commits}.", day=report.voice.day(most.start), commits=_commits(most.commits, report.voice)
        ),
        "week": Text(
            "The busiest week began on {day}, with {commits}.",
            day=report.voice.day(most.start),
            commits=_commits(most.commits, report.voice),
        ),
        "month": Text(
            "The busiest month began on {day}, with {commits}.",
            day=report.voice.day(most.start),
            commits=_commits(most.commits, report.voice),
        ),
    }
    yield report.voice.say(said[measured.step])


def _reviews(opened: int, wanted: int, voice: Voice) -> Iterator[str]:
    if wanted and opened == 1:
        yield voice.say(Text("1 review ticket was opened, for the first file."))
    elif wanted and opened:
        yield voice.say(Text("{count} review tickets were opened, for the first files.", count=voice.number(opened)))
    if opened < wanted:
        yield voice.say(Text("{wanted} review tickets were asked for, but no more files changed.", wanted=voice.number(wanted)))


def _caveats(ranking: Ranking, report: Report) -> Iterator[Text]:
    if ranking.head.shallow:
        yield Text("This is a shallow clone: its older commits are not here and not counted. `git fetch --unshallow` gets them.")
    if ranking.gone:
        yield Text("Changed, but gone by the last commit and so not listed: {files}.", files=_files(ranking.gone, report.voice))
    if "authors" not in report.results:
        yield Text("Who changed the files could not be found out.")
    if "activity" not in report.results:
        yield Text("The commits over time could not be counted.")
    if ranking.commits and not report.artefacts:
        yield Text("The chart could not be drawn.")


def _review(file: FileChurn, owner: FileOwner | None, report: Report) -> FollowUp:
    title = Text(
        "Review {path}: {commits} from {since} to {until}",
        path=legible(file.path),
        commits=_commits(file.commits, report.voice),
        **_days(report),
    )
    data = {
        "path": file.path,
        "commits": file.commits,
        "added": file.added,
        "removed": file.removed,
        "last_commit": file.last_commit,
        "main_author": owner.author if owner else None,
    }
    return FollowUp(kind="review.file", title=title, data=data)


def _commits(count: int, voice: Voice) -> Text:
    return Text("1 commit") if count == 1 else Text("{count} commits", count=voice.number(count))


def _files(count: int, voice: Voice) -> Text:
    return Text("1 file") if count == 1 else Text("{count} files", count=voice.number(count))


CHURN = Skill(
    name="code.churn",
    title=Text("Most changed files"),
    about=Text(
        "Finds the files of a git repository that change most, who changes them and when, and opens review tickets for the first ones."
    ),
    tags=("code", "git"),
    parameters=(
        Parameter(name="repository", kind="repository", about=Text("the git repository to look at"), required=True),
        Parameter(name="period", kind="period", about=Text("the days to look at"), default={"days": 30}),
        Parameter(name="top", kind="count", about=Text("how many files to list"), default=10, least=1, most=50),
        Parameter(
            name="reviews",
            kind="count",
            about=Text("how many of the first files get a review ticket"),
            default={"absent": 0, "asked": 3},
            least=1,
            most=20,
            words=(
                *("ticket", "tickets", "tíquete", "tíquetes", "chamado", "chamados", "pedido de revisão", "pedidos de revisão"),
                *("tarefa de revisão", "tarefas de revisão", "review request", "review requests", "review task", "review tasks"),
            ),
        ),
    ),
    plan=plan,
    answer=answer,
    examples={
        "pt": (
            "Quais arquivos mais mudaram nos últimos 30 dias?",
            "Quais arquivos mais mudaram nos últimos 30 dias? Abra um ticket de revisão para os 3 primeiros.",
            "Me mostra os arquivos que mais sofrem alteração neste repositório",
            "Onde o código muda mais?",
            "top 10 arquivos com mais commits desde março",
            "Qual é a parte mais instável do projeto neste trimestre?",
            "Faça um levantamento do churn do repositório",
            "Que arquivos a equipe mais mexeu na semana passada?",
            "Quais são os pontos quentes do código?",
            "Liste os arquivos mais modificados entre 01/03/2025 e 15/03/2025",
            "Quem mais mexe nos arquivos que mais mudam?",
            "Existe algum arquivo que só uma pessoa altera?",
            "Crie chamados de revisão para os cinco arquivos mais alterados do mês",
            "histórico de mudanças do git por arquivo",
            "O que vale a pena revisar no código depois de tanta mudança?",
            "Como anda a atividade de commits no repositório?",
            "Quais módulos foram mais editados este ano?",
            "arquivos com maior número de commits em 2025",
            "churn do repo dos últimos 7 dias",
            "churn do código no mês",
            "lista de arquivos por quantidade de alterações",
            "quais arquivos o time não para de editar?",
            "me diz onde mais se mexe nesse projeto",
            "arquivo que mais recebeu commit desde segunda",
            "que pasta do sistema mais mudou nas últimas duas semanas?",
            "o que tem mudado demais no nosso código?",
            "hotspots do serviço de pagamentos, últimos 45 dias",
            "mostra os fontes com mais linhas trocadas na sprint",
            "quais componentes mudam sem parar?",
            "qual arquivo foi alterado por mais pessoas?",
            "quais arquivos dependem de um único autor?",
            "quem conhece os arquivos mais movimentados?",
            "fator ônibus dos módulos principais",
            "gere tickets para revisar os 10 arquivos que mais tiveram commits",
            "abre revisão pro que mais mudou ontem",
            "quanto o repositório se movimentou em julho?",
            "em que arquivos a equipe trabalhou mais em maio?",
            "onde o pessoal concentrou os commits nesta quinzena?",
            "pontos quentes",
            "quais são os hotspots do git?",
            "quais arquivos do módulo fiscal mais mudaram desde anteontem?",
            "por onde começo a revisão, pelo volume de alterações?",
            "quantas vezes cada arquivo foi alterado?",
            "o que foi mais editado no código nas férias?",
            "arquivos que mais consumiram commits no bimestre",
            "me dá os 8 arquivos mais alterados da release",
            "quais consultas e scripts mais foram mexidos?",
            "quem tem editado os arquivos críticos?",
            "qual foi o movimento do repositório desde o Natal?",
            "mostra o ritmo de commits dos últimos 2 meses",
            "linhas adicionadas e removidas por arquivo",
            "áreas do código que precisam de atenção de tanto que mudam",
            "ranking de churn do repositório",
            "em que o time mais mexeu no código durante as festas?",
            "quais fontes só uma pessoa conhece?",
            "qual o bus factor dos arquivos?",
            "campeões de commits do mês",
        ),
        "en": (
            "Which files changed most in the last 30 days?",
            "Which files changed most in the last 30 days? Open a review ticket for the top 3.",
            "Show me the hotspots in this codebase",
            "code churn report since January",
            "What are the most frequently modified files in the repo?",
            "top 20 files by number of commits",
            "Where does the code change the most?",
            "Which source files did the team touch most last week?",
            "Who owns the files that keep changing?",
            "Find the unstable parts of the project this quarter",
            "Is there any file that only one person edits?",
            "Open review tickets for the five most edited files of the month",
            "git history: commits per file between 2025-03-01 and 2025-03-15",
            "How active was the repository in the past two weeks?",
            "Rank the files by how often they were committed",
            "What should we review after all those changes to the code?",
            "What is the bus factor of our busiest modules?",
            "list files with the most lines added and removed this year",
            "churn for this week",
            "most touched files lately",
            "files we keep coming back to",
            "what changed most since Monday?",
            "which directories move the most?",
            "hotspots of the billing service, past 45 days",
            "which classes are edited by the largest number of people?",
            "files with a single author",
            "commit counts per file, last sprint",
            "raise review tickets for the 10 files with the most commits",
            "what are the busiest files in git?",
            "how much did the repository move in July?",
            "code that never stops changing",
            "where did people commit during May?",
            "which files did the team work on most?",
            "the hot spots of the code",
            "where do we start reviewing, by volume of change?",
            "how many times was each file changed?",
            "churn of the frontend since yesterday",
            "eight most changed files of the release",
            "which queries and scripts were edited most?",
            "who has been editing our critical files?",
            "commit pace of the last two months",
            "lines added and removed per file",
            "areas of the code that need attention because they keep changing",
            "churn ranking of the repository",
            "bus factor of the repo",
            "in which files was the team busy in spring?",
        ),
    },
)
