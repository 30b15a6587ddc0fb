"""What somebody said to a voice assistant, as an arrival. Pure rules."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hulk.kernel import ids
from hulk.kernel.text import Language, writable
from hulk.modules.channels.adapters.speech import linking
from hulk.modules.channels.domain import Arrival, Sender
from hulk.modules.channels.domain.arrival import LONGEST_TEXT

HOME = "home"
"""Who speaks: the protocol tells of nobody. A channel is one household, as an account of Alexa's is."""
_AND_NOW = re.compile(
    r"(?:(?:ei |oi )?hulk )?(?:e agora|e aí|e então|já (?:terminou|acabou)|terminou|tem novidades?|alguma novidade"
    r"|qual (?:é|foi) a resposta|and now|so|what now|are you done|(?:is there )?any news|what is the answer|what was the answer)(?: hulk)?",
)
_YES = frozenset({"sim", "quero", "pode", "claro", "isso", "yes", "yeah", "sure", "please do", "por favor", "sim por favor", "yes please"})
_NO = frozenset({"não", "nao", "agora não", "não obrigado", "não obrigada", "no", "nope", "no thanks", "no thank you"})


def arrival(text: str, data: Mapping[str, Any], at: datetime) -> Arrival:
    """What came in. Whoever only asks for what was left to say (“e agora?”) opens the conversation again."""
    words, id_ = linking(writable(text).strip()[: LONGEST_TEXT + 1]), ids.new("utt")
    kind: Any = "opening" if _AND_NOW.fullmatch(bare(words)) else "message"
    sender = Sender(id=HOME, language=language(data.get("language")))
    return Arrival(
        key=id_, kind=kind, address=room(data), id=id_, sender=sender, at=at, text=words, reply={"conversation": conversation(data)}
    )


def room(data: Mapping[str, Any]) -> str:
    """Where it was said: by which satellite, as Home Assistant tells (`context.satellite_id`, `device_id`)."""
    context = data.get("context")
    given = [context.get(name) for name in ("satellite_id", "device_id")] if isinstance(context, dict) else []
    named = [one for one in given if isinstance(one, str) and one]
    return f"{HOME}/{writable(named[0])[:100]}" if named else HOME


def language(tag: object) -> Language | None:
    """Of a tag such as `pt-BR`; none that Hulk does not speak."""
    found = tag.replace("_", "-").partition("-")[0].lower() if isinstance(tag, str) else ""
    return "pt" if found == "pt" else "en" if found == "en" else None


def conversation(data: Mapping[str, Any]) -> str:
    """The id that Home Assistant gives to what is said in one go; empty when it gives none."""
    context = data.get("context")
    found = context.get("conversation_id") if isinstance(context, dict) else None
    return writable(found)[:200] if isinstance(found, str) else ""


def decided(text: str) -> bool | None:
    """True for a yes, False for a no, None for anything else."""
    words = bare(text)
    return True if words in _YES else False if words in _NO else None


def bare(text: str) -> str:
    """The words alone, in small letters."""
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))
