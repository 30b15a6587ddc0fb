"""What is known of a table before its rows are counted: format, columns, what each holds; and which column a person means."""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from hulk.kernel.errors import Refused
from hulk.kernel.text import Text
from hulk.modules.skills.domain.meanings import alike, meanings

Format: TypeAlias = Literal["csv", "parquet", "json"]
Type: TypeAlias = Literal["whole", "decimal", "text", "date", "moment", "yesno", "nested"]
"""What a column's values are, whatever they are stored as: `12,5` in a CSV file is a decimal. moment: a day with a time."""

NUMBERS: frozenset[Type] = frozenset({"whole", "decimal"})
TIMES: frozenset[Type] = frozenset({"date", "moment"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column by its name in the file. `disguised`: its values are numbers, but are stored or written as text."""

    name: str
    type: Type
    disguised: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a file reads. `size` is in bytes. `notes` are what the reader of an answer should know of it, such as an assumed encoding."""

    format: Format
    size: int
    columns: tuple[Column, ...]
    notes: tuple[Text, ...] = ()


def terms(text: str) -> frozenset[str]:
    """The words of a text, to look names up among."""
    return frozenset(text.split())


def plain(name: str) -> str:
    """`name` without accents, case and marks: `Mês de Emissão` and `mes_de_emissao` give the same."""
    bare = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", bare.lower()).strip("_") or name


def words(name: str) -> list[str]:
    """The plain words of a name: `dataVenda` and `data_venda` give `data`, `venda`."""
    return plain(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)).split("_")


def named(columns: Iterable[str], wanted: str) -> str:
    """The column that `wanted` means, whatever its case, accents and plural, in Portuguese or English; raises `Refused` with the columns
    and the closest one, or with those among which it cannot tell."""
    names = list(columns)
    found = matching(names, wanted)
    if found is not None:
        return found
    if several := _meaning(names, wanted):
        raise Refused("“{wanted}” may mean any of the columns {columns}: say which.", wanted=wanted, columns=", ".join(several[:40]))
    close = difflib.get_close_matches(plain(wanted), [plain(name) for name in names], n=1, cutoff=0.5)
    listed = ", ".join(names[:40]) + (" …" if len(names) > 40 else "")
    if not close:
        raise Refused("The table has no column “{wanted}”. Its columns are: {columns}.", wanted=wanted, columns=listed)
    nearest = next(name for name in names if plain(name) == close[0])
    raise Refused(
        "The table has no column “{wanted}”. Did you mean “{nearest}”? Its columns are: {columns}.",
        wanted=wanted,
        nearest=nearest,
        columns=listed,
    )


def matching(columns: Sequence[str], wanted: str) -> str | None:
    """The column that `wanted` means, or None. An exact name wins over one that differs in case, accents or number, and that over one of
    the other language, which must be the only one."""
    for same in (str, plain, _singular):
        hits = [name for name in columns if same(name) == same(wanted)]
        if hits:
            return hits[0]
    translated = _meaning(columns, wanted)
    return translated[0] if len(translated) == 1 else None


def _meaning(columns: Sequence[str], wanted: str) -> list[str]:
    """The columns whose names mean the same in Portuguese or English."""
    return [name for name in columns if alike(_bare(wanted), _bare(name), _MEANINGS)]


def _singular(name: str) -> str:
    """`sensores` and `sensor`, `cidades` and `cidade`, `regioes` and `regiao`, `stores` and `store` give the same."""
    return "_".join(_bare(name))


def _bare(name: str) -> list[str]:
    return [re.sub(r"(es|s|e)$", "", re.sub(r"oes$", "ao", word)) if len(word) > 3 else word for word in words(name)]


_MEANINGS = meanings(_bare)
