"""A real Chromium, driven by Playwright, with what a page says of itself while it is looked at."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:  # installed for `make test-console` alone
    from playwright.sync_api import Browser as _Browser
    from playwright.sync_api import BrowserContext
    from playwright.sync_api import Page as _Page

Browser: TypeAlias = "_Browser"
Page: TypeAlias = "_Page"

Theme: TypeAlias = Literal["light", "dark"]
SIZES = {"phone": (390, 844), "desktop": (1366, 900)}
_QUIET = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync",
          "--disable-component-update")  # fmt: skip
"""It runs as root in containers, and asks nobody for anything by itself."""
SECONDS = 15_000
"""Milliseconds that a page may take to come to what is waited for, on a busy machine."""


def chromium() -> str:
    """Where it is: `HULK_TEST_CHROMIUM`, else on PATH. Raises `RuntimeError` telling what to install."""
    found = filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))
    named = os.environ.get("HULK_TEST_CHROMIUM") or next(found, "")
    if not named or not Path(named).exists():
        raise RuntimeError("no Chromium here: apt-get install chromium, or say where it is (HULK_TEST_CHROMIUM)")
    return named


def once_so(page: Page, wanted: str) -> Any:
    """What that expression gives once it is true, looked at every 20 ms: of a page in which nothing changes no frame is drawn. Playwright's
    own `wait_for_function` asks a second time by `eval`, which no page of ours allows. Raises Playwright's `Error` after `SECONDS`."""
    look = f"""() => {{
        const found = ({wanted});
        if (found) done(found);
        else if (performance.now() > last) never(new Error("it never came to that"));
        else setTimeout(look, 20);
    }}"""
    return page.evaluate(f"new Promise((done, never) => {{ const last = performance.now() + {SECONDS}, look = {look}; look(); }})")


@contextmanager
def browsing() -> Iterator[Browser]:
    """A started Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(_QUIET))
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Visitor:
    """Somebody with a browser. `wrong` is what pages complained of (scripts, styles that the policy forbids, what could not be loaded),
    `elsewhere` what was asked of other sites."""

    page: Page
    context: "BrowserContext"
    url: str
    wrong: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        """Their page, at that path, once it has come to rest."""
        self.page.goto(f"{self.url}{path}", wait_until="load")
        return self.page

    def looks(self, theme: Theme, size: str) -> None:
        """From now on with that theme and screen."""
        width, height = SIZES[size]
        self.page.emulate_media(color_scheme=theme)
        self.page.set_viewport_size({"width": width, "height": height})

    def complaints(self) -> list[str]:
        """What pages have complained of since they were asked last."""
        said = self.wrong[:]
        self.wrong.clear()
        return said

    def violations(self) -> list[str]:
        """What axe finds against WCAG 2.2 AA and good practice on the page as it is now."""
        from axe_playwright_python.sync_playwright import Axe

        found: Any = Axe().run(self.page)
        return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found.response["violations"]]


@contextmanager
def visiting(
    browser: Browser, url: str, *, language: str = "pt-BR", theme: Theme = "light", size: str = "desktop", zone: str = "America/Sao_Paulo"
) -> Iterator[Visitor]:
    """One visitor, with no cookies yet."""
    width, height = SIZES[size]
    context = browser.new_context(
        locale=language, color_scheme=theme, viewport={"width": width, "height": height}, timezone_id=zone, base_url=url,
        has_touch=size == "phone",
    )  # fmt: skip
    context.set_default_timeout(SECONDS)
    page = context.new_page()
    visitor = Visitor(page, context, url)
    page.on("console", lambda said: visitor.wrong.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: visitor.wrong.append(str(error)))
    page.on("request", lambda asked: None if asked.url.startswith((url, "data:")) else visitor.elsewhere.append(asked.url))
    try:
        yield visitor
    finally:
        context.close()
