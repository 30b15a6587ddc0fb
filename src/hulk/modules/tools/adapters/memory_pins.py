"""What was seen and approved of third parties' tools, in memory: for tests and for trying things out."""

from collections.abc import Mapping, Sequence
from typing import Any

from hulk.kernel.durable import Change
from hulk.modules.tools.domain import Pin


class MemoryPins:
    """`Pins` in this process."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Pin] = {}

    def put(self, *pins: Pin) -> Change[None]:
        """See `Pins`."""

        def change(_: Any) -> None:
            self._kept.update({(pin.server, pin.tool): pin for pin in pins})

        return change

    def first(self, server: str, pins: Sequence[Pin]) -> Change[bool]:
        """See `Pins`."""

        def change(_: Any) -> bool:
            if any(of == server for of, _ in self._kept):
                return False
            self._kept.update({(pin.server, pin.tool): pin for pin in pins})
            return True

        return change

    async def of(self, server: str) -> Mapping[str, Pin]:
        """See `Pins`."""
        return {tool: pin for (of, tool), pin in sorted(self._kept.items(), key=lambda item: item[0]) if of == server}

    async def approved(self, server: str) -> Mapping[str, str] | None:
        """See `Pins`."""
        pins = await self.of(server)
        return {tool: pin.approval.digest for tool, pin in pins.items() if pin.approval} if pins else None
