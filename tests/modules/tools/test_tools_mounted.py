"""A third party's MCP server as a backend: with a good one, made with the official SDK."""

from pathlib import Path

from support.foreign.mounting import call, good, serve, words


async def test_a_program_is_used_through_mcp(tmp_path: Path) -> None:
    async with serve(good(tmp_path)) as server:
        assert [tool.name for tool in await server.tools()][:2] == ["far.add", "far.listissues"]
        assert (await call(server, "add", a=2, b=3)).data == {"total": 5}
        assert words(await call(server, "listissues", state="closed")) == "3 closed"
        failed = await call(server, "fail")
        assert failed.failed
        assert "fail" in words(failed)
