"""Names and pages of tools over MCP: laws."""

from hypothesis import given
from hypothesis import strategies as st

from hulk.modules.tools.domain import Allowed, Server, Tool
from hulk.modules.tools.mcp.listing import Named, paged

NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,3}\.[a-z][a-z0-9_]{0,3}", fullmatch=True)
ALLOWED = Allowed(autonomy="act")


def tools(names: set[str]) -> Named:
    """Tools of these names."""
    return [(name, Tool(name=name, title="", description="", input={}, effect="read"), ALLOWED) for name in names]


@given(st.sets(NAMES, max_size=40), st.integers(min_value=1, max_value=12))
def test_pages_give_each_tool_once_in_order(names: set[str], size: int) -> None:
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page, cursor = paged(tools(names), cursor, size)
        assert len(page) <= size
        seen += [name for name, _, _ in page]
        if cursor is None:
            break
    assert seen == sorted(names)


@given(st.sets(NAMES, min_size=6, max_size=20), st.sets(NAMES, max_size=20), st.sets(NAMES, max_size=20))
def test_tools_that_come_and_go_between_pages_move_no_other(lasting: set[str], gone: set[str], come: set[str]) -> None:
    first, cursor = paged(tools(lasting | gone), None, 5)
    assert cursor is not None
    second, _ = paged(tools(lasting | come), cursor, 100)
    seen = [name for name, _, _ in (*first, *second)]
    assert lasting <= set(seen)
    assert len(seen) == len(set(seen))


@given(st.sets(NAMES, max_size=30))
def test_short_names_are_of_one_tool_each_and_lead_back_to_all(names: set[str]) -> None:
    given_tools = [tool for _, tool, _ in tools(names)]
    named = Server(name="all", names="short").named(given_tools)
    assert sorted(tool.name for tool in named.values()) == sorted(names)
    assert all(name in (tool.name, tool.act) for name, tool in named.items())


def test_short_names_that_are_taken_stay_whole() -> None:
    given_tools = [tool for _, tool, _ in tools({"a.list", "b.list", "c.search_tools", "c.sum"})]
    named = Server(name="all", names="short").named(given_tools)
    assert set(named) == {"a.list", "b.list", "c.search_tools", "sum"}
