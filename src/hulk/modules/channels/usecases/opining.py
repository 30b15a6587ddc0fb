"""Taking what people think of answers: whatever it is of, they are not told off for it."""

import structlog

from hulk.kernel.errors import HulkError, Unavailable
from hulk.kernel.tenancy import Principal
from hulk.modules.channels.ports import Feedback

log = structlog.get_logger(__name__)


async def opined(feedback: Feedback, by: Principal, intent: str, good: bool | None, key: str) -> bool:
    """Whether something is learnt of it: not where nobody decided on an answer, or who has an opinion may not teach. That is kept with
    what came in (`heard`). Raises `Unavailable`, to be tried again."""
    try:
        await feedback(by, intent, good, key)
    except Unavailable:
        raise
    except HulkError as error:
        log.info("opinion_not_learnt", intent=intent, reason=str(error))
        return False
    return True
