"""Secrets: keys of known forms, passwords in addresses, and values behind a name such as `senha` or `api_key`.

Each form is looked for only where its beginning stands in the text. The forms are those that the vendors publish for secret scanning.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator

from hulk.modules.router.domain.sensitivity.numbers import Hit
from hulk.modules.router.domain.sensitivity.view import View, has, long_words

_FORMS: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = tuple(
    (begin, re.compile(pattern))
    for begin, pattern in (
        (("PuTTY-User-Key",), r"PuTTY-User-Key-File-\d"),
        (("sk-", "pk-", "rk-", "sk_", "pk_", "rk_"), r"(?<![A-Za-z0-9])(?:sk|pk|rk)[-_][A-Za-z0-9_-]{16,}"),  # OpenAI, Anthropic, Stripe
        (("whsec_",), r"whsec_[A-Za-z0-9]{20,}"),
        (("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"(?<![A-Za-z0-9])gh[pousr]_[A-Za-z0-9]{20,}"),
        (("github_pat_",), r"github_pat_\w{20,}"),
        (("glpat-", "gldt-", "glrt-"), r"gl(?:pat|dt|rt)-[\w-]{16,}"),
        (("AKIA", "ASIA", "AROA", "AIDA"), r"(?<![A-Za-z0-9])(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
        (("AIza",), r"AIza[\w-]{30,}"),
        (("ya29.",), r"ya29\.[\w-]{20,}"),
        (("GOCSPX-",), r"GOCSPX-[\w-]{20,}"),
        (("xoxa-", "xoxb-", "xoxe-", "xoxo-", "xoxp-", "xoxr-", "xoxs-", "xapp-"), r"(?:xox[abeoprs]|xapp)-[\w-]{10,}"),
        (("hooks.slack.com/",), r"hooks\.slack\.com/(?:services|workflows)/[\w/]{20,}"),
        (("hf_", "npm_", "pypi-", "dop_v1_", "shpat_", "shpss_", "dckr_pat_", "xai-", "gsk_", "r8_", "lin_api_", "ntn_", "secret_"),
         r"(?<![A-Za-z0-9])(?:hf_|npm_|pypi-|dop_v1_|shp(?:at|ss)_|dckr_pat_|xai-|gsk_|r8_|lin_api_|ntn_|secret_)(?=[\w-]{0,80}\d)[A-Za-z0-9_-]{20,}"),
        (("hulk_",), r"(?<![A-Za-z0-9])hulk_(?=[\w-]{0,80}\d)[A-Za-z0-9_-]{16,}"),
        (("SG.",), r"(?<![A-Za-z0-9])SG\.[\w-]{16,}\.[\w-]{16,}"),
        (("eyJ",), r"(?<![A-Za-z0-9_-])eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*){1,3}"),  # a JWT (RFC 7519), signed or encrypted
        (("AGE-SECRET-KEY-",), r"AGE-SECRET-KEY-1[A-Z0-9]{50,}"),
        (("AccountKey=", "SharedAccessKey=", "sig="), r"(?:AccountKey|SharedAccessKey|(?<=[?&])sig)=[A-Za-z0-9+/%=]{20,}"),
        (("APP_USR-", "TEST-"), r"(?:APP_USR|TEST)-\d{6,}-[\w-]{20,}"),  # Mercado Pago
        (("$aact_",), r"\$aact_[\w:=-]{20,}"),  # Asaas
        ((":AA",), r"(?<!\d)\d{8,10}:AA[\w-]{30,}"),  # a Telegram bot
    )
)  # fmt: skip
_LOGIN = re.compile(r"://[^\s/:@\"'<>]{0,100}:([^\s/@\"'<>]{1,200})@")
_HEADER = re.compile(
    r"(?<![a-z])(?:bearer|basic|apikey|token)\s{1,3}(?=[A-Za-z0-9+/._~-]*[0-9A-Z])([A-Za-z0-9+/._~-]{16,}=*)", re.IGNORECASE
)

_PASSED = r"password|passwd|passphrase|passcode|senha|pwd|palavra[ -]passe|contrasenha|pin"
_GIVEN = (
    r"senhas|passwords"
    r"|api[ _-]?key|chave[ _-]?(?:de[ _-]?)?(?:api|acesso|secreta|privada)|access[ _-]?key|secret[ _-]?key|private[ _-]?key"
    r"|account[ _-]?key"
    r"|client[ _-]?secret|secret|segredo|auth[ _-]?token|token|credential|credencial|auth|key"
)
_NAME = re.compile(
    rf"(?:(?P<password>{_PASSED})|(?P<token>{_GIVEN}))(?![a-z])(?:[_.-][a-z0-9]{{1,20}}){{0,2}}"
    r"(?P<mark>[\"'*`]{0,3}\s{0,3}(?:=>|:=|==?|:)\s{0,3}|[\"'`]{0,2}\s{1,3}(?:e|is|era|was|eh)\s{1,3}:?\s{0,2}|\s{1,3}(?=[\"'`]))"
    r"(?P<quote>[\"'`*]{0,3})(?P<value>[^\s\"'`<>]{4,400})"
)
_NAMES = (
    "passw", "passphrase", "passcode", "senha", "pwd", "palavra", "contrasenha", "pin", "api", "chave", "access", "secret", "private",
    "account", "client", "segredo", "auth", "token", "credenc", "credent", "key",
)  # fmt: skip
_NO_SECRET = re.compile(
    r"(?:primary|foreign|partition|sort|cache|public|idempotency|natural|surrogate|index|row|hot|short|unique|group|object|storage|dict"
    r"|publishable|ssh-rsa|next|page|max|total|input|output|cancellation|continuation)[_ .-]?(?:api[_ -]?)?(?:key|token|tokens|pin)|tokens"
)
_HOLLOW = re.compile(
    r"(?:\*+|x{3,}|\.{3,}|-+|_+|<.*|\$?\{.*|\[.*|%\w+%|null|none|nil|true|false|undefined|required|optional|obrigatori[ao]s?|opcional|invalid[ao]?s?"
    r"|valid[ao]?s?|incorret[ao]s?|corret[ao]s?|errad[ao]s?|expirad[ao]s?|expired|incorrect|wrong|missing|ausente|vazi[ao]|empty|forte|fraca|weak"
    r"|strong|redacted|masked|string|text|str|int|password|senha|token|secret|changed|alterad[ao]|redefinid[ao]|trocad[ao]|esquecid[ao]|forgotten"
    r"|reset|bloquead[ao]|temporari[ao]|padrao|nov[ao]|unic[ao]|necessari[ao]|fundamental|importante|essencial|segur[ao]|secret[ao]|os\.environ.*"
    r"|self\..*|settings\..*|config\..*|env\..*|process\.env.*|get\w*\(.*|\w+\(\)?.*|file:.*|env:.*|credential:.*|bitwarden:.*)[.,;:)!?]*\Z"
)


def credentials(view: View) -> Iterator[Hit]:
    """The secrets of a view."""
    yield from _private_keys(view)
    words = " ".join(view.text[start:end] for start, end in long_words(view.text))
    for begins, form in _FORMS if words else ():
        if has(words, begins):
            yield from ((hit.start(), hit.end(), "secret", "known_form") for hit in form.finditer(view.text))
    yield from ((hit.start(), hit.end(), "secret", "known_form") for hit in _LOGIN.finditer(view.text) if not _hollow(hit[1]))
    if has(view.lower, ("bearer ", "basic ", "apikey ", "token ")):
        yield from ((hit.start(1), hit.end(1), "secret", "named") for hit in _HEADER.finditer(view.text) if _random(hit[1], 12))
    for name in _NAMES:
        at = view.lower.find(name)
        while at >= 0:
            yield from _behind(view, at)
            at = view.lower.find(name, at + 1)


def _private_keys(view: View) -> Iterator[Hit]:
    """Private keys in PEM (RFC 7468) to their last line, or to the end where that is missing."""
    at = view.text.find("-----BEGIN ")
    while at >= 0:
        if not _PEM.match(view.text, at):
            at = view.text.find("-----BEGIN ", at + 1)
            continue
        end = view.text.find("-----END ", at)
        end = len(view.text) if end < 0 else min(end + 60, len(view.text))
        yield at, end, "secret", "known_form"
        at = view.text.find("-----BEGIN ", end)


_PEM = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY")


def _behind(view: View, at: int) -> Iterator[Hit]:
    """The value behind a name that begins at `at`."""
    hit = _NAME.match(view.lower, at)
    if hit is None or (hit["token"] in _SHORT and view.lower[max(0, at - 1) : at].isalpha() and not view.text[at].isupper()):
        return
    start, end = hit.span("value")
    value = view.text[start:end].rstrip(",;)}]*")
    if _hollow(value.lower()) or _NO_SECRET.search(view.lower, max(0, at - 20), hit.start("mark")):
        return
    spoken = "=" not in hit["mark"] and ":" not in hit["mark"] and not hit["quote"]
    if _random(value, 16) or (hit["password"] and (not spoken or _odd(value))) or (hit["token"] and _odd(value) and len(value) >= 8):
        yield start, start + len(value), "secret", "named"


_SHORT = ("key", "auth", "secret", "token")


def _hollow(value: str) -> bool:
    """Whether a value is none: a placeholder, a word about secrets, the name of a variable."""
    return len(value) < 4 or _HOLLOW.match(value) is not None


def _odd(value: str) -> bool:
    """Whether a word has a digit or sign in it, as passwords do, and is no number in a sentence and no UUID."""
    return any(letter.isdigit() for letter in value) and not value.strip(".,;:!?").isdecimal() and not _AS_ID.match(value.lower())


def _random(value: str, length: int) -> bool:
    """Whether a value is as long and as mixed as keys are: three bits a character or more (Shannon), digits or both cases in it."""
    if len(value) < length or value.isdecimal() or _AS_ID.match(value.lower()) or value.count("/") > 2:
        return False
    mixed = any(letter.isdigit() for letter in value) or (not value.islower() and not value.isupper() and not value.istitle())
    counts = Counter(value[:100]).values()
    total = sum(counts)
    return mixed and -sum(count / total * math.log2(count / total) for count in counts) >= 3


_AS_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\W?\Z|[a-z]{2,8}_[0-9a-hjkmnp-tv-z]{26}\W?\Z|[\d./:-]+\Z")
"""A UUID, a TypeID, a date."""
