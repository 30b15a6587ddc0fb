"""What the words beside a number say of it: that it is a CPF, that it is an order's, or nothing."""

import re
from typing import Literal, TypeAlias

from hulk.modules.router.domain.sensitivity.findings import Label
from hulk.modules.router.domain.sensitivity.view import View

Said: TypeAlias = Label | Literal["business"] | None

BEFORE = 60
"""Characters before a number in which words are looked for; after it, half as many."""
_STEPS = 6
"""Numbers of a list that are stepped over to the word before it."""

_WORDS: dict[Label, str] = {
    "cpf": "cpf cpfs cic contribuinte",
    "cnpj": "cnpj cnpjs",
    "rg": "rg rgs identidade identity",
    "cnh": "cnh cnhs habilitacao motorista driver drivers condutor",
    "pis": "pis pasep nit nis",
    "voter": "titulo eleitor eleitoral voter",
    "cns": "cns sus cartaosus saude",
    "renavam": "renavam",
    "card": "cartao cartoes card cards credito debito visa mastercard amex elo hipercard diners",
    "phone": "telefone telefones fone tel cel celular celulares whatsapp whats zap ligue ligar liga contato phone mobile call ramal sms",
    "pix": "pix",
    "plate": "placa placas plate",
    "address": "cep",
}
_OF_BUSINESS = """
pedido pedidos encomenda protocolo protocolos nota notas nf nfe nfes nfs nfce cte danfe fatura faturas boleto boletos titulos duplicata
contrato contratos apolice proposta orcamento os chamado chamados ticket tickets ocorrencia atendimento processo processos processso sei
lote lotes serie serial produto produtos codigo codigos sku skus ean eans gtin barras barcode upc isbn ncm cnae cfop cest item itens
rastreio rastreamento tracking remessa entrega guia darf nsu autorizacao tid txid transacao transacoes lancamento
ordem peca pecas
order orders invoice invoices purchase po batch lot shipment product products part receipt quote case claim build commit hash sha etag
request requests req trace span session job run versao version revision imei iccid mac asin sequencia seq patrimonio tombo
inscricao estadual municipal ie im cei caepf medidor instalacao unidade equipamento modelo referencia ref
total saldo preco montante quantia subtotal amount price size tamanho bytes duration duracao timestamp ts epoch ms ns offset count
quantidade qtd qtde volume estoque linha linhas line lines port porta pid ip host servidor server addr
"""
_NAMES: dict[str, Said] = {word: label for label, words in _WORDS.items() for word in words.split()}
_NAMES |= dict.fromkeys(_OF_BUSINESS.split(), "business")
_FILLING = """
n no nr nro num numero numeros number numbers id ids de do da dos das o a os as e ou and or the of is are foi era sao ser com
para to for pelo pela pelos no na em at me por via
fiscal fiscais eletronica compra venda vendas servico sob igual chave acesso interno interna nosso nossa seu sua meu minha
my your our this esse essa este esta following seguinte seguintes mesmo dele dela antigo novo nova new old se ficou
sp rj mg rs pr ba sc pe ce df go ssp detran uf valido valida real pessoal principal completo cadastrado digito digits digitos key value
"""
_BETWEEN = frozenset(_FILLING.split())
"""Words that may stand between a number and the word that names it."""
_UNITS = (
    "bytes byte kb mb gb ms ns us segundos seconds itens items unidades units un pcs pecas kg g reais brl usd linhas rows registros records"
)
_AFTER = frozenset(_UNITS.split())
_WORD = re.compile(r"[a-z]+")
_LISTED = re.compile(r"[\s,;|/&]*(?:e|and|ou|or)?[\s,;|/&]*\Z")


def said(view: View, start: int, end: int) -> Said:
    """What the words nearest to `start` to `end` say of what stands there."""
    following = _first_after(view, end)
    if following in _AFTER:
        return "business"
    return _nearest(_words_before(view, start, _STEPS)) or _only_label(_NAMES.get(following))


def _words_before(view: View, start: int, steps: int) -> str:
    """What stands between a number and the one before, or before that when the two stand in a list."""
    before = view.lower[max(0, start - BEFORE) : start]
    begin, end = _last_digits(before)
    if steps and end and _LISTED.match(before, end):
        return _words_before(view, start - len(before) + begin, steps - 1)
    return before[end:]


def _only_label(given: Said) -> Said:
    return None if given == "business" else given


def _nearest(words: str) -> Said:
    """The last word that names something, with none but filling words after it."""
    for word in reversed(_WORD.findall(_sentence(words))):
        if (named := _named(word)) is not None:
            return named
        if word not in _BETWEEN:
            return None
    return None


def _named(word: str) -> Said:
    if word in _BETWEEN:
        return None
    for form in (word, word.removesuffix("id"), word.removesuffix("number"), word.removesuffix("numero"), word.removesuffix("no")):
        if form in _NAMES:
            return _NAMES[form]
    return None


def _sentence(words: str) -> str:
    """What follows the last full stop, unless it is an abbreviation's (`ag.`, `nr.`)."""
    for mark in ("! ", "? ", "\n\n"):
        words = words.rpartition(mark)[2]
    head, stop, tail = words.rpartition(". ")
    return tail if stop and len(head) > 3 and head[-4:].isalpha() and tail.strip() else words


def _last_digits(before: str) -> tuple[int, int]:
    """Where the last number before begins and ends (0, 0 when there is none)."""
    end = len(before.rstrip(_NO_DIGITS))
    return (len(before[:end].rstrip("0123456789.-/")), end) if before[:end][-1:].isdigit() else (0, 0)


_NO_DIGITS = "".join(chr(code) for code in range(128) if not chr(code).isdigit())


def _first_after(view: View, end: int) -> str:
    hit = _FOLLOWING.match(view.lower, end)
    return hit[1] if hit else ""


_FOLLOWING = re.compile(r"[\s)(\]\[\"'\-:]{0,3}([a-z]{1,12})")


_FAR = 160
_STREET = re.compile(
    r"(?<![a-z])(?:rua|r\.|avenida|av\.?|alameda|al\.|travessa|praca|rodovia|estrada|largo|vila|viela|quadra|bairro|logradouro|endereco"
    r"|condominio|conjunto|apto?\.?|apartamento|bloco|casa|street|address|avenue|moro|mora|resid)(?![a-z])"
)


def in_a_street(view: View, start: int, end: int) -> bool:
    """Whether words of an address stand near."""
    return _STREET.search(view.lower, max(0, start - _FAR), end + _FAR // 2) is not None
