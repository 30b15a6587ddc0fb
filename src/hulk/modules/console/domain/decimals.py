"""Amounts as people fill them into forms: `1.234,50` in Portuguese, `1,234.50` in English; the API has `1234.50`."""

import re

from hulk.kernel.text import Language

_GROUPED = {"pt": re.compile(r"[0-9]{1,3}([.][0-9]{3})+(,[0-9]+)?"), "en": re.compile(r"[0-9]{1,3}(,[0-9]{3})+([.][0-9]+)?")}
_PORTUGUESE = re.compile(r"[0-9]+,[0-9]+")


def read_amount(written: str, language: Language) -> str:
    """As the API has it. What is no amount in that language stays as it is, for the API to refuse in its words."""
    text = "".join(written.split())
    if language == "pt" and (_GROUPED["pt"].fullmatch(text) or _PORTUGUESE.fullmatch(text)):
        return text.replace(".", "").replace(",", ".")
    return text.replace(",", "") if language == "en" and _GROUPED["en"].fullmatch(text) else text


def written_amount(amount: str, language: Language) -> str:
    """An amount of the API as a form shows it, so that it is read back the same; thousands stand together."""
    return amount.replace(".", ",") if language == "pt" else amount
