"""Clean messages of business, in Portuguese mostly: full of numbers, none of which points at a person.

`clean(seed, count)`: the same seed gives the same messages.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from support.personal import LETTERS, MIXED, Chance, cnpj, luhn, some, uuid

HEX = "0123456789abcdef"


@dataclass(frozen=True, slots=True)
class Clean:
    """One message, and what kind of number stands in it."""

    text: str
    kind: str


def money(c: Chance) -> str:
    """An amount in reais, up to billions."""
    whole = c.randrange(10 ** c.randrange(1, 10))
    return f"R$ {whole:,}".replace(",", ".") + f",{c.randrange(100):02}"


def day(c: Chance) -> str:
    """A date, in one of the usual ways."""
    y, m, d = c.randrange(2018, 2029), c.randrange(1, 13), c.randrange(1, 29)
    return c.choice((f"{d:02}/{m:02}/{y}", f"{y}-{m:02}-{d:02}", f"{d:02}.{m:02}.{y}", f"{d:02}/{m:02}/{y % 100:02}", f"{d}/{m}"))


def hour(c: Chance) -> str:
    """A time of day."""
    return f"{c.randrange(24):02}:{c.randrange(60):02}" + c.choice(("", f":{c.randrange(60):02}", f":{c.randrange(60):02}.{some(c, 3)}"))


def moment(c: Chance) -> str:
    """A moment as machines write it."""
    y, m, d, h, i, s = c.randrange(2020, 2028), c.randrange(1, 13), c.randrange(1, 29), c.randrange(24), c.randrange(60), c.randrange(60)
    return c.choice(
        (
            f"{y}-{m:02}-{d:02}T{h:02}:{i:02}:{s:02}Z",
            f"{y}-{m:02}-{d:02} {h:02}:{i:02}:{s:02},{some(c, 3)}",
            f"{y}{m:02}{d:02}{h:02}{i:02}{s:02}",
            f"{y}{m:02}{d:02}T{h:02}{i:02}{s:02}",
        )
    )


def ean(c: Chance) -> str:
    """An EAN-13, of Brazil mostly."""
    base = c.choice(("789", "790", "400", "750", "560")) + some(c, 9)
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(base))
    return base + str(-total % 10)


def nfe(c: Chance) -> str:
    """The key of access of an NF-e: 44 digits, the issuer's CNPJ among them."""
    key = c.choice(("35", "31", "41")) + f"2{c.randrange(3, 9)}{c.randrange(1, 13):02}" + cnpj(c) + "55001" + some(c, 9) + "1" + some(c, 9)
    return c.choice((key, " ".join(key[i : i + 4] for i in range(0, 44, 4))))


def boleto(c: Chance) -> str:
    """The line of a boleto as it is typed, of a bank or a utility."""
    a, b, d, e, f, g, i = (some(c, n) for n in (5, 5, 5, 6, 5, 6, 14))
    bank = c.choice((f"{a}.{b} {d}.{e} {f}.{g} {some(c, 1)} {i}", a + b + d + e + f + g + some(c, 1) + i))
    return c.choice((bank, " ".join(f"8{some(c, 10)}-{some(c, 1)}" for _ in range(4)), "".join(f"8{some(c, 11)}" for _ in range(4))))


def ip(c: Chance) -> str:
    """An address of a private or public network."""
    return ".".join(str(n) for n in (c.choice((10, 172, 192, 189, 200, 34)), c.randrange(256), c.randrange(256), c.randrange(1, 255)))


def version(c: Chance) -> str:
    """A version."""
    return f"{c.randrange(12)}.{c.randrange(40)}.{c.randrange(100)}" + c.choice(("", "-rc1", f"+build.{some(c, 5)}"))


def tracking(c: Chance) -> str:
    """A parcel of Correios."""
    return some(c, 2, LETTERS) + some(c, 9) + "BR"


