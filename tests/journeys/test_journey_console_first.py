"""A new user's first visit: an empty folder, `hulk up`, and by the console alone to a model, a channel and a second person."""

import shlex
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from support.browser import Browser, Page, visiting
from support.program import environment, run, start
from support.twins import openai_twin
from support.worlds import sales

pytestmark = pytest.mark.browser

MOST_PRESSES = 24
"""At twelve seconds each, reading included, that is under five minutes."""
QUESTION = "Há anomalias nas vendas por loja em vendas.csv?"


@dataclass
class Newcomer:
    """Somebody who presses and fills in; `presses` counts both."""

    page: Page
    presses: int = 0

    def press(self, name: str, role: str = "button", within: str = "main") -> None:
        """What is called so."""
        self.presses += 1
        self.page.locator(within).get_by_role(role, name=name, exact=True).click()

    def fill(self, label: str, text: str) -> None:
        """The field that is called so."""
        self.presses += 1
        self.page.get_by_label(label, exact=True).fill(text)

    def home(self) -> None:
        """To the front page."""
        self.presses += 1
        self.page.locator(".brand").click()
        self.page.locator("#first").wait_for()


@pytest.mark.timeout(600)
def test_the_first_five_minutes(browser: Browser, tmp_path: Path) -> None:
    files = sales(tmp_path / "vendas.csv")
    with openai_twin() as twin:
        up = start(tmp_path / "data", cwd=tmp_path)
        try:
            with visiting(browser, up.url) as somebody:
                new = Newcomer(somebody.go("/console/"))
                assert somebody.violations() == []
                answered(new, files)
                commands = [model_added(new, twin), channel_added(new)]
                invited(new)
                assert (somebody.wrong, somebody.elsewhere) == ([], [])
                assert new.presses <= MOST_PRESSES
                assert len(httpx.get(f"{up.url}/v1/intents").json()["intents"]) == 2
        finally:
            up.stop()
        for command in commands:  # what the pages told them to type
            program, *arguments = shlex.split(command)
            done = run(program, *arguments, cwd=tmp_path)
            assert done.returncode == 0, (command, done.stderr)
        up = start(tmp_path / "data", cwd=tmp_path, env=environment(LOJA_SECRET="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        try:
            with visiting(browser, up.url) as somebody:
                page = somebody.go("/console/")
                assert page.locator("#first").count() == 0  # all is done
                somebody.go("/console/models")
                assert page.locator("tbody th", has_text="meu").is_visible()
                somebody.go("/console/channels/loja")
                assert page.locator("h1").inner_text().startswith("loja")
        finally:
            up.stop()


def answered(new: Newcomer, files: Path) -> None:
    """The example, then a file of their own, judged."""
    new.press("Pedir o exemplo")
    new.page.locator("figure img").wait_for()
    new.home()
    new.press("Pergunte sobre um arquivo seu", "link")
    new.presses += 1
    new.page.get_by_label("Arquivos de que se trata").set_input_files(files)
    new.page.locator(".sent button").wait_for()
    new.fill("O que você quer?", QUESTION)
    new.presses += 1
    new.page.locator("#send").dblclick()  # it is asked once all the same
    new.page.locator("figure img").wait_for()
    assert "/console/intents/int_" in new.page.url
    assert new.page.locator("svg.graph rect").count() >= 3
    new.page.locator("[data-key=p]").wait_for()
    new.page.keyboard.press("p")
    new.page.locator("#dialog").get_by_role("button", name="Boa").click()
    new.page.locator(".said").wait_for()
    new.home()


def model_added(new: Newcomer, twin: str) -> str:
    """What is to be typed for it."""
    new.press("Dizer qual", "link")
    new.fill("Um nome seu para ele", "meu")
    new.fill("O modelo, como o servidor o chama", "echo")
    new.fill("Seu endereço até /v1, inclusive; vazio, o do fornecedor", twin)
    new.presses += 1
    new.page.get_by_label("Roda onde dados sensíveis podem estar, e não custa nada").check()
    new.press("Verificar")
    command: str = new.page.locator("pre").first.inner_text()
    new.home()
    return command


def channel_added(new: Newcomer) -> str:
    """What is to be typed for it."""
    new.press("Escolher onde", "link")
    new.presses += 1
    new.page.get_by_label("Tipo").select_option("webhook")
    new.fill("Nome", "loja")
    new.press("Mostrar o que fazer")
    command: str = new.page.locator("#command").inner_text()
    assert "LOJA_SECRET" in new.page.locator("main").inner_text()
    new.home()
    return command


def invited(new: Newcomer) -> None:
    """Ana, who may look."""
    new.press("Dizer quem", "link")
    form = new.page.locator("form[action='/console/people/new']").first
    form.get_by_label("Nome").fill("Ana")
    form.get_by_label("E-mail").fill("ana@loja.example")
    new.presses += 2
    form.get_by_role("button").click()
    new.presses += 1
    new.page.locator("h1", has_text="Ana").wait_for()
