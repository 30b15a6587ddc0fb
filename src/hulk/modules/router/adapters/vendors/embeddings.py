"""Texts to vectors as OpenAI has it, and those that speak it: https://platform.openai.com/docs/api-reference/embeddings.

OpenAI itself is asked for base64 (little-endian float32), which is a fourth of the bytes; others for numbers, which all of them know.
Either is read from all.
"""

import base64
import math
import sys
from array import array
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from hulk.modules.router.adapters.vendors.dialect import Asking, Count, Credible, Sent, given
from hulk.modules.router.domain.model import Embedded, Model, Prompt

_PER_VECTOR = 100_000
"""Bytes that a vector may take in an answer: 4096 numbers in words."""
_AROUND = 1_000_000


class _Used(Sent):
    prompt_tokens: Count


class _Vector(Sent):
    index: int
    embedding: str | Sequence[Annotated[float, Field(strict=True)]]


class _Vectors(Sent):
    data: Sequence[_Vector]
    usage: Credible[_Used] = None


def asking(model: Model, prompt: Prompt, dimensions: int | None) -> Asking:
    """The request for a vector of each message. `extra` gives way to what is asked for."""
    form = "base64" if model.kind == "openai" else "float"
    texts = [message.text for message in prompt.messages]
    return Asking("/embeddings", {**model.extra, **given(model=model.model, input=texts, encoding_format=form, dimensions=dimensions)})


def most_bytes(prompt: Prompt) -> int:
    """Bytes that an answer may have."""
    return _AROUND + _PER_VECTOR * len(prompt.messages)


def heard(model: Model, prompt: Prompt, body: bytes) -> Embedded:
    """The answer. Raises `ValueError` for what is none: vectors that are missing or too many, of several sizes, or not of numbers."""
    said = _Vectors.model_validate_json(body)
    told = said.usage.prompt_tokens if said.usage is not None and (said.usage.prompt_tokens or model.local) else None
    vectors = _in_order(said.data, len(prompt.messages))
    return Embedded(vectors=vectors, input_tokens=prompt.most_input_tokens if told is None else told, estimated=told is None)


def _in_order(data: Sequence[_Vector], count: int) -> tuple["array[float]", ...]:
    rows = {one.index: _numbers(one.embedding) for one in data}
    if len(data) != count or rows.keys() != set(range(count)):
        raise ValueError("not a vector of each text")
    if len({len(row) for row in rows.values()}) != 1 or not rows[0]:
        raise ValueError("vectors of no size, or of several")
    if not all(math.isfinite(sum(row)) for row in rows.values()):
        raise ValueError("what is no number")
    return tuple(rows[place] for place in range(count))


def _numbers(said: str | Sequence[float]) -> "array[float]":
    """Raises `ValueError` for what is neither base64 nor of whole numbers of four bytes."""
    if not isinstance(said, str):
        return array("f", said)
    numbers = array("f", base64.b64decode(said, validate=True))
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
