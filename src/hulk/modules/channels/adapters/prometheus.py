"""Metrics of channels."""

from collections.abc import Mapping
from contextlib import suppress

from hulk.modules.channels.domain import State
from hulk.runtime.telemetry import Metrics

_STATES: tuple[State, ...] = ("waiting", "sending", "failed", "unknown", "shown")
_ACK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_LAG = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 3600.0)


class ChannelFigures:
    """`ports.Figures` among the program's metrics."""

    def __init__(self, metrics: Metrics) -> None:
        of = ["channel"]
        self._in = metrics.counter("hulk_channel_arrivals_total", "What came in and was kept.", [*of, "kind"])
        self._out = metrics.counter("hulk_channel_ended_total", "Messages that ended, by how.", [*of, "state"])
        self._lag = metrics.histogram("hulk_channel_delivery_seconds", "From a message that is made to its being sent.", of, _LAG)
        self._ack = metrics.histogram("hulk_channel_ack_seconds", "From something that comes in to its being safe.", of, _ACK)
        self._refused = metrics.counter("hulk_channel_refused_total", "Requests that were not the vendor's.", [*of, "status"])
        self._open = metrics.gauge(
            "hulk_channel_open_messages", "Messages that did not go out (yet), where this process sends.", [*of, "state"]
        )
        self._ok = metrics.gauge("hulk_channel_check_ok", "Whether a channel worked when it was tried last by this process.", of)

    def received(self, channel: str, kind: str) -> None:
        """See `Figures`."""
        self._in.labels(channel, kind).inc()

    def ended(self, channel: str, state: str, seconds: float | None) -> None:
        """See `Figures`."""
        self._out.labels(channel, state).inc()
        if state == "sent" and seconds is not None:
            self._lag.labels(channel).observe(max(0.0, seconds))

    def acknowledged(self, channel: str, seconds: float) -> None:
        """See `Figures`."""
        self._ack.labels(channel).observe(seconds)

    def refused(self, channel: str, status: int) -> None:
        """See `Figures`."""
        self._refused.labels(channel, str(status)).inc()

    def tried(self, channel: str, ok: bool) -> None:  # what came of it
        """See `Figures`."""
        self._ok.labels(channel).set(ok)

    def waiting(self, channel: str, counts: Mapping[State, int]) -> None:
        """See `Figures`."""
        for state in _STATES:
            self._open.labels(channel, state).set(counts.get(state, 0))

    def leaves(self, channel: str) -> None:
        """See `Figures`."""
        with suppress(KeyError):
            self._ok.remove(channel)
        for state in _STATES:
            with suppress(KeyError):
                self._open.remove(channel, state)
