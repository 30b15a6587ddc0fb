"""How many tokens an answer has at least, while it comes."""

from dataclasses import dataclass

_LONGEST = 32
"""Bytes of the longest tokens that an ordinary text is made of, on average of a whole answer."""
_SHORTEST = 3
"""Bytes per piece below which pieces are no tokens: some servers send letters."""


@dataclass(slots=True)
class Counter:
    """Counts what comes. No tokenizer makes fewer tokens than words, as none joins what a space parts; servers send a piece per token or
    more; and no ordinary text is made of the longest tokens only. So `least` is never more than there are, but for servers that send
    less than a token at a time."""

    pieces: int = 0
    words: int = 0
    size: int = 0
    _within: bool = False

    def add(self, text: str) -> None:
        """One more piece."""
        if not text:
            return
        begun = len(text.split())
        self.words += begun - (self._within and not text[0].isspace())
        self._within = not text[-1].isspace()
        self.pieces += 1
        self.size += len(text.encode("utf-8", "surrogatepass"))

    @property
    def least(self) -> int:
        """Tokens that there are at least."""
        return max(self.words, min(self.pieces, -(-self.size // _SHORTEST)), self.size // _LONGEST)
