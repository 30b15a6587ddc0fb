"""The house in the console, in a real browser: logging in with a key, letting somebody in, the wizard; each page for everybody."""

import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from support.browser import Visitor
from support.program import Up

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder."""
    return tmp_path_factory.mktemp("world")


@pytest.fixture(scope="module")
def language() -> str:
    """The house is told of in English."""
    return "en-US"


def told(up: Up, method: str, path: str, **body: Any) -> Any:
    """What the API gives the admin of this machine."""
    sent = json.dumps(body).encode()
    request = urllib.request.Request(up.url + path, sent, {"content-type": "application/json"}, method=method)  # noqa: S310  # ours
    with urllib.request.urlopen(request) as answer:  # noqa: S310  # ours
        return json.loads(answer.read() or b"null")


def test_somebody_logs_in_with_a_key_and_out_again(visitor: Visitor, up: Up) -> None:
    key = told(up, "POST", "/v1/keys", name="ana", grants=[{"role": "viewer", "namespace": "*"}])
    page = visitor.go("/console/login?next=/console/me")
    page.get_by_label("API key").fill(key["secret"])
    page.keyboard.press("Enter")
    page.wait_for_url(f"{up.url}/console/me")
    assert page.locator("h1").inner_text() == f"key:{key['prefix']}"
    assert page.get_by_text("this one", exact=True).is_visible()
    page.locator("header").get_by_role("button", name="Log out").click()
    page.wait_for_url("**/console/login?said=left")
    visitor.go("/console/me")
    assert page.locator("h1").inner_text() == "local"


def test_an_admin_makes_a_key_that_is_shown_once_and_takes_it_back(visitor: Visitor) -> None:
    page = visitor.go("/console/people")
    page.get_by_text("Make an API key").click()
    form = page.locator("form[action='/console/keys/new']")
    form.get_by_label("Name", exact=True).fill("ci")
    form.get_by_label("Role").select_option("operator")
    form.get_by_role("button", name="Make it").click()
    assert page.locator("#secret").inner_text().startswith("hulk_")
    page.get_by_role("button", name="Copy").click()
    page.get_by_role("link", name="Done").click()
    row = page.locator("tr", has=page.locator("th", has_text="ci"))
    row.get_by_role("button", name="Take back").click()
    page.locator("#dialog").get_by_role("button", name="Take back").click()
    page.wait_for_url("**said=removed")
    assert page.locator("tr", has=page.locator("th", has_text="ci")).get_by_text("Taken back").is_visible()


def test_the_trail_is_proved_by_keyboard(visitor: Visitor) -> None:
    page = visitor.go("/console/")
    page.keyboard.press("g")
    page.keyboard.press("u")
    page.wait_for_url("**/console/audit")
    page.keyboard.press("v")
    page.wait_for_url("**/console/audit/verification")
    assert page.locator("h1").inner_text() == "The trail is whole"


def test_a_model_is_checked_at_its_fields_and_told_with_what_to_write_where(visitor: Visitor) -> None:
    page = visitor.go("/console/models/add")
    name = page.get_by_label("A name of your own for it")
    name.fill("Mini!")
    page.get_by_label("The model, as the server calls it").fill("gpt-5-mini")
    page.get_by_label("The environment variable that holds its key").fill("HULK_TEST_NOT_THERE")
    page.get_by_role("button", name="Check it").click()
    page.locator("input[name=name][aria-invalid=true] + .at-field").wait_for()
    assert visitor.violations() == []
    visitor.wrong.clear()  # the browser tells of the refusal too
    name.fill("mini")
    page.get_by_role("button", name="Check it").click()
    page.locator("#command").wait_for()
    assert page.locator("#command").inner_text().startswith("thor models add mini --model gpt-5-mini")
    assert page.get_by_text("There is no environment variable HULK_TEST_NOT_THERE").is_visible()
    assert page.locator("[aria-invalid]").count() == 0
    assert visitor.violations() == []


def test_what_was_filled_in_stays_beside_what_is_wrong_with_it(visitor: Visitor) -> None:
    page = visitor.go("/console/people")
    page.get_by_text("Make a namespace").click()
    form = page.locator("form[action='/console/namespaces/new']")
    form.get_by_label("Name", exact=True).fill("The shop")
    form.get_by_label("Why").fill("it opens on Monday")
    form.get_by_role("button", name="Make it").click()
    form.get_by_role("alert").wait_for()
    assert form.get_by_label("Why").input_value() == "it opens on Monday"
    assert visitor.violations() == []
    visitor.complaints()  # of the answer that it was refused
