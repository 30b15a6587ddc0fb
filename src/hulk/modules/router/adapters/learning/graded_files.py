"""Graded sets as files: JSON lines (or one JSON array) with a question and all its answers in each, or CSV with one answer in each row.

{"question": "…", "models": {"small": {"score": 0.5, "cost": 0.0001}, "large": {"score": 1, "cost": 0.002}}}
question,model,score,cost
"""

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hulk.kernel.errors import Refused
from hulk.modules.router.domain.learning.graded import Answered, Asked

LARGEST = 512 * 2**20
"""Bytes."""
_Finite = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")
    score: Annotated[float, Field(ge=0, le=1)]
    cost: _Finite = 0.0


class _Question(BaseModel):
    model_config = ConfigDict(extra="ignore")
    id: str = ""
    question: Annotated[str, Field(min_length=1)]
    models: dict[str, _Answer]


class _Row(_Answer):
    id: str = ""
    question: Annotated[str, Field(min_length=1)]
    model: Annotated[str, Field(min_length=1)]


def graded_set(path: Path) -> list[Asked]:
    """The questions of a file, in its order. Raises `Refused` naming the file, the line and what is wrong with it."""
    try:
        if path.stat().st_size > LARGEST:
            raise Refused("{path} is too large: at most {most} bytes are read.", path=str(path), most=LARGEST)
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused("{path} cannot be read: {reason}.", path=str(path), reason=str(error)) from error
    return _joined(path, text) if path.suffix.lower() == ".csv" else [_asked(number, one) for number, one in _questions(path, text)]


def _questions(path: Path, text: str) -> Iterator[tuple[int, _Question]]:
    for number, data in _documents(path, text):
        yield number, _parsed(_Question, path, number, data)


def _documents(path: Path, text: str) -> Iterator[tuple[int, Any]]:
    try:
        if text.lstrip().startswith("["):
            yield from enumerate(json.loads(text), 1)
            return
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip():
                yield number, json.loads(line)
    except json.JSONDecodeError as error:
        raise Refused("{path} is not JSON lines: {reason}.", path=str(path), reason=str(error)) from error


def _joined(path: Path, text: str) -> list[Asked]:
    """Rows of the same question are one question."""
    found: dict[str, dict[str, _Answer]] = {}
    texts: dict[str, str] = {}
    for number, row in enumerate(csv.DictReader(text.splitlines()), 2):
        one = _parsed(_Row, path, number, {name: value for name, value in row.items() if name and value not in (None, "")})
        key = one.id or one.question
        texts[key] = one.question
        found.setdefault(key, {})[one.model] = one
    return [_asked(number, _Question(id="", question=texts[key], models=answers)) for number, (key, answers) in enumerate(found.items(), 1)]


def _parsed(kind: type[Any], path: Path, number: int, data: Mapping[str, Any]) -> Any:
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "line"
        raise Refused(
            "{path}, line {number}: {place}: {reason}.", path=str(path), number=number, place=place, reason=first["msg"]
        ) from error


def _asked(number: int, one: _Question) -> Asked:
    answers = {name: Answered(score=it.score, cost=it.cost) for name, it in one.models.items()}
    return Asked(id=one.id or str(number), text=one.question, answers=answers)
