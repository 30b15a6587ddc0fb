"""What is sent for one message by WhatsApp."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.modules.channels.adapters.whatsapp.composing import LIMITS, Sendable, steps, upload
from support.twins.whatsapp import PHONE
from support.twins.whatsapp.rules import broken
from support.whatsapp import buttons, outgoing


@pytest.mark.parametrize(
    ("name", "size", "kind", "media_type"),
    [
        ("a.JPG", 10, "image", "image/jpeg"), ("a.png", 6_000_000, "document", "image/png"), ("a.mp4", 17_000_000, "document", "video/mp4"),
        ("a.opus", 9, "audio", "audio/ogg"), ("a.xlsx", 9, "document", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("answer.md", 9, "document", "text/plain"), ("a.html", 9, "document", "text/plain"), ("a.json", 9, "document", "text/plain"),
    ],
)  # fmt: skip
def test_a_file_goes_as_whatsapp_takes_it(name: str, size: int, kind: str, media_type: str) -> None:
    found = upload(name, size)
    assert found is not None
    assert (found.kind, found.media_type) == (kind, media_type)


@pytest.mark.parametrize("name", ["a.zip", "a.exe", "a", "a.parquet"])
def test_a_file_that_whatsapp_does_not_take_is_told_of(name: str) -> None:
    assert upload(name, 9) is None


@given(
    st.text(alphabet=st.sampled_from("ab. \n*_`#|-é👍"), max_size=LIMITS.text), st.integers(0, 12), st.integers(0, 3),
    st.lists(st.sampled_from(["a.zip", "x" * 300]), max_size=2),
)  # fmt: skip
def test_all_that_is_sent_is_what_meta_takes(text: str, count: int, files: int, refused: list[str]) -> None:
    sendable = [Sendable(f"f{number}", f"{number}.pdf", "document") for number in range(files)]
    made = steps(outgoing(text, buttons=buttons(count)[: LIMITS.buttons]), sendable, refused)
    stored = {one.id: None for one in sendable}
    for step in made:
        assert broken({"messaging_product": "whatsapp", "to": PHONE, **step}, stored) is None


@pytest.mark.parametrize("length", [LIMITS.text, LIMITS.text - 20, 900])
def test_of_a_long_answer_nothing_makes_room_for_what_is_not_taken(length: int) -> None:
    text = ("palavra " * 600)[: length - 4] + " fim"
    said = "\n".join(step["text"]["body"] for step in steps(outgoing(text), [], ["a.zip"]))
    assert "fim" in said
    assert "a.zip" in said
