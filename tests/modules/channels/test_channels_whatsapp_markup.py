"""Markdown as WhatsApp shows it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.modules.channels.adapters.whatsapp.markup import one_line, shown

MOST = 4096


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        pytest.param("**forte** e __forte__", "*forte* e *forte*", id="bold"),
        pytest.param("*leve* e _leve_", "_leve_ e _leve_", id="italic"),
        pytest.param("***os dois***", "*_os dois_*", id="both"),
        pytest.param("**a *b* c**", "*a _b_ c*", id="one within the other"),
        pytest.param("~~fora~~", "~fora~", id="struck"),
        pytest.param("# Vendas\n\ntexto", "*Vendas*\n\ntexto", id="heading"),
        pytest.param("## **Vendas** de _ontem_ ##", "*Vendas de _ontem_*", id="heading with marks"),
        pytest.param("Vendas\n------\ntexto", "*Vendas*\ntexto", id="underlined heading"),
        pytest.param("* um\n+ dois\n  - três", "- um\n- dois\n  - três", id="lists"),
        pytest.param("1. um\n2. **dois**", "1. um\n2. *dois*", id="numbered"),
        pytest.param("[loja](https://x.br/a_b) e <https://y.br>", "loja (https://x.br/a_b) e https://y.br", id="links"),
        pytest.param("[https://x.br](https://x.br)", "https://x.br", id="a link that says itself"),
        pytest.param("![gráfico](https://x.br/g.png)", "gráfico (https://x.br/g.png)", id="picture"),
        pytest.param("`SELECT * FROM _x_`", "`SELECT * FROM _x_`", id="code"),
        pytest.param("```sql\nSELECT **x**\n```", "```\nSELECT **x**\n```", id="block of code"),
        pytest.param("```\naberto", "```\naberto\n```", id="block that nobody closed"),
        pytest.param("| a | b |\n|---|---|\n| 1 | **2** |", "a | b\n1 | *2*", id="table"),
        pytest.param("> citação **forte**", "> citação *forte*", id="quote"),
        pytest.param("---", "———", id="rule"),
        pytest.param("2 * 3 * 4 e snake_case_name", "2 * 3 * 4 e snake_case_name", id="no marks"),
        pytest.param("re**forç**ado", "reforçado", id="within a word"),
        pytest.param(r"\*não\* \_é\_", "*não* _é_", id="escaped"),
        pytest.param("https://x.br/_a_/__b__", "https://x.br/_a_/__b__", id="address with marks"),
        pytest.param("**שלום** 👩‍👩‍👧 *مرحبا*", "*שלום* 👩‍👩‍👧 _مرحبا_", id="right to left and joined"),
        pytest.param("**a `b` c**", "a `b` c", id="code within bold"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_markdown_is_shown_as_whatsapp_marks_it(markdown: str, expected: str) -> None:
    assert shown(markdown, MOST) == expected


PIECES = st.sampled_from([
    "**", "*", "_", "__", "~~", "`", "\n```\n", "\n", "\n\n", "# ", "- ", "1. ", "> ", "| ", " | ", "|---|", "[", "](", ")", "!", "<", ">",
    "\\",
    " ", "https://x.br/a_b", "---", "===", "ação", "palavra", "x", "7", "👍🏽", "שלום", "مرحبا", ".", "(", "\n~~~\n", "\t", "\u200d",
])  # fmt: skip
MARKDOWN = st.lists(PIECES, max_size=60).map("".join)


def words(text: str) -> list[str]:
    """Letters and digits in order: what is not marks."""
    return re.findall(r"[^\W_]", text)


@given(MARKDOWN)
def test_nothing_of_a_text_is_lost_and_nothing_added(markdown: str) -> None:
    assert words(shown(markdown, MOST)) == words(markdown)


@given(MARKDOWN, st.integers(1, 200))
def test_what_fits_still_fits(markdown: str, most: int) -> None:
    assert len(shown(markdown[:most], most)) <= most


def balanced(text: str) -> bool:
    """Whether each block of code that is opened is closed."""
    return sum(1 for line in text.split("\n") if line == "```") % 2 == 0


@given(MARKDOWN)
def test_blocks_of_code_are_closed(markdown: str) -> None:
    assert balanced(shown(markdown, MOST)) or len(shown(markdown, MOST)) == len(markdown.strip())


@given(st.lists(st.tuples(st.sampled_from(["**", "*", "_", "~~", "`", ""]), st.sampled_from(["ação", "dois pontos", "x7"])), max_size=8))
def test_marks_that_are_opened_are_closed(parts: list[tuple[str, str]]) -> None:
    made = shown(" ".join(f"{mark}{text}{mark}" for mark, text in parts), MOST)
    assert all(made.count(mark) % 2 == 0 for mark in "*_~`")


@given(st.text(max_size=200), st.integers(2, 200))
def test_a_variable_of_a_template_is_one_short_line(text: str, most: int) -> None:
    line = one_line(text, most)
    assert len(line) <= most
    assert not re.search(r"[\n\t]| {2}", line)
