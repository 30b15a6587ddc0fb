"""Messages by the thousands to a Hulk that is killed again and again, while what its channels speak to goes wrong; and what people see.

    async with a_barrage(folder, chance) as barrage:
        await barrage.fire(5_000, kills=20)
        print(barrage.judged())

The other side of the webhook is here; Telegram, Mattermost, Meta, Amazon and the mail provider are twins, processes of their own. The
program is `hulk up` as users start it, on one data folder, without a model: each message becomes an intent that is decided on, answered and
sent. Its clock is one that jumps (`jumping`).

What "nothing is lost" means: whatever a side has taken, or Hulk has acknowledged, is answered, or listed as unknown. For Alexa see
`sides.alexa`.
"""

from support.barrage.firing import Barrage, a_barrage
from support.barrage.judging import Verdict

__all__ = ["Barrage", "Verdict", "a_barrage"]
