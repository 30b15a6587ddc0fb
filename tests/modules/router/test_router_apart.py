"""Where no model outside can be reached, what must stay is answered all the same: the suite in a network with nothing but loopback."""

import os
import re
import socket
from collections.abc import Sequence

import pytest

from hulk.modules.router.adapters.vendors import Vendors
from hulk.modules.router.domain.model import Model, Prompt, Unsent
from support.apart import APART, passes, permitted
from support.gates import Recording
from support.twins import openai_twin

HERE = "tests/modules/router"
SUITE = (f"{HERE}/test_router_guard.py", f"{HERE}/test_router_exits.py", f"{HERE}/test_router_apart.py")
OUTSIDE = "http://198.51.100.7/v1"
"""An address that nobody has (RFC 5737)."""

needs_a_network = pytest.mark.skipif(not permitted(), reason="no network namespace may be made here (unshare -rn)")
within = pytest.mark.skipif(APART not in os.environ, reason="only in a network of its own: see test_the_suite_passes_without_a_route")


@needs_a_network
@pytest.mark.skipif(APART in os.environ, reason="this is that network")
@pytest.mark.parametrize(
    ("each", "choice"),
    [
        pytest.param("5", ["-k", "not no_model_outside", "-m", "not long"], id="a share"),
        pytest.param("100", ["-m", "not long", "--timeout", "1200"], id="all", marks=pytest.mark.long),
    ],
)
def test_the_suite_passes_without_a_route(each: str, choice: Sequence[str], request: pytest.FixtureRequest) -> None:
    said = passes("--rootdir", str(request.config.rootpath), *SUITE, *choice, HULK_TEST_EACH=each)
    found = re.search(r"(\d+) passed", said)
    assert found is not None, said
    assert int(found[1]) > 100


@within
def test_there_is_no_network_but_loopback() -> None:
    assert [name for _, name in socket.if_nameindex()] == ["lo"]


@within
async def test_a_model_outside_cannot_be_reached_and_one_inside_answers() -> None:
    vendors, prompt = Vendors(Recording()), Prompt.plain("", "qual a capital da França?")
    with openai_twin() as url:
        inside = await vendors.complete(Model(name="inside", url=url, model="echo", local=True), prompt)
        with pytest.raises(Unsent, match="cannot be reached"):
            await vendors.complete(Model(name="cloud", url=OUTSIDE, model="echo"), prompt)
        await vendors.close()
    assert inside.text == "You said: qual a capital da França?"
