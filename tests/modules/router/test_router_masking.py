"""Masked texts say nothing, answers say it again: laws of tokens, and whole prompts."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.modules.router import UNREADABLE, Part, Unmaskable, Unmasking, Vault, classified, classified_parts, masked, parts_of, unmasked
from support.business import clean
from support.messages import sensitive

TEXT = "meu cpf é 529.982.247-25 e o da Ana 390.533.447-05; repito: 529.982.247-25"


def test_a_value_has_one_token_and_comes_back() -> None:
    vault = Vault()
    sent = masked(TEXT, vault)
    assert sent == "meu cpf é [CPF_1] e o da Ana [CPF_2]; repito: [CPF_1]"
    assert unmasked("Confirmo [CPF_2] e [CPF_1].", vault) == "Confirmo 390.533.447-05 e 529.982.247-25."
    assert masked("outra vez 390.533.447-05", vault) == "outra vez [CPF_2]"


def test_a_token_that_the_model_makes_up_stays() -> None:
    vault = Vault()
    masked(TEXT, vault)
    assert unmasked("[CPF_9] [EMAIL_1] [nota]", vault) == "[CPF_9] [EMAIL_1] [nota]"


def test_what_looks_like_a_token_in_the_text_does_not_become_another_value() -> None:
    vault = Vault()
    text = "o modelo disse [CPF_1]; meu cpf é 529.982.247-25"
    sent = masked(text, vault)
    assert sent == "o modelo disse [TEXT_1]; meu cpf é [CPF_1]"
    assert unmasked(sent, vault) == text


PIX = "0014br.gov.bcb.pix0136676a42be-e435-4eef-804b-92e0b64b49fc5204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***6304"


@pytest.mark.parametrize(
    ("before", "code", "after"),
    [
        pytest.param("pague ", f"0002012658{PIX}5543", " e me diga quando", id="static"),
        pytest.param("<p>", f"0002012658{PIX}aB9f", "</p>", id="quoted for HTML"),
        pytest.param("pague ", f"0002010102122658{PIX}5543", ", obrigado", id="to be used once"),
        pytest.param("o resto: ", PIX[4:] + "5543", "; e daí?", id="without its beginning"),
        pytest.param("", f"0002012658{PIX[:-4]}", "", id="without its end"),
    ],
)
def test_the_text_behind_a_qr_code_is_masked_whole(before: str, code: str, after: str) -> None:
    vault = Vault()
    sent = masked(before + code + after, vault)
    assert (sent, unmasked(sent, vault)) == (f"{before}[PIX_1]{after}", before + code + after)


def test_a_vault_prints_nothing() -> None:
    vault = Vault()
    masked(TEXT, vault)
    assert "529" not in repr(vault)


@pytest.mark.parametrize("seed", [31])
def test_masked_texts_are_public_and_come_back_whole(seed: int) -> None:
    for text in [*(one.text for one in sensitive(seed, 1500)), *(one.text for one in clean(seed, 300))]:
        vault = Vault()
        sent = masked(text, vault)
        assert classified(sent).sensitivity == "public", text
        assert unmasked(sent, vault) == text


@given(st.text(max_size=80), st.sampled_from(["[CPF_1]", "529.982.247-25", "a@b.com.br", ""]), st.text(max_size=80))
def test_any_text_that_can_be_masked_comes_back_whole(before: str, middle: str, after: str) -> None:
    vault, text = Vault(), before + middle + after
    try:
        sent = masked(text, vault)
    except Unmaskable:
        return
    assert (unmasked(sent, vault), classified(sent).labels) == (text, ())


@given(st.lists(st.integers(0, 60), max_size=12))
def test_an_answer_in_pieces_is_the_same_answer(cuts: list[int]) -> None:
    vault = Vault()
    masked(TEXT, vault)
    answer = "[CPF_1], [CPF_2] e [CPF_3]; [[CPF_1] [ok] fim [CPF_"
    places = sorted({0, *(min(cut, len(answer)) for cut in cuts), len(answer)})
    stream = Unmasking(vault)
    shown = "".join(stream.feed(answer[a:b]) for a, b in pairwise(places)) + stream.end()
    assert shown == unmasked(answer, vault)


def test_what_cannot_be_read_cannot_be_masked() -> None:
    with pytest.raises(Unmaskable, match="attachment"):
        masked("data:image/png;base64,iVBORw0KGgoAAAANSUhEUg== e 529.982.247-25", Vault())


# Whole prompts -----------------------------------------------------------------------------------------------------------------


def chat(*messages: Any, **more: Any) -> dict[str, Any]:
    """A request as it comes over HTTP."""
    return {"model": "auto", "messages": list(messages), **more}


def user(content: Any) -> dict[str, Any]:
    """A message of the user."""
    return {"role": "user", "content": content}


CALL = {"id": "c1", "type": "function", "function": {"name": "busca", "arguments": '{"cpf": "52998224725"}'}}


@pytest.mark.parametrize(
    ("body", "labels"),
    [
        pytest.param(chat(user("liste os pedidos de ontem")), (), id="clean"),
        pytest.param(chat(user("meu cpf é 529.982"), user(".247-25")), ("cpf",), id="over two messages"),
        pytest.param(chat(user("cpf 529.98"), {"role": "assistant", "content": "sim?"}, user("2.247-25")), ("cpf",), id="over an answer"),
        pytest.param(chat(user([{"type": "text", "text": "529.982.24"}, {"type": "text", "text": "7-25"}])), ("cpf",), id="over two parts"),
        pytest.param(chat({"role": "assistant", "content": None, "tool_calls": [CALL]}), ("cpf",), id="a tool call's arguments"),
        pytest.param(chat({"role": "tool", "tool_call_id": "c1", "content": '{"email": "a@b.com.br"}'}), ("email",), id="a tool's result"),
        pytest.param(chat({"role": "system", "content": "a senha é girafa7"}), ("secret",), id="the instructions"),
        pytest.param(chat(user("oi"), tools=[{"type": "function", "function": {"name": "f", "description": "liga (11) 91234-5678"}}]),
                     ("phone",), id="a tool's description"),
        pytest.param(chat(user("oi"), metadata={"529.982.247-25": "x"}), ("cpf",), id="a key"),
        pytest.param(chat(user("oi"), metadata={"cpf": 52998224725}), ("cpf",), id="a number in a field"),
        pytest.param(chat(user([{"type": "image_url", "image_url": {"url": "x"}}])), ("attachment",), id="an image"),
        pytest.param(chat(user([{"type": "input_audio", "input_audio": {"data": "x"}}])), ("attachment",), id="a recording"),
        pytest.param(chat(user([{"type": "hologram"}])), ("attachment",), id="a kind that is not known"),
        pytest.param(chat(user([{"type": "file", "file": {"filename": "529.982.247-25.pdf"}}])), ("attachment", "cpf"), id="a file's name"),
        pytest.param({"model": "e", "input": ["oi", "cpf 52998224725"]}, ("cpf",), id="texts to embed"),
        pytest.param(["529.982.247-25"], ("cpf",), id="no request at all"),
    ],
)  # fmt: skip
def test_a_whole_prompt_is_scanned(body: Any, labels: tuple[str, ...]) -> None:
    assert classified_parts(parts_of(body)).labels == labels


def test_a_label_raises_and_never_lowers() -> None:
    assert classified_parts([Part("bom dia")], ["p0"]).labels == ("labelled",)
    assert classified_parts([Part("529.982.247-25")], ["public"]).labels == ("cpf",)
    assert classified("bom dia").raised("public").sensitivity == "public"
    assert classified("bom dia").raised("p0").sensitivity == "p0"


@pytest.mark.parametrize(
    ("parts", "label"),
    [
        pytest.param([UNREADABLE], "attachment", id="a part that cannot be read"),
        pytest.param([Part("a" * 600_000), Part("b" * 600_000)], "too_long", id="too long in all"),
        pytest.param([Part("x\ud800")], "unreadable", id="no text"),
    ],
)
def test_a_prompt_that_cannot_be_scanned_is_p0(parts: list[Any], label: str) -> None:
    assert label in classified_parts(parts).labels


def test_a_prompt_without_end_in_it_is_p0() -> None:
    deep: Any = "x"
    for _ in range(3000):
        deep = [deep]
    assert classified_parts(parts_of(chat(user("oi"), extra=deep))).sensitivity == "p0"
