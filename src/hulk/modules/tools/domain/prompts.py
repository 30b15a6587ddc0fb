"""The prompts that Hulk itself has, in the languages that it speaks."""

from collections.abc import Sequence

from hulk.modules.tools.domain.prompt import Argument, Part, Prompt

PROMPTS: Sequence[Prompt] = (
    Prompt(
        name="choose-tool",
        title={"en": "Which tool?", "pt": "Qual ferramenta?"},
        about={
            "en": "Which of the tools here does something, and with which arguments.",
            "pt": "Qual das ferramentas daqui faz algo, e com quais argumentos.",
        },
        arguments=(Argument(name="task", about={"en": "What is to be done.", "pt": "O que deve ser feito."}),),
        parts=(
            Part(resource="hulk://tools"),
            Part(
                text={
                    "en": "Which of these tools does this, and with which arguments? Call none that changes something before I agree."
                    "\n\n{task}",
                    "pt": "Qual destas ferramentas faz isto, com quais argumentos? Não chame nenhuma que altere algo antes que eu concorde."
                    "\n\n{task}",
                }
            ),
        ),
    ),
    Prompt(
        name="follow-call",
        title={"en": "What came of a call?", "pt": "O que resultou de uma chamada?"},
        about={
            "en": "How a call of a tool stands: done, waiting for a person, refused, and what to do next.",
            "pt": "Como está uma chamada de ferramenta: feita, à espera de uma pessoa, recusada, e o que fazer em seguida.",
        },
        arguments=(Argument(name="call", about={"en": "The call's id (tcl_…).", "pt": "O id da chamada (tcl_…)."}),),
        parts=(
            Part(resource="hulk://tool-calls/{call}"),
            Part(
                text={
                    "en": "How does this call stand, what came of it, and what should be done next? Do not call the tool again.",
                    "pt": "Como está esta chamada, o que resultou dela, e o que fazer em seguida? Não chame a ferramenta de novo.",
                }
            ),
        ),
    ),
)
