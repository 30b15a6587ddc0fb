"""Speech as Alexa takes it. Pure rules."""

from xml.sax.saxutils import escape

from hulk.modules.channels.adapters.speech import UNSPEAKABLE
from hulk.modules.channels.domain import split

MOST_SPEECH = 8_000
"""Characters of a speech, with its marks (Amazon's limit)."""
MOST_SPEECH_BYTES = 12_000
"""Half of what a response may have."""


def beginning(text: str, most: int, question: str = "") -> str:
    """As much of a text, up to the end of a paragraph or sentence, as can be spoken with that question after it."""
    while True:
        parts = split(text, most)
        first = parts[0] if parts else ""
        whole = ssml(first, question)
        if (len(whole) <= MOST_SPEECH and len(whole.encode()) <= MOST_SPEECH_BYTES) or most < 2:
            return first
        most = most * 3 // 4


def ssml(*texts: str) -> str:
    """Speech of these texts, a paragraph for each and for each of their lines; nothing in them is read as a mark."""
    lines = [line.strip() for text in texts for line in UNSPEAKABLE.sub(" ", text).split("\n")]
    return "<speak>" + "".join(f"<p>{escape(line)}</p>" for line in lines if line) + "</speak>"
