"""Forms by which a person is asked amid a call: flat, of plain values, and never for what is secret. Pure rules."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from hulk.kernel.records import JsonObject

PLAIN = ("string", "number", "integer", "boolean")
_SHOWN = (
    "type", "title", "description", "enum", "enumNames", "oneOf", "default", "format", "minLength", "maxLength", "pattern", "minimum",
    "maximum", "items", "minItems", "maxItems",
)  # fmt: skip
"""What a form may say of a value (MCP 2025-11-25, “Requested Schema”)."""
_SECRETS = (
    "password", "passwords", "passwd", "passcode", "passphrase", "pwd", "secret", "secrets", "token", "tokens", "apikey", "api key",
    "access key", "private key", "credential", "credentials", "pin", "otp", "one time code", "2fa", "mfa", "verification code",
    "security code", "recovery code", "seed phrase", "cvv", "cvc", "card number", "credit card", "debit card", "ssn",
    "senha", "senhas", "segredo", "segredos", "chave privada", "chave de acesso", "chave de api", "chave da api", "chave secreta",
    "credencial", "credenciais", "codigo de verificacao", "codigo de seguranca", "codigo de recuperacao", "numero do cartao",
    "cartao de credito", "cartao de debito",
)  # fmt: skip
_SECRET = re.compile(rf"\b(?:{'|'.join(_SECRETS)})\b")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BETWEEN = re.compile(r"[\W_]+")


def plain_field(schema: Any) -> JsonObject | None:
    """A value as a form may ask for it, a plain one or several out of a list; None when no form can."""
    if not isinstance(schema, Mapping):
        return None
    items = schema.get("items")
    several = schema.get("type") == "array" and isinstance(items, Mapping) and ("enum" in items or "anyOf" in items)
    if schema.get("type") not in PLAIN and not several:
        return None
    return {key: value for key, value in schema.items() if key in _SHOWN}


def secret_in(texts: Iterable[str]) -> str | None:
    """The word by which one of them asks for something secret, which a form must not (MCP 2025-11-25, “Elicitation”: servers must not ask
    for passwords, keys, tokens or payment credentials in form mode); None when none does. Reads `apiKey`, `API-Key` and `Senha:` alike."""
    return next((found.group() for text in texts if (found := _SECRET.search(_words(text)))), None)


def _words(text: str) -> str:
    apart = unicodedata.normalize("NFKD", _HUMP.sub(" ", text))
    bare = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return _BETWEEN.sub(" ", bare.casefold())
