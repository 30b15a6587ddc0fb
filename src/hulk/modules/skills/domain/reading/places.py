"""Files and repositories in a sentence: the ones sent along first, else a path or address that is quoted or looks like one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from hulk.kernel.addresses import (
    address_name,
    addresses,
    is_address,
    no_repository_at,
    require_no_password,
    shown_address,
)
from hulk.kernel.errors import Refused
from hulk.kernel.records import to_json
from hulk.modules.skills.domain.reading.sentence import Sentence, folded
from hulk.modules.skills.domain.skill import Parameter, Request, Source


@dataclass(frozen=True, slots=True)
class _Place:
    """A path or address as it stands in the sentence; `announced` when a word such as "arquivo" or "repo" stands before it."""

    start: int
    end: int
    path: str
    announced: Literal["file", "repository"] | None

    @property
    def is_data(self) -> bool:
        """Whether its name ends as a data file's does."""
        return _DATA.search((shown_address(self.path, len(self.path)) if self.is_address else self.path).lower()) is not None

    @property
    def is_address(self) -> bool:
        """Whether it is an http or https address."""
        return is_address(self.path)

    @property
    def is_path(self) -> bool:
        """Whether it can only be a path: it begins at a root or folder, or is an address."""
        return _ROOTED.match(self.path) is not None


def places(said: Sentence) -> Sentence:
    """The sentence with its paths and addresses hidden, and with what stands in quotes hidden unless it is a date."""
    for place_ in _places(said):
        said = said.without(place_.start, place_.end)
    for start, end, _ in _quoted(said):
        if not re.fullmatch(r"[0-9T:/. -]+", said.text[start:end]):
            said = said.without(start, end)
    return said


def place(said: Sentence, parameter: Parameter, request: Request) -> tuple[Any, Sentence]:
    """The JSON of a `Source`. Raises `Refused` when it is required and missing, cannot be told, or cannot be looked at."""
    kind: Literal["file", "repository"] = "repository" if parameter.kind == "repository" else "file"
    sent = [source for source in request.sources if source.kind == kind]
    if sent:
        return to_json(_chosen(sent, said)), said
    found = next(_fitting(list(_places(said)), kind), None)
    if found is not None:
        return to_json(_source(found, kind)), said
    if parameter.default is None and parameter.required:
        raise _missing(kind, parameter)
    return parameter.default, said


def _missing(kind: str, parameter: Parameter) -> Refused:
    if kind == "repository":
        return Refused(
            "No git repository was given ({about}): send it with `hulk ask --repo PATH`, "
            "or write its path, such as “./project”, in the question.",
            about=parameter.about,
        )
    return Refused(
        "No file was given ({about}): send it with `hulk ask --file PATH`, or write its path, such as “sales.csv”, in the question.",
        about=parameter.about,
    )


def _chosen(sent: list[Source], said: Sentence) -> Source:
    """The only one sent, or the one whose name stands in the sentence."""
    if len(sent) == 1:
        return sent[0]
    text = folded(said.text)
    told = [source for source in sent if re.search(rf"(?<!\w){re.escape(folded(source.name))}(?!\w)", text)]
    if len(told) != 1:
        raise Refused(
            "Several were sent: {names}. Name the one that you mean in the question.", names=", ".join(each.name for each in sent)[:400]
        )
    return told[0]


def _fitting(found: list[_Place], kind: Literal["file", "repository"]) -> Iterator[_Place]:
    """The places that may be of that kind, the surest first."""
    yield from (each for each in found if each.announced == kind)
    if kind == "file":
        yield from (each for each in found if each.is_data)
        yield from (each for each in found if each.is_address and each.announced is None)
    else:
        yield from (each for each in found if each.is_path and not each.is_data and each.announced is None)


def _source(found: _Place, kind: Literal["file", "repository"]) -> Source:
    if kind == "repository" and _ADDRESS.match(found.path):
        raise no_repository_at(found.path)
    if found.is_address:
        require_no_password(found.path)
        return Source(kind=kind, name=address_name(found.path), url=found.path)
    return Source(kind=kind, name=_name(found.path), path=_local(found.path))


