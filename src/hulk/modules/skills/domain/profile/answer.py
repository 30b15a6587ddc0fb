"""`data.profile` as a skill: what it is asked with, which tickets it takes, and how their results are told."""

from collections.abc import Iterator, Sequence
from datetime import date

from hulk.kernel.records import from_json
from hulk.kernel.text import Text, Voice
from hulk.modules.skills.domain.markdown import cell, table
from hulk.modules.skills.domain.profile.measures import Duplicates, Measure, Outliers, Schema
from hulk.modules.skills.domain.profile.problems import Problem, Severity, percent, problems, title, told
from hulk.modules.skills.domain.skill import Answer, Arguments, Parameter, Report, Skill
from hulk.modules.skills.domain.table import NUMBERS, TIMES, Type
from hulk.modules.tickets import Draft, FollowUp

MOST_FOLLOW_UPS = 50
MOST_COLUMNS_TOLD = 60
CHART = "profile.png"


def plan(arguments: Arguments) -> tuple[Draft, ...]:
    """Four looks at the table at once, then the picture. Only the schema must succeed; what else fails is told."""
    asked = {name: arguments.get(name) for name in ("table", "columns", "key")}
    looks = {
        "schema": Text("Read the columns, their types and missing values"),
        "duplicates": Text("Look for repeated rows and keys"),
        "outliers": Text("Look for extreme values"),
        "distributions": Text("Count how the values are distributed"),
    }
    drafts = [Draft(key=key, kind=f"table.{key}", title=text, input=asked, required=key == "schema") for key, text in looks.items()]
    drawn = Draft(
        key="chart",
        kind="table.chart",
        title=Text("Draw the distributions"),
        input=asked,
        after=("schema", "distributions"),
        required=False,
    )
    return (*drafts, drawn)


def answer(report: Report) -> Answer:
    """The profile as Markdown, and a ticket for each problem, the worst first."""
    schema = from_json(Schema, report.results["schema"])
    duplicates = from_json(Duplicates, report.results["duplicates"]) if "duplicates" in report.results else None
    outliers = from_json(Outliers, report.results["outliers"]) if "outliers" in report.results else None
    found = problems(schema, duplicates, outliers)
    name = str(report.arguments["table"]["name"])
    parts = [
        *_overview(name, schema, duplicates, report.voice),
        *_columns(schema, outliers, report.voice),
        *_problems(found, report.voice),
        *_missing(report),
    ]
    return Answer(
        markdown="\n\n".join(parts) + "\n", follow_ups=tuple(_follow_up(problem, name, report.voice) for problem in found[:MOST_FOLLOW_UPS])
    )


def _overview(name: str, schema: Schema, duplicates: Duplicates | None, voice: Voice) -> Iterator[str]:
    yield "## " + voice.say(Text("Profile of {name}", name=cell(name)))
    summary = Text(
        "{rows} rows and {columns} columns in {size} ({format}).",
        rows=f"**{voice.number(schema.rows)}**",
        columns=f"**{voice.number(len(schema.columns))}**",
        size=size(schema.size, voice),
        format={"csv": "CSV", "parquet": "Parquet", "json": "JSON"}[schema.format],
    )
    lines = [voice.say(summary)]
    if duplicates is not None:
        lines.append(_repeated(duplicates, voice))
    yield " ".join(lines)
    yield from (f"> {voice.say(note)}" for note in schema.notes)


def _repeated(duplicates: Duplicates, voice: Voice) -> str:
    if not duplicates.repeated:
        return voice.say(Text("No row is there twice."))
    share = percent(duplicates.repeated / duplicates.rows, voice)
    return voice.say(Text("Repeated rows: {count} ({share}).", count=voice.number(duplicates.repeated), share=share))


