"""What is signed while our clock is wrong is refused by those who look at the time: it waits until the clock is right."""

from datetime import UTC, datetime, timedelta

import pytest

from hulk.kernel.errors import HulkError, Unauthenticated, Unavailable
from hulk.modules.channels.adapters.vendor import vendor
from hulk.modules.channels.adapters.webhook import WebhookLine
from support.channels import going
from support.twins.systems import system
from support.twins.systems.receiver import SECRET

OTHER = "whsec_" + "A" * 32


@pytest.mark.parametrize(
    ("wrong", "secret", "error"),
    [
        pytest.param(timedelta(hours=6), SECRET, Unavailable, id="ahead"),
        pytest.param(-timedelta(minutes=10), SECRET, Unavailable, id="behind"),
        pytest.param(timedelta(minutes=2), OTHER, Unauthenticated, id="right enough, and another secret"),
    ],
)
async def test_a_clock_that_is_wrong_is_told_from_a_secret_that_is(wrong: timedelta, secret: str, error: type[HulkError]) -> None:
    off = [wrong]
    with system("receiver") as twin:
        async with vendor(twin.url, "n8n") as server:
            line = WebhookLine(server, "/hulk", lambda: secret, lambda: datetime.now(UTC) + off[0])
            with pytest.raises(error) as raised:
                await line.send(going(), [])
            assert ("clock" in str(raised.value)) == (error is Unavailable)
            off[0] = timedelta(0)
            if error is Unavailable:
                assert (await line.send(going(), [])).id == going().id
