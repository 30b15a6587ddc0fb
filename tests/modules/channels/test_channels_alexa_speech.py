"""What Alexa says of a text, and what she understood of a voice."""

import json
import re
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.modules.channels.adapters.alexa.door import LARGEST_RESPONSE, AlexaDoor
from hulk.modules.channels.adapters.alexa.envelope import Intent, said
from hulk.modules.channels.adapters.alexa.speech import MOST_SPEECH, beginning, ssml
from hulk.modules.channels.adapters.speech import plain, spelt, spoken
from hulk.modules.channels.domain import Arrival, Button, Outgoing, Sender
from hulk.runtime.language import voice

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
WORDS = st.lists(st.text(st.characters(categories=("L", "N")), min_size=1, max_size=12), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("markdown", "words"),
    [
        pytest.param("# Vendas\n\nForam **42**.", "Vendas.\n\nForam 42.", id="a heading"),
        pytest.param("- um\n- *dois*\n* três", "um\ndois\ntrês", id="a list"),
        pytest.param("1. um\n2. dois", "1. um\n2. dois", id="numbers"),
        pytest.param("| a | b |\n|---|:-:|\n| 1 | 2 |", "a, b\n\n1, 2", id="a table"),
        pytest.param("Veja [o painel](https://x.example/p?a=1).", "Veja o painel.", id="a link"),
        pytest.param("Veja https://x.example/p?a=1 agora", "Veja x.example agora", id="an address"),
        pytest.param("![gráfico](a.png)", "gráfico", id="a picture"),
        pytest.param("```python\nprint(1)\n```", "print(1)", id="code"),
        pytest.param("Use `select 1` ~~já~~", "Use select 1 já", id="code in a line"),
        pytest.param("> disse ela", "disse ela", id="a quotation"),
        pytest.param("5 * 3 * 2 e um_nome_longo", "5 * 3 * 2 e um_nome_longo", id="marks that are none"),
        pytest.param("a < b & c > d", "a < b & c > d", id="signs of XML"),
        pytest.param("مرحبا 👍🏽", "مرحبا 👍🏽", id="right to left, emoji"),
        pytest.param("a\x00b\x1bc\ud83d", "a b c ", id="what XML cannot hold"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_markdown_is_said_in_words(markdown: str, words: str) -> None:
    assert spoken(markdown).strip() == words.strip()


def test_a_card_shows_where_a_link_leads() -> None:
    assert plain("Veja [o painel](https://x.example/p).") == "Veja o painel (https://x.example/p)."


@given(st.text())
def test_any_text_is_speech_that_is_well_formed_and_says_it_all(text: str) -> None:
    found = ET.fromstring(ssml(text))  # noqa: S314  # we wrote it
    unspeakable = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
    assert "".join("".join(found.itertext()).split()) == "".join(unspeakable.sub(" ", text).split())


@given(WORDS)
def test_no_word_is_lost_between_marks(words: list[str]) -> None:
    marks = ["**{}**", "*{}*", "`{}`", "~~{}~~", "{}", "\n\n# {}\n\n", "\n- {}\n", "[{}](https://x.example)"]
    markdown = " ".join(marks[place % len(marks)].format(word) for place, word in enumerate(words))
    for made in (spoken(markdown), plain(markdown)):
        rest = made
        for word in words:
            assert word in rest
            rest = rest[rest.index(word) + len(word) :]


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=400).map(lambda text: (text + "&<. ") * 60), st.integers(100, 7000))
def test_a_response_is_never_larger_than_amazon_takes(text: str, longest: int) -> None:
    response = reply(text, longest, buttons=2)
    assert len(json.dumps(response, ensure_ascii=False).encode()) <= LARGEST_RESPONSE
    speech = response["response"]["outputSpeech"]["ssml"]
    assert len(speech) <= MOST_SPEECH
    ET.fromstring(speech)  # noqa: S314  # we wrote it


def reply(text: str, longest: int, buttons: int = 0) -> dict[str, Any]:
    made = tuple(Button(f"B{number}?", f"d{number}") for number in range(buttons))
    message = Outgoing(
        id="msg_1", tenant="default", channel="alexa", address="a", text=text, language="pt", created=NOW, due=NOW, intent="int_1",
        buttons=made,
    )  # fmt: skip
    arrival = Arrival(key="1", kind="message", address="a", sender=Sender(id="a"), at=NOW)
    door = AlexaDoor("amzn1.ask.skill.x", None, voice, longest)  # type: ignore[arg-type]  # nothing is proved here
    found: dict[str, Any] = json.loads(door.replied(arrival, message).body)
    return found


def test_a_long_answer_ends_with_a_sentence() -> None:
    assert beginning("Primeira frase. Segunda frase, mais longa. Terceira.", 45) == "Primeira frase. Segunda frase, mais longa."


def test_a_question_keeps_the_session_open_and_an_answer_ends_it() -> None:
    assert reply("Qual loja?", 1000)["response"]["shouldEndSession"] is False
    assert reply("Pronto.", 1000)["response"]["shouldEndSession"] is True


@pytest.mark.parametrize(
    ("name", "slots", "text"),
    [
        pytest.param("Ask", {"query": "resuma as vendas"}, "resuma as vendas", id="as it is"),
        pytest.param("Ask_how_many", {"query": "orders came"}, "how many orders came", id="with the words that lead"),
        pytest.param("Sales", {"day": "ontem", "shop": "centro"}, "ontem centro", id="an intent of somebody's own"),
        pytest.param("Ask", {"query": None}, "", id="nothing heard"),
        pytest.param("Ask", {}, "", id="no slots"),
        pytest.param("Link", {"code": "4 7 dezenove"}, "/link 47DEZENOVE", id="a code"),
        pytest.param("Ask", {"query": "vincular código quatro sete 1 nove"}, "/link 4719", id="a code within a question"),
        pytest.param("Ask", {"query": "link code K. 3 M nine"}, "/link K3M9", id="a code in English"),
        pytest.param("Ask", {"query": "vincular o pedido 7"}, "vincular o pedido 7", id="no code"),
    ],
)
def test_what_was_said_is_a_text(name: str, slots: dict[str, str | None], text: str) -> None:
    intent = {"name": name, "slots": {key: {"name": key, "value": value} for key, value in slots.items()}}
    assert said(Intent.model_validate(intent)) == text


@given(st.text())
def test_a_code_is_letters_and_digits_whatever_is_said(text: str) -> None:
    assert re.fullmatch(r"[^\W_]*", spelt(text))
