"""P0: what must not leave the company. The whole text is scanned; when in doubt, it does hold some.

    classified("meu cpf é 529.982.247-25")      # Classified("p0", ("cpf",))
    findings("meu cpf é 529.982.247-25")        # (Finding(10, 24, "cpf", "format"),)

A text is made plain (`view`), then searched for numbers with check digits (`numbers`, by the tables of `rules` and the words of
`context`), for what a word beside it names (`named`), e-mail addresses (`mail`) and secrets (`credentials`); digits in words (`spoken`)
and what is encoded (`encoded`) are read too, down to four levels. Names, health and addresses without a CEP are not found by rules:
label the channels and collections that carry them.
"""

from hulk.modules.router.domain.sensitivity.findings import Classified, Finding, Label, Sensitivity, Why
from hulk.modules.router.domain.sensitivity.masking import Escaped, Unmaskable, Unmasking, Vault, masked, unmasked
from hulk.modules.router.domain.sensitivity.parts import UNREADABLE, Part, classified_parts, parts_of
from hulk.modules.router.domain.sensitivity.remembering import Remembering
from hulk.modules.router.domain.sensitivity.scan import MOST_CHARACTERS, Find, classified, findings

__all__ = [
    "MOST_CHARACTERS",
    "UNREADABLE",
    "Classified",
    "Escaped",
    "Find",
    "Finding",
    "Label",
    "Part",
    "Remembering",
    "Sensitivity",
    "Unmaskable",
    "Unmasking",
    "Vault",
    "Why",
    "classified",
    "classified_parts",
    "findings",
    "masked",
    "parts_of",
    "unmasked",
]
