"""What a command is given."""

import base64
import binascii
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from hulk.kernel.text import Text
from hulk.modules.tools.adapters.backends.acts import Arguments
from hulk.runtime.validation import Explained

LONGEST = 100_000
"""Characters of one argument: Linux takes 128 KiB."""
_DEEPEST = 20


def _word(word: str) -> str:
    if "\0" in word:
        raise Explained(Text("it cannot hold a NUL"))
    return word


def _inside(name: str) -> str:
    parts = PurePosixPath(name).parts
    if name != "/".join(parts) or name.startswith("/") or {"..", "."} & set(parts) or len(parts) > _DEEPEST or not name.isprintable():
        raise Explained(Text("a path inside the scratch folder is expected, as in data/orders.csv"))
    if any(len(part.encode()) > 255 for part in parts):
        raise Explained(Text("a name of at most 255 bytes is expected"))
    return name


def _base64(text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Explained(Text("base64 is expected")) from None
    return text


class InputFile(Arguments):
    """A file that it finds in its folder: with `text`, `base64` or the `blob` that was sent before."""

    path: Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_inside)] = Field(description="Where, as in data/orders.csv.")
    text: str | None = Field(default=None, max_length=1_000_000, description="Its contents.")
    base64: Annotated[str, AfterValidator(_base64)] | None = Field(
        default=None, max_length=1_400_000, description="Its contents, if no text."
    )
    blob: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$", description="The id of a file that was sent.")

    @model_validator(mode="after")
    def _one(self) -> "InputFile":
        if sum(one is not None for one in (self.text, self.base64, self.blob)) != 1:
            raise Explained(Text("one of `text`, `base64` and `blob`"))
        return self


class ListPrograms(Arguments):
    """What may be run here, which folders it can read, and within which limits."""


class Run(Arguments):
    """Run one command (executar um comando) in an empty folder of its own, of which nothing is left but what is given back."""

    argv: tuple[Annotated[str, Field(max_length=LONGEST), AfterValidator(_word)], ...] = Field(
        min_length=1, max_length=500, description="The program's name and its arguments, each on its own: there is no shell between."
    )
    stdin: str = Field(default="", max_length=1_000_000, description="What it reads on standard input.")
    files: tuple[InputFile, ...] = Field(default=(), max_length=50, description="Files that it finds in its folder.")
    seconds: float | None = Field(default=None, gt=0, le=3600, description="The longest that it may take, if shorter than usual.")

    @model_validator(mode="after")
    def _apart(self) -> "Run":
        names = [PurePosixPath(one.path) for one in self.files]
        folders = {folder for name in names for folder in name.parents}
        if len(set(names)) < len(names) or folders & set(names):
            raise Explained(Text("each file needs a path of its own, and none may be another's folder"))
        return self
