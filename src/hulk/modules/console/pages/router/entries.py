"""What is written into the settings for a new model, and the command that writes it."""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hulk.kernel.errors import Refused

KINDS: Sequence[tuple[str, str]] = (
    ("openai", "OpenAI"), ("anthropic", "Anthropic"), ("google", "Google Gemini"), ("deepseek", "DeepSeek"), ("xai", "xAI"),
    ("zai", "Z.ai"), ("ollama", "Ollama"), ("compatible", "OpenAI API"),
)  # fmt: skip
"""As `models.providers[].kind` has them, with their vendors' names."""
_NAME = re.compile(r"[A-Za-z0-9_.@:-]{1,64}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")


@dataclass(frozen=True, slots=True)
class Entry:
    """Both, as text to be copied."""

    settings: str
    command: str


_FIELDS = ("name", "kind", "model", "url", "variable", "file", "local")


def filled(form: Mapping[str, str]) -> Mapping[str, str]:
    """The fields of the form as they were sent."""
    return {field: form.get(field, "") for field in _FIELDS}


def entry(form: Mapping[str, str]) -> Entry:
    """For what a form says. Raises `Refused` for what could not be meant, above all for a key in the place of its whereabouts."""
    found = _filled(form)
    return Entry(settings=_yaml(found), command=_command(found))


def _filled(form: Mapping[str, str]) -> dict[str, Any]:
    name, kind = form.get("name", "").strip(), form.get("kind", "").strip()
    if not _NAME.fullmatch(name):
        raise Refused("A model's name has 1 to 64 letters, digits and . _ @ : -; “{name}” has not.", name=name[:80])
    if kind not in {known for known, _ in KINDS}:
        raise Refused("“{kind}” is no kind of model; there are: {known}.", kind=kind[:80], known=", ".join(known for known, _ in KINDS))
    given = {"name": name, "kind": kind, "model": form.get("model", "").strip(), "url": form.get("url", "").strip(), "api_key": _key(form)}
    return {field: value for field, value in given.items() if value} | ({"local": True} if form.get("local") else {})


def _key(form: Mapping[str, str]) -> str:
    """Where the key is, as the settings say it."""
    variable, file = form.get("variable", "").strip(), form.get("file", "").strip()
    if variable and not _VARIABLE.fullmatch(variable):
        raise Refused("The name of an environment variable is expected, such as OPENAI_API_KEY: never the key itself.")
    if file and not (file.startswith("/") and file.isprintable()):
        raise Refused("The whole path of a file is expected, such as /run/secrets/openai: never the key itself.")
    return f"env:{variable}" if variable else f"file:{file}" if file else ""


def _yaml(found: Mapping[str, Any]) -> str:
    import yaml  # parses nothing here, and is loaded with the settings anyway

    return yaml.safe_dump({"models": {"providers": [dict(found)]}}, sort_keys=False, allow_unicode=True)


def _command(found: Mapping[str, Any]) -> str:
    options = {"--model": found.get("model"), "--kind": found["kind"], "--url": found.get("url"), "--key": found.get("api_key")}
    named = [part for option, value in options.items() if value for part in (option, str(value))]
    return shlex.join(["thor", "models", "add", str(found["name"]), *named, *(["--local"] if found.get("local") else [])])
