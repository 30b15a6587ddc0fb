"""What is asked: business in Portuguese without personal data, every text another one."""

import json
import random

ANSWER = "Recebido. O pedido segue amanhã."
MODEL = "bench"
LINES = (
    "Segue o resumo da reunião de ontem com o time de logística sobre o pedido {n}-88.",
    "A entrega atrasou {small} dias por causa da chuva, e a transportadora pediu outro prazo.",
    "O financeiro aprovou o orçamento de R$ {small}.450,90 para a campanha do próximo trimestre.",
    "Podemos confirmar se o produto SKU AB-{small}-X ainda tem unidades no estoque da filial?",
    "Preciso do relatório de vendas por região, com os percentuais de crescimento ({small},5% no Sul).",
    "Na versão 2.{small}.3 do sistema o botão de exportar não responde desde a última atualização.",
    "O erro aparece no log às 10:42:17, veja o painel da intranet e o filtro por unidade.",
    "A equipe de marketing sugere comparar janeiro e fevereiro antes de decidir sobre o desconto.",
    "Classifique o chamado {n} por urgência e escreva uma resposta curta ao cliente.",
    "O contrato com o fornecedor de embalagens vence no fim do mês e deve ser renegociado.",
)
POOL = [line.format(n=1000 + 17 * turn, small=10 + turn) for turn in range(90) for line in LINES]
SHORTEST = min(map(len, POOL))
SHORT, LONG = 330, 4_000


def text(number: int, length: int) -> str:
    """A message of so many characters, the same for the same number."""
    said = random.Random(number).choices(POOL, k=length // SHORTEST + 1)
    return " ".join((f"Mensagem {number}.", *said))[:length]


def body(number: int, length: int, model: str = MODEL, *, stream: bool = False) -> bytes:
    """A request of a chat completion."""
    asked = {"model": model, "messages": [{"role": "user", "content": text(number, length)}], "max_tokens": 64, "stream": stream}
    return json.dumps(asked, ensure_ascii=False).encode()
