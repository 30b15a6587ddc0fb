"""Vectors from a whole Hulk that nobody has configured."""

from pathlib import Path

from support.callers import a_world


async def test_a_fresh_hulk_makes_vectors_without_a_key_and_tells_what_they_cost(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        status, body = await world.call("operator", "POST", "/v1/embeddings", json={"input": ["bom dia", "good morning", "nota fiscal"]})
        assert status == 200, body
        assert (body["model"], len(body["data"]), len(body["data"][0]["embedding"])) == ("multilingual-e5-small", 3, 384)
        one, like, other = (row["embedding"] for row in body["data"])
        assert sum(a * b for a, b in zip(one, like, strict=True)) > sum(a * b for a, b in zip(one, other, strict=True))
        status, body = await world.call("operator", "POST", "/v1/embeddings", json={"input": "", "model": "auto"})
        assert (status, body["error"]["param"]) == (400, "input[0]")