def sku(c: Chance) -> str:
    """A product's code of a shop."""
    return c.choice(
        (
            f"{some(c, 3, LETTERS)}-{some(c, 4)}-{some(c, 2, LETTERS)}",
            f"{some(c, 2, LETTERS)}{some(c, 6)}",
            f"PRD{some(c, 8)}",
            f"{some(c, 5)}.{some(c, 3)}.{some(c, 2)}",
        )
    )


def lawsuit(c: Chance) -> str:
    """A lawsuit's number (CNJ)."""
    return f"{some(c, 7)}-{some(c, 2)}.{c.randrange(2010, 2027)}.8.{c.randrange(1, 28):02}.{some(c, 4)}"


def order(c: Chance) -> str:
    """Digits that a system gave to an order, a protocol, a call, of any length."""
    return some(c, c.choice((4, 5, 6, 7, 8, 9, 10, 11, 11, 12, 14, 15, 16)))


SENTENCES: Mapping[str, tuple[str | Callable[[Chance], str], ...]] = {
    "order": (
        "O pedido {order} ainda não chegou, podem verificar?",
        "Pedido nº {order} faturado em {day}.",
        "pedidos {order}, {order} e {order} estão atrasados",
        "número do pedido: {order}",
        "Protocolo de atendimento {order} aberto às {hour}",
        "o protocolo é {order}",
        "chamado #{order} resolvido",
        "Order {order} shipped on {day}",
        "invoice number {order} is overdue",
        '{{"order_id": {order}, "status": "paid"}}',
        '{{"protocolo": "{order}"}}',
        "ordem de compra {order} aprovada",
        "https://loja.exemplo.com/pedidos/{order}",
        "contrato {order} vence em {day}",
        "lote {order}, validade {day}",
        "NSU {order} autorização {d6}",
        "apólice nº {order}",
        "Ticket {order}: impressora sem tinta",
        "código do produto {order}",
    ),
    "invoice": (
        "Nota fiscal {d9} no valor de {money}",
        "NF-e nº {d3}.{d3}.{d3} série {d3}",
        "chave de acesso: {nfe}",
        "a chave da NF-e é {nfe}",
        "{nfe}",
        "NFS-e {d15} emitida em {day}",
        "CT-e {nfe}",
        "NCM {d4}.{d2}.{d2}, CFOP 5102, CST 000",
        "CNAE {d4}-{d1}/{d2}",
    ),
    "boleto": ("linha digitável: {boleto}", "segue o boleto {boleto} vencimento {day}", "{boleto}", "pague {boleto} até {day}"),
    "money": (
        "O faturamento de {day} foi {money}, contra {money} no ano anterior.",
        "Receita: {money}; despesa: {money}; lucro {money}",
        "total {n1000000000}.{d2} USD",
        "| {money} | {money} | {n100}% |",
        "margem de {n100},{d2}%",
        "saldo: {n1000000000000} centavos",
    ),
    "day": (
        "Compare {day} com {day}",
        "reunião em {day} às {hour}, sala {d3}",
        "de {day} a {day}",
        "backup_{moment}.sql.gz",
        "vence {day} {hour}",
        "{moment} início; {moment} fim",
        "safra 2023/2024, 2024/2025 e {n2018_2027}-{n2018_2027}",
    ),
    "product": (
        "EAN {ean}",
        "produto {sku} código de barras {ean}",
        "SKU {sku} com {n5000} unidades",
        "{ean};{sku};{n100}",
        "ISBN 978-85-{d4}-{d3}-{d1}",
        "IMEI {imei}",
        "peça {l2}{d6}-{d2}",
        "GTIN: {ean}",
        "número de série {s12}",
    ),
    "parcel": ("rastreio {tracking}", "código de rastreamento: {tracking} saiu às {hour}", "tracking {d12}", "remessa {d10}"),
    "object": (
        "o objeto {uuid} não existe",
        "GET /v1/runs/{uuid} 404",
        "request_id={uuid} trace_id={h32} span_id={h16}",
        "int_01{t24}",
        "commit {h40}",
        "git show {h7}",
        "sha256:{h64}",
        'etag "{h32}"',
        "merge {h12} into main",
        "primary key: {uuid}",
        "idempotency-key: {uuid}",
        "sha1 {h40} confere",
        "integrity: sha512-{m86}==",
    ),
    "log": (
        "{moment} INFO api request_id={h16} status=200 duration_ms={n10000} bytes={n100000000000}",
        '{ip} - - [{n10_29}/Mar/2026:{hour} +0000] "GET /health HTTP/1.1" 200 {n100000}',
        "connection refused: {ip}:{n1024_65536}",
        "worker-{n99} pid {n99999} rss={n1000000000} offset={d11} lag={n1000}",
        "ERROR {moment} timeout after {n60000} ms (attempt {n9})",
        '  File "/srv/app/vendas.py", line {n2000}, in calcular\n    total = soma(itens)\nValueError: valor {n1000000} fora da faixa',
        "kernel: [{n1000000}.{d6}] eth0: link up",
        "at com.empresa.Vendas.calcular(Vendas.java:{n3000})",
        "ts={n1600000000_1900000000} seq={d11} shard={n64}",
        "epoch {n1600000000000_1900000000000}",
        "0x{h16} <main+{n999}>",
        "mac {mac}",
    ),
    "code": (
        "SELECT * FROM pedidos WHERE id = {n100000000} AND data >= '{day}' LIMIT {n1000};",
        "UPDATE estoque SET qtd = {n1000} WHERE sku = '{sku}';",
        "hulk {version} sobre Python 3.{n11_14}.{n12}",
        "pip install pacote=={version}",
        "git@github.com:empresa/repo.git na tag v{version}",
        "image: registry.local/app:{version}@sha256:{h64}",
        "def total(itens): return sum(i.preco for i in itens)  # linha {d4}",
        "if token is None: raise ValueError('token inválido')  # {day}",
        "export PORT={n65536} LOG_LEVEL=info",
        "@app.route('/v{n9}/pedidos')",
        "cache_key=pedido:{d6} ttl={n9999}",
        "arquivo relatorio_vendas_final_v{n9}.xlsx com {n1000000} linhas",
        "max_tokens: {n9999}, temperature: 0.{d1}",
        "C:\\temp\\novo\\relatorio_{d8}.csv",
        "npm i @empresa/componentes@{version}",
    ),
    "office": (
        "Processo {lawsuit} da 2ª vara",
        "processo SEI {d5}.{d6}/{n2018_2027}-{d2}",
        "Portaria nº {d3}, de {day}",
        "Lei 13.709/2018, art. {n60}",
        "inscrição estadual {d3}.{d3}.{d3}.{d3}",
        "ramal {d4}, sala {d3}",
        "SAC 0800 {d3} {d4}",
        "empenho {n2018_2027}NE{d6}",
        "item {n99}.{n99}.{n99} do edital {d3}/{n2018_2027}",
    ),
    "table": (
        lambda c: "\n".join(_made(c, "{sku};{n500};{money};{day}") for _ in range(c.randrange(2, 9))),
        lambda c: "\n".join(_made(c, "| {n1000} | {n1000000} | {n100},{d1}% |") for _ in range(c.randrange(2, 9))),
        lambda c: (
            "mês,vendas,meta\n" + "\n".join(_made(c, f"{m:02}/2026,{{n10000000}},{{n10000000}}") for m in range(1, c.randrange(3, 13)))
        ),
        lambda c: ", ".join(str(c.randrange(10000)) for _ in range(c.randrange(5, 20))),
        lambda c: "pedido;total\n" + "\n".join(_made(c, "{d8};{n9999},{d2}") for _ in range(c.randrange(2, 9))),
        lambda c: "\t".join(f"{c.uniform(0, 1000):.3f}" for _ in range(c.randrange(3, 12))),
        lambda c: "[" + ", ".join(f"{c.uniform(-1, 1):.6f}" for _ in range(c.randrange(3, 12))) + "]",
        lambda c: f"lat {c.uniform(-30, 0):.6f}, lon {c.uniform(-60, -40):.6f}",
    ),
    "words": (
        "Os {n2_99} relatórios de {place} estão prontos; faltam duas planilhas e três gráficos.",
        "A senha do wi-fi mudou, peça a nova na recepção.",
        "o token é inválido ou expirou",
        "esqueci minha senha, como faço para trocar?",
        "A responsabilidade é do fornecedor: entregar {n99} caixas até sexta-feira.",
        "uma, duas, três vezes já pedi; são quatro ou cinco notas e seis boletos",
        "Qual é a chave primária da tabela de clientes? E as chaves estrangeiras?",
        "quantos clientes compraram mais de dois produtos em três meses nos últimos cinco anos?",
        "Que arquivos mais mudaram nos últimos {n90} dias?",
        "Atualize a política de senhas: mínimo de {n8_16} caracteres.",
        "A rua da fábrica fica a {n99} km; o caminhão {n9} volta às {hour}.",
        "o cartão de ponto, a carteira de trabalho e o contrato estão na pasta",
        "agência de publicidade contratada por {money}; conta de luz {money}",
        "The password policy changed: rotate every {n30_99} days.",
        "twenty one orders, two hundred items, five returns, one refund",
        "conta contábil {n1_9}.{n1_9}.{d2}.{d3}",
        "A conta {d1}.{d1}.{d2} fechou com {money}",
    ),
}
"""Sentences by kind. In braces stands the name of a number above, or of how many: `d4` digits, `h8` hexadecimal ones, `l2` capitals,
`m9` letters of any kind; `n100` is a number below a hundred, `n18_99` one from 18."""

