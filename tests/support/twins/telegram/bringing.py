"""How Telegram brings updates to a webhook: WebhookActor.cpp of tdlib/telegram-bot-api (on_update_error, handle).

Updates of a chat go one after the other; one that fails holds up those behind it. The first time that it fails it comes again at once, then
after 2, 4, 8… seconds, at most a random 60 to 120. `Retry-After` is done as it says, up to an hour. An update older than a day is dropped.
410 for 23 hours takes the webhook away.
"""

from dataclasses import dataclass

KEPT_SECONDS = 24 * 3600
LONGEST_RETRY_AFTER = 3600
GONE_SECONDS = 23 * 3600
RESEND_SECONDS = 60


@dataclass
class Bringing:
    """An update that is being brought. Times are seconds."""

    expires: float
    delay: float = 1
    fails: int = 0

    def failed(self, now: float, retry_after: int, chance: float) -> float | None:
        """How long it waits after it failed; None when it is dropped. `chance` is in [0, 1)."""
        wait = float(min(max(retry_after, 0), LONGEST_RETRY_AFTER))
        delay = self.delay
        if wait == 0 and self.fails > 0:
            delay = min(RESEND_SECONDS * (1 + chance), delay * 2)
            wait = delay
        if now + wait > self.expires:
            return None
        self.delay = delay
        self.fails += 1
        return wait
