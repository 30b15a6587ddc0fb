"""Server-sent events (WHATWG HTML, section 9.2) out of bytes as they come."""

from dataclasses import dataclass, field

MOST_BYTES = 16_000_000
"""Bytes of the largest answer in one piece that is read."""
MOST_EVENT = 4_000_000
"""Bytes of the largest event of a stream."""


class Overlong(ValueError):
    """More than is read."""


@dataclass(slots=True)
class Lines:
    """Cuts bytes into lines. What follows the last line end waits for more."""

    rest: bytes = b""
    _data: list[bytes] = field(default_factory=list)

    def events(self, piece: bytes) -> list[bytes]:
        """The data of all events that `piece` completes. Names of events, ids and comments are left out: vendors repeat the name in the
        data."""
        *lines, self.rest = (self.rest + piece).split(b"\n")
        if len(self.rest) + sum(map(len, self._data)) > MOST_EVENT:
            raise Overlong
        return [data for line in lines if (data := self._line(line.removesuffix(b"\r"))) is not None]

    def _line(self, line: bytes) -> bytes | None:
        """The data of an event that an empty line ends."""
        if line.startswith(b"data:"):
            self._data.append(line[5:].removeprefix(b" "))
        if line or not self._data:
            return None
        data, self._data = b"\n".join(self._data), []
        return data
