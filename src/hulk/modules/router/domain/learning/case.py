"""What a question looks like to the learner, the models that may answer it, and what is predicted of each."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from hulk.kernel.text import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """A question without its words. `embedding` is its vector of length 1, as little-endian 16-bit floats (IEEE 754 binary16)."""

    embedding: bytes = field(repr=False)
    language: Language
    characters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """What is believed of a model before anybody graded it, and how many grades that belief is worth.

    `quality` from 0 to 1; `cost` of an answer in `finops.currency`; `seconds` until its end."""

    quality: float = 0.5
    cost: float = 0.0
    seconds: float = 0.0
    weight: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """A model that policy allows. `version` and `price` are whatever tells two of them apart: when either changes, what was learnt of
    the arm counts for little (`drift`)."""

    name: str
    version: str = ""
    price: str = ""
    local: bool = False
    prior: Prior = Prior()

    @property
    def regime(self) -> str:
        """A short name for this version at this price."""
        return regime_of(self.version, self.price)


def regime_of(version: str, price: str) -> str:
    """The first 16 hexadecimal digits of a SHA-256."""
    return hashlib.sha256(f"{version}\x00{price}".encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Aims:
    """What is wanted of an answer: quality, less `cost` per unit of `finops.currency`, less `seconds` per second."""

    cost: float = 0.0
    seconds: float = 0.0

    def utility(self, quality: float, cost: float, seconds: float) -> float:
        """quality - cost x λ - seconds x μ."""
        return quality - self.cost * cost - self.seconds * seconds


@dataclass(frozen=True, slots=True)
class Grade:
    """How well a model answered (0 to 1), what that cost and how long it took; `regime` is that of the model then."""

    quality: float
    cost: float = 0.0
    seconds: float = 0.0
    regime: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    """A question with the grades of the models that answered it: one in traffic, all of them in a graded set."""

    id: str
    features: Features
    grades: Mapping[str, Grade]


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """A question like this one (`similarity`: the cosine, at most 1), and how well a model answered it."""

    id: str
    similarity: float
    quality: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What is expected of an arm. `width` is how unsure the line through the features is, in units of quality (LinUCB's
    sqrt(xᵀA⁻¹x)); `support` how many graded neighbours speak for it, each counted by its nearness."""

    arm: str
    quality: float
    cost: float
    seconds: float
    width: float = 0.0
    support: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """An estimate for each arm, in their order; `nearest` gives an arm's nearest graded neighbours, `seen` is how many grades there
    are of all arms together."""

    estimates: Sequence[Estimate]
    seen: int
    nearest: Callable[[str], tuple[Neighbour, ...]]
