"""Whether a text is Portuguese or English, by its little words and letters. Portuguese when nothing tells."""

import re

from hulk.kernel.text import Language

MOST_CHARACTERS = 2_000
"""What is looked at of a text."""


def spoken(text: str) -> Language:
    """The language that `text` is written in: Portuguese or English, Portuguese when it could be both or neither."""
    seen = text[:MOST_CHARACTERS].lower()
    words = _PATH.sub(" ", seen)
    english = portuguese = 0
    for word in _WORD.findall(words):
        english += 3 * (word in _ENGLISH) or _ENGLISH_SHAPE.search(word) is not None
        portuguese += 3 * (word in _PORTUGUESE) or _PORTUGUESE_SHAPE.search(word) is not None
    portuguese += 3 * len(_ACCENTS.findall(words))
    return "en" if english > portuguese else "pt"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WORD = re.compile(r"[^\W\d_]+(?:'[a-z]{1,2})?")
_PATH = re.compile(r"\"[^\"\n]{1,300}\"|`[^`\n]{1,300}`|\S{0,300}[/\\_]\S{0,300}|\b[\w-]{1,100}\.\w{2,8}\b")
_ACCENTS = re.compile(r"[ãõçáâàéêíóôú]")
_PORTUGUESE_SHAPE = re.compile(
    r"(?:cao|coes|mente|ndo|aram|eram|iram|agem|dade|dades|ario|aria|eiro|eira|inho|avel|oes|ncia|lh[aeo]s?|nh[ao]s?|vel)$|^qu[aei]"
)
_ENGLISH_SHAPE = re.compile(r"(?:ing|tion|ness|ment|ed|ly|ght|ck|ies|ous|ew|'s|'t|'re|'ll)$|th|sh|wh|w|k(?!$)|ee|oo|^y")
_ENGLISH = _words(
    """
    the of and to is are was were be been it its this that these those with without for from by on at into over about which what who
    when where why how many much most more less least top first last past next since until between during ago day days week weeks
    month months year years yesterday today tomorrow show me my our your we you i he she they us can could would should will shall may
    might must do does did done don't not any each every all some none open create make draw plot find give tell get run list describe
    profile summarize summarise analyze analyse check compare review file files code commit commits changed change changes churn
    touched row rows column columns table chart tickets outliers anomalies missing values data there here please thanks hello hi help
    has have had or if then than but so as in an only just hottest busiest biggest largest worst best two three four five six seven
    eight nine ten january february march april june july august september october november december monday tuesday wednesday thursday
    friday saturday sunday who's what's threshold sales spikes distribution duplicates people person wrote edited modified often
    frequently
    """
)
_PORTUGUESE = _words(
    """
    o os um uma uns umas de da das dos no na nos nas ao aos à às em e ou que quais qual quem quando onde como quanto quantos quantas
    por para pra pro com sem sob sobre entre desde até ate mais menos muito muita muitos foi foram são sao está esta estão estao este
    esse essa isso isto aquele meu minha nosso nossa seu sua ele ela eles elas eu nós nos você voce vocês me se já ja não nao sim
    também tambem só so dia dias semana semanas mês mes meses ano anos hoje ontem amanhã amanha agora últimos ultimos últimas ultimas
    último ultimo última ultima primeiros primeiras primeiro primeira passado passada maiores principais arquivo arquivos repositório
    repositorio código codigo mudou mudaram mudança mudanças mudanca mudancas alterados alterado alterações abra abrir crie criar
    mostre mostra mostrar liste listar descreva descrever faça faca gere gerar encontre ache analise analisar compare diga quero
    preciso pode linha linhas coluna colunas tabela gráfico grafico chamado chamados revisão revisao anomalias nulos duplicados dados
    vendas loja limiar obrigado oi olá ola ajuda favor dois duas três tres quatro cinco seis sete oito nove dez janeiro fevereiro
    março marco abril maio junho julho agosto setembro outubro novembro dezembro segunda terça quarta quinta sexta sábado domingo tem
    há ha cada todo todos toda todas nenhum perfil resumo mexidos mexeram
    """
)