def _columns(schema: Schema, outliers: Outliers | None, voice: Voice) -> Iterator[str]:
    medians = {spread.column: spread.median for spread in outliers.columns} if outliers else {}
    head = [Text("Column"), Text("Type"), Text("No value"), Text("Distinct"), Text("Lowest"), Text("Median"), Text("Highest")]
    shown = schema.columns[:MOST_COLUMNS_TOLD]
    yield "### " + voice.say(Text("Columns"))
    yield table(
        [voice.say(word) for word in head],
        [_column(column, schema.rows, medians.get(column.name), voice) for column in shown],
        right=(2, 3, 4, 5, 6),
    )
    if len(schema.columns) > len(shown):
        rest = ", ".join(cell(column.name) for column in schema.columns[len(shown) :])
        yield voice.say(Text("Not shown: {columns}.", columns=rest))


def _column(column: Measure, rows: int, median: float | None, voice: Voice) -> Sequence[str]:
    return (
        cell(column.name),
        voice.say(type_name(column.type)),
        percent(column.nulls / rows, voice) if column.nulls else "0",
        ("" if column.exact else "≈ ") + voice.number(column.distinct),
        _bound(column.lowest, column.type, voice),
        "" if median is None else figure(median, voice),
        _bound(column.highest, column.type, voice),
    )


def _bound(value: str | None, type_: Type, voice: Voice) -> str:
    try:
        if value and type_ in NUMBERS:
            return figure(float(value), voice)
        if value and type_ in TIMES:
            return f"{voice.day(date.fromisoformat(value[:10]))}{value[10:16]}"
    except ValueError:  # masked
        pass
    return cell(value or "", 24)


def type_name(type_: Type) -> Text:
    """What the type is called in an answer."""
    names: dict[Type, Text] = {
        "whole": Text("whole number"),
        "decimal": Text("number"),
        "text": Text("text"),
        "date": Text("date"),
        "moment": Text("date and time"),
        "yesno": Text("yes/no"),
        "nested": Text("nested"),
    }
    return names[type_]


def severity_name(severity: Severity) -> Text:
    """How much a problem weighs, in a word."""
    names: dict[Severity, Text] = {"high": Text("high"), "normal": Text("medium"), "low": Text("low")}
    return names[severity]


def _problems(found: Sequence[Problem], voice: Voice) -> Iterator[str]:
    if not found:
        yield voice.say(Text("**No problem found.**"))
        return
    yield "### " + voice.say(Text("Problems found: {count}", count=voice.number(len(found))))
    rows = [
        (f"**{voice.say(severity_name(problem.severity))}**", cell(voice.say(told(problem, voice)), 300))
        for problem in found[:MOST_FOLLOW_UPS]
    ]
    yield table([voice.say(Text("Severity")), voice.say(Text("Problem"))], rows)
    if len(found) > MOST_FOLLOW_UPS:
        rest = "; ".join(cell(voice.say(title(problem))) for problem in found[MOST_FOLLOW_UPS:])
        yield voice.say(Text("{count} more, without a ticket: {rest}.", count=voice.number(len(found) - MOST_FOLLOW_UPS), rest=rest))


def _missing(report: Report) -> Iterator[str]:
    names = {
        "duplicates": Text("Repeated rows could not be looked for."),
        "outliers": Text("Extreme values could not be looked for."),
        "distributions": Text("The distributions could not be counted."),
        "chart": Text("The chart could not be drawn."),
    }
    lost = [report.voice.say(text) for key, text in names.items() if key not in report.results]
    if lost:
        yield " ".join(lost)


def _follow_up(problem: Problem, table_name: str, voice: Voice) -> FollowUp:
    data = {
        "table": table_name,
        "rule": problem.rule,
        "column": problem.column,
        "count": problem.count,
        "share": problem.share,
        "examples": list(problem.examples),
        "about": told(problem, voice).to_json(),
    }
    return FollowUp(kind="data.problem", title=title(problem), data=data, priority=problem.severity)


def figure(value: float, voice: Voice) -> str:
    """A number as people read it: four significant digits, more for large ones, powers of ten only at the far ends."""
    if value and not 1e-4 <= abs(value) < 1e15:
        return f"{value:.3e}".replace(".", "," if voice.language == "pt" else ".")
    if value == int(value):
        return voice.number(value)
    digits = next((digits for digits, least in enumerate((1000, 100, 10, 1, 0.1, 0.01)) if abs(value) >= least), 6)
    return voice.number(value, digits)


