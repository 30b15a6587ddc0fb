"""Which words of tables mean the same in Portuguese and English. Pure rules: a column is taken by its meaning only where these say so."""

from collections.abc import Callable, Mapping, Sequence
from itertools import permutations

_SAME = """
loja store shop | filial branch | produto product | artigo item | sku | cliente customer client | vendedor seller salesperson
fornecedor supplier vendor | comprador buyer | venda sale | receita faturamento revenue turnover | lucro profit | custo cost
despesa gasto expense | preco price | valor value amount | quantidade qtd qtde quantity qty | unidade unit | desconto discount
imposto tax | margem margin | comissao commission | pedido order | fatura invoice | pagamento payment | devolucao return | estorno refund
data date | dia day | mes month | ano year | hora hour | minuto minute | semana week | trimestre quarter | periodo period | turno shift
cidade city | estado uf state | pais country | regiao region | bairro district | endereco address | local lugar place location | zona zone
categoria category | tipo type kind | grupo group | marca brand | modelo model | canal channel | setor sector | area | segmento segment
departamento department | equipe time team | funcionario empregado employee | gerente manager | nome name | codigo code | numero number
maquina machine | equipamento equipment | dispositivo aparelho device | sensor | linha line | planta fabrica plant factory | peca part piece
lote batch lot | ordem order | operador operator | temperatura temperature temp | pressao pressure | umidade humidity | vibracao vibration
tensao voltage | corrente current | potencia power | energia energy | consumo consumption | velocidade speed velocity | nivel level
producao production output | defeito defect | falha failure fault | parada stop downtime | refugo scrap | peso weight | altura height
largura width | comprimento length | volume | estoque stock inventory | deposito armazem warehouse | entrega delivery
transportadora carrier | frete freight shipping | prazo deadline | atraso delay | situacao status | usuario user | servidor server
servico service | erro error | latencia latency | duracao duration | tempo time | taxa rate | media average mean | total | saldo balance
idade age | sexo genero gender sex | campanha campaign | anuncio ad advert | clique click | impressao impression | visita visit
sessao session | conversao conversion | metrica metric | contrato contract | conta account | projeto project | tarefa task
nota score grade
"""

Bare = Callable[[str], Sequence[str]]
"""The words of a name without accents, capitals and plural."""
_MOST_WORDS = 4


def meanings(bare: Bare) -> Mapping[str, frozenset[int]]:
    """Of each word, bare, the meanings it may have."""
    found = dict[str, frozenset[int]]()
    for number, line in enumerate(_SAME.replace("\n", "|").split("|")):
        for word in (bare(one)[0] for one in line.split()):
            found[word] = found.get(word, frozenset()) | {number}
    return found


def alike(one: Sequence[str], other: Sequence[str], known: Mapping[str, frozenset[int]]) -> bool:
    """Whether two names of bare words mean the same, word for word in any order: `valor_total` and `total_amount`."""
    if len(one) != len(other) or len(one) > _MOST_WORDS:
        return False
    return any(all(_same(a, b, known) for a, b in zip(one, turned, strict=True)) for turned in permutations(other))


def _same(one: str, other: str, known: Mapping[str, frozenset[int]]) -> bool:
    return one == other or bool(known.get(one, frozenset()) & known.get(other, frozenset()))
