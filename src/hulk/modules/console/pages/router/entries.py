"""A model that is to be added, as a form has it and as the API takes it. What it says is checked by the API."""

from collections.abc import Mapping, Sequence
from typing import Any

from hulk.kernel.errors import Invalid
from hulk.kernel.text import Text

KINDS: Sequence[tuple[str, str]] = (
    ("openai", "OpenAI"), ("anthropic", "Anthropic"), ("google", "Google Gemini"), ("deepseek", "DeepSeek"), ("xai", "xAI"),
    ("zai", "Z.ai"), ("ollama", "Ollama"), ("compatible", "OpenAI API"),
)  # fmt: skip
"""As `models.providers[].kind` has them, with their vendors' names."""
_FIELDS = ("name", "kind", "model", "url", "variable", "file", "local")


def filled(form: Mapping[str, str]) -> Mapping[str, str]:
    """The fields of the form as they were sent."""
    return {field: form.get(field, "") for field in _FIELDS}


def wanted(form: Mapping[str, str]) -> dict[str, Any]:
    """The model. Raises `Invalid` when its key is in two places."""
    said = {name: form.get(name, "").strip() for name in ("name", "kind", "model", "url")}
    return {**said, "api_key": _key(form), "local": bool(form.get("local"))}


def _key(form: Mapping[str, str]) -> str:
    """Where the key is, as the settings say it."""
    variable, file = form.get("variable", "").strip(), form.get("file", "").strip()
    if variable and file:
        raise Invalid([("file", Text("a key is in one place: give the variable or the file, not both"))])
    return f"env:{variable}" if variable else f"file:{file}" if file else ""