def size(octets: int, voice: Voice) -> str:
    """A size in bytes with its unit (powers of ten)."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if octets >= scale:
            return f"{voice.number(octets / scale, 1)} {unit}"
    return f"{voice.number(octets)} B"


PROFILE = Skill(
    name="data.profile",
    title=Text("Describe a data file"),
    about=Text(
        "Describes a CSV, Parquet or JSON-lines file: rows, columns, types, missing values, repeated rows, extreme values and "
        "distributions, with a chart and a ticket for each problem."
    ),
    examples={
        "pt": (
            "Descreva este arquivo",
            "Faça um perfil do arquivo vendas.csv",
            "Quais problemas de qualidade tem esse CSV?",
            "Me dá um resumo dessa tabela: linhas, colunas, tipos e nulos",
            "Analise a qualidade dos dados de clientes.parquet",
            "Tem linhas duplicadas nesta planilha?",
            "Quantos valores nulos existem em cada coluna?",
            "Verifique se há outliers e valores inválidos nos dados",
            "O que tem dentro de pedidos.jsonl?",
            "Quero conhecer esse dataset antes de usar",
            "Esses dados estão limpos? Confira valores faltando, repetidos e datas erradas",
            "Mostre a distribuição das colunas do arquivo",
            "Existe algum dado pessoal, como CPF ou e-mail, neste arquivo?",
            "Faz uma análise exploratória da base de cadastro",
            "A coluna id da tabela tem chave repetida?",
            "Abra um ticket para cada problema encontrado nos dados",
            "perfil do arquivo anexo",
            "perfil dos dados, coluna por coluna",
            "sumarize a tabela que estou enviando",
            "resume pra mim o csv que acabei de subir",
            "qual a porcentagem de vazios por coluna?",
            "taxa de preenchimento das colunas",
            "quantos registros tem essa base?",
            "conta as linhas e as colunas do arquivo",
            "quais são os campos desse arquivo e seus tipos?",
            "que dados vieram nessa planilha?",
            "olha essa tabela e me diz se tem erro",
            "dá pra confiar nesses dados?",
            "checa se o arquivo está íntegro antes da carga",
            "a planilha que recebi está boa ou cheia de problemas?",
            "valide a base de produtos: campos obrigatórios, formatos e repetições",
            "onde faltam valores nesta tabela?",
            "quais campos estão em branco?",
            "há códigos repetidos na coluna sku?",
            "o número da nota é único em todas as linhas?",
            "estatísticas das colunas numéricas: média, mediana, mínimo e máximo",
            "quantos valores diferentes cada campo tem?",
            "tem coluna vazia ou constante?",
            "procure valores absurdos ou fora da faixa na coluna idade",
            "encontre inconsistências e sujeira nos dados de fornecedores",
            "diagnóstico de qualidade da base",
            "quais informações sensíveis existem nesta planilha?",
            "me explica a estrutura dessa tabela",
            "como são os dados deste parquet?",
            "visão geral do dataset",
            "do que se trata esse csv?",
            "abra chamados para os defeitos de dados desta planilha",
            "data quality da base de vendas",
            "dá um raio-x nos dados",
            "confere a planilha que o fornecedor mandou",
            "quais colunas têm mais vazios?",
            "os dados de funcionários estão bons?",
            "qual é a qualidade da tabela de produtos?",
            "o código do cliente aparece mais de uma vez?",
            "quero só um panorama do arquivo",
            "dê uma conferida neste csv antes do envio",
            "nulos por coluna",
            "há outliers na coluna preço?",
            "linhas repetidas?",
            "está tudo certo com este arquivo?",
            "mostre as características da base",
            "o que tem de errado na planilha?",
            "que tipo de informação essa base guarda?",
            "me conta o que vem nesse arquivo",
            "os dados estão completos?",
            "quantos nulos e vazios existem?",
            "alguma coluna está zoada?",
            "quais campos são data, texto ou número?",
            "números gerais da tabela",
            "tem e-mail ou telefone malformado nos dados?",
            "as datas estão coerentes?",
            "nível de completude do cadastro",
            "faz um check-up na base antes de importar",
            "analise o arquivo que anexei",
            "liste as colunas, os tipos e exemplos de valores",
            "quero entender o que o fornecedor me enviou",
            "veja se há preços negativos ou impossíveis",
            "qual a situação dos dados de estoque?",
            "quantas linhas vieram na carga de hoje?",
            "resumo da planilha que acabei de mandar",
            "explore a base e conte o que descobriu",
            "há entradas duplicadas na lista?",
            "preenchimento por campo",
            "a matrícula é única?",
            "o número do contrato se repete?",
            "levante nulos, duplicatas e valores fora do comum",
        ),
        "en": (
            "Describe this file",
            "Profile the file sales.csv",
            "What data quality problems does this CSV have?",
            "Give me a summary of this table: rows, columns, types and nulls",
            "Check the quality of the data in customers.parquet",
            "Are there duplicate rows in this spreadsheet?",
            "How many missing values does each column have?",
            "Look for outliers and invalid values in the data",
            "What is inside orders.jsonl?",
            "I want to get to know this dataset before I use it",
            "Is this data clean? Look for gaps, repeats and wrong dates",
            "Show the distribution of the columns in the file",
            "Does this file hold any personal data such as e-mail addresses?",
            "Do an exploratory analysis of the customer records",
            "Does the id column of the table have repeated keys?",
            "Open a ticket for every problem found in the data",
            "summarize the table I am sending",
            "profile of the attachment",
            "what share of each column is blank?",
            "completeness of the columns",
            "how many rows are there?",
            "count the rows and columns of the file",
            "what fields does the file have, and of what type?",
            "look at this table and tell me if something is wrong",
            "can this data be relied on?",
            "validate the product file: required fields, formats, repeats",
            "where are values absent in this table?",
            "are there repeated codes in the sku column?",
            "is the invoice number different in all rows?",
            "mean, median, minimum and maximum of the numeric columns",
            "how many different values does each field have?",
            "any empty or constant column?",
            "find absurd or out-of-range values in the age column",
            "find inconsistencies and dirt in the supplier data",
            "what sensitive information is in this sheet?",
            "explain how this table is built",
            "overview of the dataset",
            "what is this csv about?",
            "raise tickets for the defects in this spreadsheet's data",
            "data quality report for the sales table",
            "x-ray of the data",
            "check this csv before it goes out",
            "which columns have the most blanks?",
            "nulls per column",
            "overview of the spreadsheet",
            "are there outliers in the price column?",
            "how many records, and how many repeated?",
            "a quick look at this file",
            "does the customer code appear more than once?",
            "how good is the product table?",
            "what kind of information does this dataset hold?",
            "any repeated rows?",
            "share of filled values per column",
            "is everything all right with this file?",
            "tell me what comes in this file",
            "is the data complete?",
            "how many nulls and blanks are there?",
            "which fields are dates, text or numbers?",
            "general figures of the table",
            "are there malformed e-mails or phones in the data?",
            "are the dates consistent?",
            "check-up of the dataset before the import",
            "analyse the file I attached",
            "list the columns, their types and sample values",
            "I want to understand what the supplier sent me",
            "are there negative or impossible prices?",
            "how many rows came in today's load?",
            "are there duplicated entries in the list?",
            "explore the table and tell me what you discover",
            "fill level by field",
            "is the contract number unique?",
        ),
    },
    parameters=(
        Parameter(name="table", kind="table", about=Text("The CSV, Parquet or JSON-lines file to describe"), required=True),
        Parameter(
            name="columns",
            kind="columns",
            about=Text("Only these columns"),
            words=("coluna", "colunas", "só as colunas", "somente as colunas", "campos", "column", "columns", "only the columns", "fields"),
        ),
        Parameter(
            name="key",
            kind="column",
            about=Text("The column whose values should never repeat"),
            words=("chave", "chave primária", "identificador", "key", "primary key", "unique key", "identifier"),
        ),
    ),
    plan=plan,
    answer=answer,
    tags=("data", "quality"),
)
