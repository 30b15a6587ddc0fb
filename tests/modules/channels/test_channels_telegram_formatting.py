"""Markdown as Telegram shows it: what is bold, code or a link, and that nothing is lost, broken or longer than it was."""

import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hulk.modules.channels.adapters.telegram.formatting import MOST_ENTITIES, formatted
from hulk.modules.channels.domain import utf16_length
from support.twins.telegram.checking import entities

LINK = "https://example.com/a_(b)?c=1&d=*"
PIECES = [*"ab1 \n*_~`[]()!<>#|-\\.'😀éم", "```", "**", "](https://x.y)", "\n> ", "\n- ", "\n| a | b |"]
WRITTEN = st.lists(st.sampled_from(PIECES), max_size=80).map("".join)


def _shown(markdown: str) -> tuple[str, list[tuple[Any, ...]]]:
    """The text, and each part with its kind (and address, or language)."""
    made = formatted(markdown)
    units = made.text.encode("utf-16-le")
    return made.text, [
        (one["type"], units[one["offset"] * 2 : (one["offset"] + one["length"]) * 2].decode("utf-16-le"),
         *(one[more] for more in ("url", "language") if more in one))
        for one in made.entities
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("markdown", "text", "parts"),
    [
        pytest.param("simples < & >", "simples < & >", [], id="plain text stays"),
        pytest.param("um **dois** três", "um dois três", [("bold", "dois")], id="bold"),
        pytest.param("__um__ *dois* _três_", "um dois três", [("bold", "um"), ("italic", "dois"), ("italic", "três")], id="both marks"),
        pytest.param("***tudo***", "tudo", [("bold", "tudo"), ("italic", "tudo")], id="bold and italic"),
        pytest.param("~~velho~~", "velho", [("strikethrough", "velho")], id="struck"),
        pytest.param("**a *b* c**", "a b c", [("bold", "a b c"), ("italic", "b")], id="one in another"),
        pytest.param("😀 **😀é** `x`", "😀 😀é x", [("bold", "😀é"), ("code", "x")], id="emoji are two units"),
        pytest.param("**مرحبا** بك", "مرحبا بك", [("bold", "مرحبا")], id="right to left"),
        pytest.param("`a*b*` *c*", "a*b* c", [("code", "a*b*"), ("italic", "c")], id="code keeps its marks"),
        pytest.param("``a`b``", "a`b", [("code", "a`b")], id="a tick in code"),
        pytest.param("```sql\nselect *\n```\nfim", "select *\nfim", [("pre", "select *", "sql")], id="a block of code"),
        pytest.param("```\naberto", "aberto", [("pre", "aberto")], id="a block that is not closed"),
        pytest.param(f"[**veja**]({LINK})", "veja", [("text_link", "veja", LINK), ("bold", "veja")], id="a link"),
        pytest.param("![foto](https://x.y/z.png)", "foto", [("text_link", "foto", "https://x.y/z.png")], id="a picture is a link"),
        pytest.param("[](https://x.y)", "https://x.y", [], id="a link without words"),
        pytest.param("[a](javascript:alert)", "[a](javascript:alert)", [], id="an address that Telegram refuses"),
        pytest.param("<https://x.y/a_b_c>", "https://x.y/a_b_c", [], id="an address in brackets"),
        pytest.param("# Título **forte**", "Título forte", [("bold", "Título forte")], id="a heading"),
        pytest.param("- a\n  * b\n1. c", "• a\n  • b\n1. c", [], id="lists"),
        pytest.param("> a\n> **b**\nc", "a\nb\nc", [("blockquote", "a\nb"), ("bold", "b")], id="a quote"),
        pytest.param("| a |\n|---|\n| 1 |", "| a |\n|---|\n| 1 |", [("pre", "| a |\n|---|\n| 1 |")], id="a table"),
        pytest.param("2 * 3 * 4, a_b_c, 5 ** 2", "2 * 3 * 4, a_b_c, 5 ** 2", [], id="marks that are none"),
        pytest.param("**aberto", "**aberto", [], id="never closed"),
        pytest.param(r"\*a\* \_b\_", "*a* _b_", [], id="escaped"),
        pytest.param("**a `b` c**", "a b c", [("bold", "a "), ("code", "b"), ("bold", " c")], id="code within bold"),
        pytest.param("[`b`](https://x.y)", "b", [("text_link", "b", "https://x.y")], id="code within a link"),
        pytest.param("", "", [], id="nothing"),
    ],
)  # fmt: skip
def test_markdown_becomes_text_and_parts(markdown: str, text: str, parts: list[tuple[Any, ...]]) -> None:
    assert _shown(markdown) == (text, parts)


def _letters(text: str) -> str:
    return re.sub(r"[^\w😀]|_", "", text)


@given(WRITTEN)
@example("**a")
@example("[a](https://x.y) [")
def test_nothing_is_lost_and_it_is_never_longer(markdown: str) -> None:
    text, parts = _shown(markdown)
    kept = text + "".join(str(more) for part in parts for more in part[2:])
    assert sorted(_letters(kept)) == sorted(_letters(markdown))
    assert utf16_length(text) <= utf16_length(markdown)


@given(WRITTEN)
def test_parts_are_within_the_text_and_within_one_another(markdown: str) -> None:
    made = formatted(markdown)
    spans = [(one["offset"], one["offset"] + one["length"], one["type"]) for one in made.entities]
    assert all(0 <= start < end <= utf16_length(made.text) for start, end, _ in spans)
    assert len(spans) <= MOST_ENTITIES
    for start, end, kind in spans:
        for low, high, other in spans:
            apart, inside = high <= start or low >= end, (low >= start and high <= end) or (start >= low and end <= high)
            assert apart or inside
            alone = {kind, other} & {"pre", "code"} and "blockquote" not in {kind, other}
            assert apart or (low, high, other) == (start, end, kind) or not alone


def test_the_longest_message_of_nothing_but_marks_is_read() -> None:
    assert formatted("*_[`~" * 820).text


@given(WRITTEN)
def test_telegram_takes_it_whatever_was_written(markdown: str) -> None:
    made = formatted(markdown)
    entities(made.text, list(made.entities))
