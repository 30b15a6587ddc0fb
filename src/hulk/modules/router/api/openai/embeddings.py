"""`/v1/embeddings`, as OpenAI has it: https://platform.openai.com/docs/api-reference/embeddings."""

import asyncio
import base64
import json
import sys
from array import array
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BeforeValidator, Field, field_validator
from starlette.responses import Response

from hulk.kernel.text import Text
from hulk.modules.router.api.openai.answers import answered_headers, headers
from hulk.modules.router.api.openai.around import Told
from hulk.modules.router.api.openai.bodies import Body
from hulk.modules.router.api.openai.errors import ERRORS
from hulk.modules.router.domain.model import Prompt
from hulk.modules.router.usecases.embeddings import Embeddings
from hulk.modules.router.usecases.executing import Vectors
from hulk.runtime.http import Caller, Spoken, tell
from hulk.runtime.validation import Explained

MOST_TEXTS = 2048
MOST_CHARACTERS = 1_000_000
"""Of all texts of a request."""


def _listed(said: Any) -> Any:
    if isinstance(said, list) and said and all(isinstance(one, int | list) for one in said):
        raise Explained(Text("texts are expected; tokens are not taken, as each model has its own"))
    return [said] if isinstance(said, str) else said


class EmbeddingsBody(Body):
    """A request."""

    model: Annotated[str, Field(min_length=1, max_length=256)] = "auto"
    input: Annotated[
        list[Annotated[str, Field(min_length=1)]],
        BeforeValidator(_listed, json_schema_input_type=str | list[str]),
        Field(min_length=1, max_length=MOST_TEXTS),
    ]
    dimensions: Annotated[int, Field(ge=1, le=100_000)] | None = None
    encoding_format: Literal["float", "base64"] = "float"
    user: str | None = None

    def prompt(self) -> Prompt:
        """The texts."""
        return Prompt.texts(self.input)

    @field_validator("input")
    @classmethod
    def _not_too_long(cls, texts: list[str]) -> list[str]:
        if sum(map(len, texts)) > MOST_CHARACTERS:
            raise Explained(Text("the texts must have at most {count} characters together; send fewer at once", count=MOST_CHARACTERS))
        return texts


def embedding_routes(embeddings: Embeddings) -> APIRouter:
    """The only one."""
    router = APIRouter(prefix="/v1", tags=["gateway"], responses=ERRORS)

    @router.post("/embeddings", summary="Have vectors made of texts, by a model or by whichever may (`model: auto`)", response_model=None)
    async def embed(body: EmbeddingsBody, caller: Caller, voice: Spoken, around: Told, request: Request) -> Response:
        """As OpenAI's. What must stay in the company goes to local models only; budgets and policies hold. Vectors of different models
        cannot be compared: name one for what you keep."""
        decided = await embeddings.decide(caller, around.call(body, voice))
        tell(request, headers(decided))
        vectors = await embeddings.make(decided, body.dimensions)
        told = await asyncio.to_thread(_told, vectors, body.encoding_format)  # many numbers take a while to write
        return Response(told, media_type="application/json", headers=answered_headers(decided, vectors))

    return router


def _told(vectors: Vectors, form: Literal["float", "base64"]) -> bytes:
    """The answer. Written vector by vector, so that others get their turn between."""
    write = _numbers if form == "float" else _base64
    data = ",".join(
        f'{{"object":"embedding","index":{place},"embedding":{write(vector)}}}' for place, vector in enumerate(vectors.embedded.vectors)
    )
    around = {"object": "list", "model": vectors.able.model.name, "usage": _usage(vectors)}
    return f'{json.dumps(around)[:-1]}, "data": [{data}]}}'.encode()


def _usage(vectors: Vectors) -> dict[str, Any]:
    """Tokens, as the provider counted them; `estimated` where it did not, and they are the most that there can have been."""
    tokens = vectors.embedded.input_tokens
    return {"prompt_tokens": tokens, "total_tokens": tokens} | ({"estimated": True} if vectors.embedded.estimated else {})


def _numbers(vector: "array[float]") -> str:
    return json.dumps(vector.tolist())


def _base64(vector: "array[float]") -> str:
    """Little-endian float32."""
    numbers = vector[:]
    if sys.byteorder == "big":
        numbers.byteswap()
    return f'"{base64.b64encode(numbers.tobytes()).decode()}"'
