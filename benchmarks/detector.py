"""What the scan for what must not leave costs, by the length of a text: CPU, the median of several rounds.

`python -m benchmarks.detector` also says how much is found and how much is held back of so many generated messages: [COUNT] [SEED].
"""

import statistics
import sys
import time
from collections.abc import Iterator

from benchmarks.figures import Figure
from hulk.modules.router import classified
from support.business import clean
from support.messages import sensitive

LENGTHS = (300, 4_000, 32_000)
ROUNDS = 9
CHARACTERS = 400_000
"""Scanned in a round."""
CHAT = (
    "Bom dia, Marina! Segue o resumo da reunião de ontem com o time de logística. O pedido 4512-88 atrasou por causa da chuva, e a"
    " transportadora prometeu entregar até 14/03/2026. A nota fiscal 000.123.456 foi emitida com o valor de R$ 12.450,90, mas o financeiro"
    " pediu outra via porque o arquivo veio corrompido. Podemos confirmar se o produto SKU AB-2231-X ainda tem 35 unidades no estoque?"
    " Também preciso do relatório de vendas por região, comparando janeiro e fevereiro, com os percentuais de crescimento (12,5% no Sul, 8%"
    " no Nordeste). Na versão 2.14.3 do sistema o botão de exportar não responde; o erro aparece no log às 10:42:17, veja"
    " https://intranet.empresa.local/relatorios/2026/03?filtro=sul. Obrigado e até amanhã!\n\n"
)


def business(length: int) -> str:
    """A text full of orders, sums, dates, log lines and tables: the dearest that is clean."""
    return "\n".join(message.text for message in clean(7, length // 40))[:length]


def cpu(text: str) -> float:
    """Milliseconds of one scan."""
    times, count = [], max(3, CHARACTERS // len(text))
    for _ in range(ROUNDS):
        begun = time.process_time()
        for _ in range(count):
            classified(text)
        times.append((time.process_time() - begun) / count * 1000)
    return statistics.median(times)


def measured() -> Iterator[Figure]:
    """All figures."""
    for length in LENGTHS:
        text = (CHAT * (length // len(CHAT) + 1))[:length]
        yield Figure(f"P0 scan of {length:,} characters of chat, CPU", cpu(text), "ms", "<= 1.0" if length == 4_000 else "")
    yield Figure("P0 scan of 4,000 characters of orders, sums and log lines, CPU", cpu(business(4_000)), "ms")


def main() -> None:
    """Measure and print."""
    count, seed = (int(sys.argv[place]) if len(sys.argv) > place else default for place, default in ((1, 20_000), (2, 0)))
    found = sum(classified(message.text).sensitivity == "p0" for message in sensitive(seed, count))
    held = sum(classified(message.text).sensitivity == "p0" for message in clean(seed, count))
    figures = (
        *measured(),
        Figure("recall", 100 * found / count, "%", ">= 99.9"),
        Figure("false positives", 100 * held / count, "%", "<= 0.5"),
    )
    for figure in figures:
        sys.stdout.write(f"{figure.what:<70} {figure.value:>10.3f} {figure.unit:<4} {figure.goal}\n")


if __name__ == "__main__":
    main()
