"""A file that can be counted: its columns, and the SQL that reads them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hulk.kernel.errors import NotFound, Refused
from hulk.modules.skills import Column, Format, Layout, Sort, Type, named, terms, words

ENDINGS: Mapping[Format, tuple[str, ...]] = {
    "csv": (".csv", ".tsv", ".txt"),
    "parquet": (".parquet", ".pq"),
    "json": (".jsonl", ".ndjson", ".json"),
}
PACKED = (".gz", ".zst")
_ID_NAMES = terms(
    "id ids codigo cod code key chave uuid guid cep zip cpf cnpj rg telefone phone celular matricula protocolo ean sku isbn serial ano year"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A column and its SQL over `Table.scan`. `raw` is the value as text, `text` the same without blanks around it and NULL when
    nothing is left, `value` DOUBLE for numbers, TIMESTAMP for times, else VARCHAR. `sample` is of its first texts."""

    column: Column
    raw: str
    text: str
    value: str
    as_text: bool
    sample: tuple[str, ...]
    personal: Sort | None

    @property
    def name(self) -> str:
        """The column's name in the file."""
        return self.column.name

    @property
    def type(self) -> Type:
        """What its values are."""
        return self.column.type

    @property
    def is_id(self) -> bool:
        """Whether its numbers name things instead of measuring them."""
        return bool(_ID_NAMES & set(words(self.name)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A file that can be counted. `scan` stands in a FROM."""

    path: Path
    layout: Layout
    scan: str
    fields: tuple[Field, ...]

    def chosen(self, names: Sequence[str]) -> tuple[Field, ...]:
        """The fields of those names, or all; raises `Refused` for a name that is none."""
        wanted = [named([field.name for field in self.fields], name) for name in names]
        return tuple(field for field in self.fields if field.name in wanted) if wanted else self.fields

    def field(self, name: str) -> Field:
        """The field of that name; raises `Refused` when there is none."""
        return self.chosen([name])[0]


def format_of(path: Path) -> Format:
    """The format that the file's name tells; raises `Refused` that lists the allowed endings."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in PACKED:
        suffixes.pop()
    for form, endings in ENDINGS.items():
        if suffixes and suffixes[-1] in endings and (form != "parquet" or path.suffix.lower() in endings):
            return form
    raise Refused(
        "{file} is not a kind of file that can be read. Allowed are {endings}, and the texts among them also packed as {packed}.",
        file=path.name,
        endings=", ".join(ending for endings in ENDINGS.values() for ending in endings),
        packed=", ".join(PACKED),
    )


def checked(path: Path) -> Path:
    """`path` if it is a file that can be read and is not empty; raises `NotFound` or `Refused`."""
    if not path.exists():
        raise NotFound("There is no file {file}.", file=path.name)
    if not path.is_file():
        raise Refused("{file} is not a file.", file=path.name)
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except PermissionError as error:
        raise Refused("{file} may not be read by the user that Hulk runs as.", file=path.name) from error
    if empty:
        raise Refused("{file} is empty.", file=path.name)
    return path