def _local(path: str) -> str:
    if _ADDRESS.match(path):
        raise Refused(
            "“{path}” is an address of a kind that is not fetched: give one that begins with https:// or http://, "
            "or fetch it first and send the file.",
            path=shown_address(path),
        )
    if path.startswith("~"):
        raise Refused("“{path}” begins with ~, which is a different folder for each user: write the whole path.", path=path[:200])
    return path


def _name(path: str) -> str:
    return re.split(r"[\\/]", path.rstrip("\\/"))[-1] or path


def _places(said: Sentence) -> Iterator[_Place]:
    rest = said.text  # where no address stands
    for start, end, address in addresses(said.text):
        yield _Place(start, end, address, _announced(said, start))
        rest = rest[:start] + " " * (end - start) + rest[end:]
    yield from _paths(said, rest)


def _paths(said: Sentence, rest: str) -> Iterator[_Place]:
    quoted = list(_quoted(said))
    for start, end, inner in quoted:
        announced = _announced(said, start - 1)
        if rest[start:end] == inner and (announced or _is_quoted_path(inner)):
            yield _Place(start, end, inner.strip(), announced)
    for match in _BARE.finditer(rest):
        path = match[0].rstrip(".:!?,;)")
        if not any(start <= match.start() < end for start, end, _ in quoted):
            place_ = _Place(match.start(), match.start() + len(path), path, _announced(said, match.start()))
            if place_.is_path or place_.is_data or (place_.announced and _PATHLIKE.search(path)):
                yield place_


def _is_quoted_path(inner: str) -> bool:
    named = _ROOTED.match(inner) or _DATA.search(inner.lower())
    return named is not None or ("/" in inner and not re.fullmatch(r"[0-9/ ]+", inner))


def _announced(said: Sentence, position: int) -> Literal["file", "repository"] | None:
    before = folded(said.text[max(0, position - 60) : max(0, position)])
    match = _ANNOUNCING.search(before)
    if match is None:
        return None
    return "file" if match["file"] else "repository"


def _quoted(said: Sentence) -> Iterator[tuple[int, int, str]]:
    """(start, end, text) of what stands in quotes, without them."""
    for match in _QUOTED.finditer(said.text):
        group = match.lastindex or 0
        yield match.start(group), match.end(group), match[group]


_QUOTED = re.compile(r"\"([^\"\n]{1,500})\"|“([^”\n]{1,500})”|«([^»\n]{1,500})»|`([^`\n]{1,500})`|(?<!\w)'([^'\n]{1,500})'(?!\w)")
_BARE = re.compile(r"(?<![^\s(\[=:,])[^\s\"“”«»`'(),;<>|?!\[\]]{2,500}")
_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]{1,20}://|git@)", re.IGNORECASE)
_ROOTED = re.compile(r"(?:~|\.{0,2}/|\.\.$|[A-Za-z]:[\\/]|[A-Za-z][A-Za-z0-9+.-]{1,20}://|git@)")
_DATA = re.compile(r"[^/\\]\.(?:csv|tsv|parquet|pq|jsonl|ndjson|json)(?:\.(?:gz|zst|bz2|xz))?$")
_PATHLIKE = re.compile(r"[\\/]|\.[A-Za-z][A-Za-z0-9]{0,7}$")
_ANNOUNCING = re.compile(
    r"(?<!\w)(?:(?P<file>arquivo|ficheiro|tabela|planilha|dataset|base|file|table|spreadsheet)"
    r"|(?:repositorio|repo|repository|projeto|project|pasta|folder|directory|diretorio|checkout|clone))"
    r"(?:\s+(?:git|de dados|csv|parquet|called|named|chamad[oa]))?(?:\s+(?:em|in|at|de))?\s*:?\s+[\"“«`']?$"
)
