"""What agents know how to do is found by what is said, among the skills: on sentences that were written after the examples."""

from collections.abc import Iterator, Mapping

import pytest

from hulk.apps.bootstrap import SHIPPED_VECTORS
from hulk.apps.bootstrap.modules import Shelf
from hulk.modules.agents.settings import AgentsSettings
from hulk.modules.agents.wiring import book as agents_of
from hulk.modules.router.adapters.ridge import Ridge
from hulk.modules.router.usecases import Recognise
from hulk.modules.skills.wiring import book as skills_of
from hulk.runtime.models import LocalEmbedder, Remembered

AGENTS = agents_of(AgentsSettings())
FRESH: Mapping[str, tuple[str, ...]] = {
    "agents.retail.sales-review": (
        "Dê uma olhada geral nas vendas das lojas, veja o que está fora da curva e o que esperar do próximo mês, e abra tickets",
        "Quero a revisão completa das vendas: o que foi estranho, a projeção, e chamados para investigar",
        "Prepare o relatório de vendas com anomalias e previsão e encaminhe o que precisa de atenção",
        "Check our sales end to end: odd days, outlook, and open tickets for the team",
        "Give me the full review of the shops' sales with anomalies, forecast and follow-ups",
    ),
    "agents.agency.sprint-status": (
        "E a sprint, como anda?",
        "O que ainda está aberto na sprint?",
        "Estamos atrasados nesta sprint?",
        "How are we doing this sprint?",
        "Which issues are still open in the sprint?",
    ),
    "agents.commercial.pipeline-review": (
        "Analise a carteira de oportunidades do time comercial",
        "Como está o pipeline de vendas? os dados estão bons?",
        "Review our deals pipeline and tell me what data is wrong",
    ),
    "agents.industrial.readings-check": (
        "Veja se algum sensor das máquinas está fora do normal e abra ordens de manutenção",
        "Confira as leituras das máquinas e peça manutenção onde precisar",
        "Look at the machines' sensor data and order maintenance where readings are off",
    ),
}


@pytest.fixture(scope="module")
def recognise(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recognise]:
    """The catalogue of a fresh installation."""
    local = LocalEmbedder()
    vectors = Remembered(local, folder=tmp_path_factory.mktemp("vectors"), shipped=SHIPPED_VECTORS)
    yield Recognise(Shelf(skills_of([])[0], AGENTS), Ridge(vectors))
    local.close()


async def test_three_quarters_of_fresh_sentences_lead_to_the_agent_that_is_meant(recognise: Recognise) -> None:
    heard = [(meant, (await recognise(text)).skill) for meant, texts in FRESH.items() for text in texts]
    assert sum(meant == found for meant, found in heard) >= 0.75 * len(heard)
    assert sum(found is not None and found.startswith("agents.") and found != meant for meant, found in heard) == 0


CASES = [
    pytest.param(case.ask, f"agents.{agent.name}.{case.playbook}", id=f"{agent.name}/{case.name}")
    for agent in AGENTS.agents
    for case in agent.cases
    if case.playbook
]


@pytest.mark.parametrize(("ask", "playbook"), CASES)
async def test_the_evaluation_sets_lead_where_they_say(recognise: Recognise, ask: str, playbook: str) -> None:
    assert (await recognise(ask)).skill == playbook