_MADE: Mapping[str, Callable[[Chance], str]] = {
    "order": order, "money": money, "day": day, "hour": hour, "moment": moment, "ean": ean, "nfe": nfe, "boleto": boleto, "ip": ip,
    "version": version, "tracking": tracking, "sku": sku, "lawsuit": lawsuit, "uuid": uuid,
    "place": lambda c: c.choice(("vendas", "estoque", "compras")),
    "imei": lambda c: luhn("35" + some(c, 12)),
    "mac": lambda c: ":".join(some(c, 2, HEX) for _ in range(6)),
}  # fmt: skip
_LETTERS = {"d": "0123456789", "h": HEX, "l": LETTERS, "m": MIXED, "s": LETTERS + "0123456789", "t": "0123456789abcdefghjkmnpqrstvwxyz"}


class _Numbers(dict[str, str]):
    """The numbers that a sentence asks for, made as it asks."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance

    def __missing__(self, name: str) -> str:
        if name in _MADE:
            return _MADE[name](self._chance)
        if name[0] == "n":
            return str(self._chance.randrange(*map(int, name[1:].split("_"))))
        return some(self._chance, int(name[1:]), _LETTERS[name[0]])


def _made(chance: Chance, sentence: str) -> str:
    return sentence.format_map(_Numbers(chance))


LINES = (
    "{}",
    "{}",
    "Bom dia! {} Obrigado.",
    "{}\n\nAtt.,\nEquipe de compras",
    "Prezados, {} Aguardo retorno.",
    "FYI: {}",
    "- {}\n- {}",
    "{}\n{}\n{}",
    "Resumo: {} Detalhes: {}",
)


def clean(seed: int, count: int) -> Iterator[Clean]:
    """That many messages; longer ones hold several sentences of one kind."""
    chance = random.Random(seed)
    kinds = list(SENTENCES)
    for _ in range(count):
        kind = chance.choice(kinds)
        line = chance.choice(LINES)
        yield Clean(line.format(*(_said(chance, chance.choice(SENTENCES[kind])) for _ in range(line.count("{}")))), kind)


def _said(chance: Chance, sentence: str | Callable[[Chance], str]) -> str:
    return _made(chance, sentence) if isinstance(sentence, str) else sentence(chance)
