"""The pictures in docs/console.md: HULK_TEST_PICTURES=docs/pictures takes them of the shop, to be looked at before they are kept."""

import io
import os
from pathlib import Path

import pytest
from PIL import Image

from support.browser import Browser, Theme, once_so, visiting
from support.shop import Shop

pytestmark = pytest.mark.browser

PICTURES: dict[str, tuple[str, str, Theme, str]] = {
    "now": ("now", "pt-BR", "light", "desktop"), "intent": ("intent", "pt-BR", "light", "desktop"),
    "run": ("run", "en-US", "dark", "desktop"),
    "trace": ("trace", "en-US", "dark", "desktop"), "approval": ("approval", "pt-BR", "light", "phone"),
    "tickets": ("tickets", "pt-BR", "light", "desktop"), "costs": ("costs", "en-US", "dark", "desktop"),
    "router": ("router", "pt-BR", "light", "desktop"), "conversation": ("conversation", "pt-BR", "light", "phone"),
    "people": ("people", "en-US", "dark", "desktop"),
}  # fmt: skip
"""By name: which page of the shop, how it is looked at."""
MOST_BYTES = 60_000
WIDTH = 1100
"""Pixels of a picture at most: of a desk's screen, four fifths."""


@pytest.mark.skipif("HULK_TEST_PICTURES" not in os.environ, reason="HULK_TEST_PICTURES=docs/pictures takes them")
@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_taken(browser: Browser, shop: Shop, name: str) -> None:
    place, language, theme, size = PICTURES[name]
    with visiting(browser, shop.up.url, language=language, theme=theme, size=size) as somebody:
        somebody.go("/console/")  # their time zone is known from the second page on
        page = somebody.go(shop.places[place])
        once_so(page, "[...document.images].every((one) => one.complete)")
        taken = small(page.screenshot())
    (Path(os.environ["HULK_TEST_PICTURES"]) / f"console-{name}.webp").write_bytes(taken)


def small(png: bytes) -> bytes:
    """The same as WebP, not wider than `WIDTH`, as good as fits into `MOST_BYTES`."""
    with Image.open(io.BytesIO(png)) as picture:
        fitting = picture.convert("RGB")
    fitting.thumbnail((WIDTH, 2 * WIDTH), Image.Resampling.LANCZOS)
    written = (_written(fitting, quality) for quality in range(82, 30, -8))
    return next(one for one in written if len(one) <= MOST_BYTES)


def _written(picture: Image.Image, quality: int) -> bytes:
    kept = io.BytesIO()
    picture.save(kept, "WEBP", quality=quality, method=6)
    return kept.getvalue()
