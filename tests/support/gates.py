"""A gate that lets everything through to models, and remembers it."""

from dataclasses import dataclass, field

from hulk.kernel.errors import Forbidden


@dataclass
class Recording:
    """`Gate`, with what passed it: method, address and body of each."""

    passed: list[tuple[str, str, bytes]] = field(default_factory=list)
    shut: bool = False

    async def __call__(self, method: str, url: str, body: bytes, /) -> None:
        """Let it go, unless shut."""
        if self.shut:
            raise Forbidden("the gate is shut")
        self.passed.append((method, url, body))
