"""Servers that hear and speak, as children; and how what was heard is compared with what was said."""

import asyncio
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.runtime.voices import SPEECH, edits, word_error
from hulk.runtime.voices.serving import Child

WORDS = st.lists(st.sampled_from(["um", "pedido", "da", "loja", "2", "é"]), max_size=8)


@pytest.mark.parametrize(
    ("said", "heard", "error"),
    [
        pytest.param("Quantos pedidos houve?", "quantos pedidos, houve", 0.0, id="marks and capitals do not matter"),
        pytest.param("Faltam dois dias.", "Faltam 2 dias", 0.0, id="a number in words or figures"),
        pytest.param("Quero pão", "Quero pao", 0.5, id="an accent is another word"),
        pytest.param("a b c d", "a x c", 0.5, id="one replaced, one left out"),
        pytest.param("a b", "a b c d", 1.0, id="two too many"),
        pytest.param("", "", 0.0, id="nothing"),
    ],
)
def test_how_much_was_misheard(said: str, heard: str, error: float) -> None:
    assert word_error(said, heard) == error


@given(WORDS, WORDS, WORDS)
def test_words_that_are_mended_are_a_distance(one: list[str], other: list[str], third: list[str]) -> None:
    assert edits(one, one) == 0
    assert edits(one, other) == edits(other, one)
    assert abs(len(one) - len(other)) <= edits(one, other) <= max(len(one), len(other))
    assert edits(one, third) <= edits(one, other) + edits(other, third)


def test_every_file_of_a_model_is_known_by_its_hash() -> None:
    files = [one for many in SPEECH.values() for one in many]
    assert all(len(one.sha256) == 64 and one.size and one.licence for one in files)
    assert {part.registry for one in files for part in one.parts} == {"pip", "npm"}


SAYS_WHERE = "import time; print(4711, flush=True); time.sleep(60)"


async def test_a_server_is_ready_when_it_says_where_it_listens() -> None:
    child = Child("stt", (sys.executable, "-c", SAYS_WHERE))
    async with asyncio.TaskGroup() as group:
        running = group.create_task(child.run())
        await child.ready.wait()
        assert child.port == 4711
        running.cancel()
    assert child.port == 0


async def test_a_server_that_dies_is_started_again_and_why_is_known(tmp_path: Path) -> None:
    once = f"import pathlib, sys; p = pathlib.Path({str(tmp_path / 'once')!r}); p.exists() or (p.touch(), sys.exit('no model'))\n"
    child = Child("stt", (sys.executable, "-c", once + SAYS_WHERE))
    async with asyncio.TaskGroup() as group:
        running = group.create_task(child.run())
        await child.ready.wait()
        assert (child.restarts, child.why) == (1, "exit 1: no model")
        running.cancel()
