"""Messages by the thousands to a Hulk that is killed again and again, while what its channels speak to goes wrong; and what people see.

    async with a_barrage(folder, chance) as barrage:
        await barrage.fire(5_000, kills=20)
        print(barrage.judged())

The other side of the webhook is here; Telegram and Mattermost are the twins, processes of their own. The program is `hulk up` as users
start it, on one data folder, without a model: each message becomes an intent that is decided on, answered and sent.
"""

from support.barrage.firing import Barrage, a_barrage
from support.barrage.judging import Verdict

__all__ = ["Barrage", "Verdict", "a_barrage"]
