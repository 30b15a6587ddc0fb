"""What the answers of JetStream mean, as nats-server 2.15 words them."""

import json
from typing import Any

import pytest
from nats.aio.msg import Msg

from hulk.kernel.errors import Exhausted, HulkError, Unavailable
from hulk.runtime.bus.answers import NoSuch, Rejected, checked

WRITING = "write /data/nats/jetstream/$G/streams/hulk-scheduler-queue/obs/forward/meta.inf.tmp: no space left on device"


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        pytest.param({"code": 500, "err_code": 10012, "description": WRITING}, Exhausted, id="a consumer on a full disk"),
        pytest.param({"code": 503, "err_code": 10077, "description": "maximum bytes exceeded"}, Exhausted, id="a full stream"),
        pytest.param({"code": 500, "err_code": 10012, "description": "a mistake in it"}, Rejected, id="a consumer that cannot be"),
        pytest.param({"code": 404, "err_code": 10059, "description": "stream not found"}, NoSuch, id="no such stream"),
        pytest.param({"code": 503, "err_code": 10008, "description": "no leader"}, Unavailable, id="no leader yet"),
    ],
)
def test_what_an_error_means(error: dict[str, Any], meaning: type[HulkError]) -> None:
    answer = Msg(_client=None, subject="_INBOX.a", data=json.dumps({"error": error}).encode())  # type: ignore[arg-type]  # nobody answers it
    with pytest.raises(HulkError) as told:
        checked("CONSUMER.CREATE.a.b", answer)
    assert type(told.value) is meaning
    assert error["description"] in str(told.value)
