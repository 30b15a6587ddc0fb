"""Which tests stay together when several processes test."""

from xdist.scheduler import LoadScopeScheduling

TOGETHER = ("tests/journeys/", "tests/modules/router/test_router_matching.py")
"""Where a file's tests share what takes long to make: a running Hulk, the model's vectors."""


class Sharing(LoadScopeScheduling):  # type: ignore[misc]  # it has no types
    """Each test goes to whichever process is free, and those that share something to the same one.

    In place of pytest-xdist's `loadgroup`, which names tests anew: pytest 9.2 does not look at that name."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.partition("::")[0] if nodeid.startswith(TOGETHER) else nodeid
