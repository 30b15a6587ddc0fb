"""What a scan finds: kinds, where they stand, why they are taken for what they are."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

Sensitivity: TypeAlias = Literal["public", "p0"]
Label: TypeAlias = Literal[
    "cpf", "cnpj", "rg", "cnh", "pis", "voter", "cns", "renavam", "card", "bank", "pix", "email", "phone", "address", "plate", "secret",
    "too_long", "unreadable", "attachment", "labelled",
]  # fmt: skip
"""What kind of thing was found, never the thing. The last four say why a text counts as sensitive unread."""
Why: TypeAlias = Literal["format", "check_digits", "named", "known_form", "encoded", "failed"]
"""`format`: check digits and the usual marks; `check_digits`: those alone; `named`: a word beside it says so; `known_form`: nothing else
is written so; `encoded`: found after decoding; `failed`: it could not be looked into."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing found: from `start` to before `end`, in characters of the text as it was given."""

    start: int
    end: int
    kind: Label
    why: Why


@dataclass(frozen=True, slots=True)
class Classified:
    """The outcome of a scan; `labels` are sorted and empty exactly when it is public."""

    sensitivity: Sensitivity
    labels: tuple[Label, ...] = ()

    @classmethod
    def of(cls, labels: Iterable[Label]) -> "Classified":
        """With those labels: P0 when there is any."""
        given = tuple(sorted(set(labels)))
        return cls("p0" if given else "public", given)

    def raised(self, by: Sensitivity) -> "Classified":
        """With what a person has said of the channel, collection or tool: that may raise what a scan says, never lower it."""
        return Classified.of((*self.labels, "labelled")) if by == "p0" else self
