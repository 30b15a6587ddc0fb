"""Where things are shown, and that nobody is led anywhere else."""

import re
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.tenancy import Grant, Principal
from hulk.modules.console.domain import PLACES, concerns, place_of, topic_of, within
from hulk.modules.console.pages.templating import FOLDER

ELSEWHERE = (
    "//evil.example", "/console/..//evil.example", "/console/\\evil.example", "https://evil.example/console/", "/console//evil.example",
    "/consolevil", "/console?next=//evil.example", "/console/\t//evil.example",
)  # fmt: skip
VIEWER = Principal(tenant="acme", actor="key:x", grants=(Grant("viewer"),))


@pytest.mark.parametrize(
    ("identifier", "place"),
    [
        pytest.param("run_01m7y5yr6fe5hvadg4t960z6tv", "/console/runs/run_01m7y5yr6fe5hvadg4t960z6tv", id="a run"),
        pytest.param("int_01m7y5yr6fe5hvadg4t960z6tv", "/console/intents/int_01m7y5yr6fe5hvadg4t960z6tv", id="an intent"),
        pytest.param("evt_01m7y5yr6fe5hvadg4t960z6tv", "/console/trace/evt_01m7y5yr6fe5hvadg4t960z6tv", id="an event"),
        pytest.param("key_01m7y5yr6fe5hvadg4t960z6tv", "/console/people#key_01m7y5yr6fe5hvadg4t960z6tv", id="a key"),
        pytest.param("4ac810299866407395611024f95ce3ef", "/console/trace/4ac810299866407395611024f95ce3ef", id="a trace, as logs have it"),
        pytest.param("nix_01m7y5yr6fe5hvadg4t960z6tv", None, id="of nothing that has a page"),
        pytest.param("run_../../v1/keys", None, id="no id at all"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_an_id_leads_to_its_page(identifier: str, place: str | None) -> None:
    assert place_of(identifier) == place


@given(st.text() | st.sampled_from(ELSEWHERE))
def test_nobody_is_led_out_of_the_console(address: str) -> None:
    led = urlsplit(urljoin("https://hulk.example/console/x", within(address)))
    assert led.netloc == "hulk.example"
    assert led.path == "/console" or led.path.startswith("/console/")


def test_dots_in_what_is_looked_for_lead_nowhere_else() -> None:
    assert within("/console/tickets?text=wait...") == "/console/tickets?text=wait..."
    assert within("/console/tickets/../../v1/keys?text=x") == "/console/"


def test_each_place_has_a_key_and_an_address_of_its_own() -> None:
    assert len({place.key for place in PLACES}) == len(PLACES)
    assert len({place.address for place in PLACES}) == len(PLACES)


@pytest.mark.parametrize(
    ("kind", "topics", "told"),
    [
        pytest.param("hulk.ticket.completed.v1", {"ticket"}, True, id="what the page is about"),
        pytest.param("hulk.ticket.completed.v1", {"run"}, False, id="what it is not about"),
        pytest.param("hulk.key.created.v1", {"key"}, False, id="what a viewer may not see"),
        pytest.param("hulk.nothing.known.v1", {"nothing"}, False, id="what nobody knows who may see"),
    ],
)
def test_who_looks_is_told_of_what_concerns_them(kind: str, topics: set[str], told: bool) -> None:
    assert concerns(topic_of(kind), VIEWER, topics) is told


def test_no_button_shows_a_key_that_is_taken_everywhere() -> None:
    pages = [page.read_text("utf-8") for page in FOLDER.glob("*.html") if page.stem != "palette"]
    shown = {key for page in pages for key in re.findall(r"<kbd>(\w)</kbd>", page)}
    assert shown & {"g", "j", "k"} == set()
