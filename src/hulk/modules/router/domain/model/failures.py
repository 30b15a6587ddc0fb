"""Why a model gave no answer, where asking again may help."""

from hulk.kernel.errors import Unavailable
from hulk.kernel.text import Text
from hulk.modules.router.domain.model.answers import Limits


class Uncertain(Unavailable):
    """The question was sent and no whole answer came: it may have cost money. It can be asked again."""


class Unsent(Unavailable):
    """The provider said that it did not do the work, or was never reached: it cost nothing. It can be asked again. `limits` is what it said
    of its rate limits."""

    def __init__(self, msgid: str | Text, /, retry_after: float | None = None, *, limits: Limits | None = None, **values: object) -> None:
        super().__init__(msgid, retry_after, **values)
        self.limits = limits or Limits()
