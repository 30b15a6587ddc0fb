"""Work that failed, found and put right in a real browser by keyboard alone; and the pages of runs for everybody."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.browser import Visitor
from support.program import Up, calling
from support.site import Site, a_site
from support.worlds import sales

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Where files are fetched from, and cannot be for now."""
    folder = tmp_path_factory.mktemp("site")
    sales(folder / "vendas.csv", days=30)
    with a_site(folder) as served:
        served.broken = {"/vendas.csv"}
        yield served


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where that site may be asked."""
    folder = tmp_path_factory.mktemp("world")
    (folder / "hulk.yaml").write_text("tools:\n  http:\n    allow: [127.0.0.1]\n")
    return folder


@dataclass(frozen=True, slots=True)
class Failed:
    """What was asked of the file that cannot be fetched, and one of the runs that failed of it."""

    intent: str
    run: str
    schedule: str


@pytest.fixture(scope="module")
def failed(up: Up, site: Site) -> Failed:
    """Something that failed, and a schedule."""
    return asyncio.run(_failed(up, site))


async def _failed(up: Up, site: Site) -> Failed:
    async with calling(up) as caller:
        intent = await caller.ask(f"Perfil de {site.url}/vendas.csv")
        assert (await caller.ended(intent))["status"] == "failed"
        body = {"name": "disco", "cron": "30 8 * * mon-fri", "timezone": "America/Sao_Paulo", "intent": {"text": "O disco está cheio?"}}
        status, made, _ = await caller.call("POST", "/v1/schedules", json=body)
        assert status == 201
        _, found, _ = await caller.call("GET", f"/v1/runs?intent={intent}&workflow=ticket&status=failed")
    return Failed(intent, found["runs"][0]["run_id"], made["schedule_id"])


@pytest.fixture(scope="module")
def before(failed: Failed) -> None:
    """Something failed."""


def test_a_filter_is_kept_under_a_name_and_found_again(visitor: Visitor, failed: Failed) -> None:  # something failed
    page = visitor.go("/console/runs?status=failed&workflow=ticket")
    page.get_by_placeholder("Nome do filtro").fill("Tickets que falham")
    page.get_by_role("button", name="Guardar este filtro").click()
    visitor.go("/console/runs")
    page.get_by_role("link", name="Tickets que falham", exact=True).click()
    page.wait_for_url("**/console/runs?status=failed&workflow=ticket")
    page.get_by_role("button", name="Esquecer este filtro: Tickets que falham").click()
    assert page.get_by_role("link", name="Tickets que falham", exact=True).count() == 0


def test_an_act_that_is_refused_says_why_where_it_was_asked_for(visitor: Visitor, failed: Failed) -> None:
    page = visitor.go(f"/console/runs/{failed.run}")
    page.keyboard.press("R")
    page.locator("#dialog input[name=step]").fill("0")
    page.locator("#dialog input[name=step]").evaluate("input => { input.max = 99; input.value = 99; }")
    page.locator("#dialog form button").first.click()
    page.locator("#dialog .answer .problem").wait_for()
    assert "99" in page.locator("#dialog .answer .problem").inner_text()
    page.keyboard.press("Escape")
    visitor.wrong.clear()  # the browser tells of the refusal too


def test_from_the_alert_to_the_replay_in_four_keys(visitor: Visitor, site: Site, failed: Failed) -> None:  # something failed
    page = visitor.go("/console/")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/runs/run_*")
    assert "503" in page.locator(".problem").first.inner_text() or "127.0.0.1" in page.locator(".problem").first.inner_text()
    site.broken.clear()
    page.keyboard.press("r")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/runs/run_*?said=replayed")
    page.locator("h1 .status.completed").wait_for()  # its page follows it


def test_many_dead_letters_are_looked_at_before_they_are_dealt_with(visitor: Visitor, failed: Failed) -> None:  # something failed
    page = visitor.go("/console/dead-letters?workflow=ticket&code=unavailable")
    page.keyboard.press("d")
    page.wait_for_url("**/console/dead-letters/plan")
    assert visitor.violations() == []
    page.keyboard.press("y")
    page.wait_for_url("**/console/dead-letters?said=discarded")
    assert page.locator("main").get_by_text("ticket", exact=True).count() == 0


def test_a_schedule_is_made_seen_to_come_and_changed_and_a_mistake_is_told_at_its_field(visitor: Visitor) -> None:
    page = visitor.go("/console/schedules")
    page.keyboard.press("+")
    page.get_by_label("Nome", exact=True).fill("limpeza")
    when = page.get_by_label("Quando", exact=True)
    when.fill("30 25 * * *")
    page.get_by_label("O que é pedido a cada vez").fill("O disco está cheio?")
    page.locator("#s-times .problem").wait_for()
    page.get_by_role("button", name="Criar").click()
    page.locator("input[name=when][aria-invalid=true] + .at-field").wait_for()
    assert "25" in page.locator(".at-field").inner_text()
    assert visitor.violations() == []
    visitor.wrong.clear()  # the browser tells of the refusal too
    when.fill("30 7 * * mon-fri")
    page.locator("#s-times time").nth(4).wait_for()
    page.get_by_role("button", name="Criar").click()
    page.wait_for_url("**/console/schedules/sch_*?said=saved")
    assert visitor.violations() == []
    page.get_by_label("Quando", exact=True).fill("45 7 * * mon-fri")
    page.get_by_role("button", name="Guardar assim").click()
    page.get_by_text("Por cron 45 7 * * mon-fri").wait_for()
    page.keyboard.press("p")
    page.locator("#dialog").get_by_role("button", name="Pausar").click()
    page.locator("h1 .status.paused").wait_for()
