"""What stands in a request of Alexa's, and what came in with it.

Which words lead a question (`quantos pedidos …`) is not in a slot of AMAZON.SearchQuery, which holds what follows them. So they are in the
intent's name: of `Ask_how_many`, the text is “how many” and the slot. Of any other intent it is what its slots hold.
"""

from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from hulk.kernel.text import Language, writable
from hulk.modules.channels.adapters.speech import linking, spelt
from hulk.modules.channels.domain import Arrival, Sender


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, alias_generator=to_camel)


class _Application(_Part):
    application_id: str = ""


class _User(_Part):
    user_id: str = ""


class _Person(_Part):
    person_id: str = ""


class _System(_Part):
    application: _Application = _Application()
    user: _User = _User()
    person: _Person | None = None


class _Context(_Part):
    system: _System = Field(default=_System(), alias="System")


class _Slot(_Part):
    value: str | None = None


class Intent(_Part):
    """What Alexa understood."""

    name: str = Field(min_length=1, max_length=200)
    slots: dict[str, _Slot] | None = None


class Asked(_Part):
    """The request itself."""

    type: str = Field(min_length=1, max_length=200)
    request_id: str = Field(min_length=1, max_length=255)
    timestamp: AwareDatetime
    locale: str = ""
    intent: Intent | None = None


class _Session(_Part):
    application: _Application = _Application()
    user: _User = _User()
    attributes: dict[str, Any] | None = None


class Envelope(_Part):
    """All of it."""

    context: _Context = _Context()
    session: _Session | None = None
    request: Asked

    @property
    def skills(self) -> set[str]:
        """Which skills it names."""
        named = {self.context.system.application.application_id, self.session.application.application_id if self.session else ""}
        return named - {""}

    @property
    def language(self) -> Language | None:
        """What is spoken, where it is a language that Hulk speaks."""
        found = self.request.locale.partition("-")[0].lower()
        return "pt" if found == "pt" else "en" if found == "en" else None

    @property
    def who(self) -> str:
        """Who speaks: the person, where Alexa knows the voice, else the account whose device it is."""
        system = self.context.system
        known = system.person.person_id if system.person else ""
        return writable(known or system.user.user_id or (self.session.user.user_id if self.session else ""))

    def attribute(self, name: str) -> str:
        """What our last response left in the session."""
        found = ((self.session.attributes if self.session else None) or {}).get(name)
        return found if isinstance(found, str) else ""

    def arrival(self, **more: Any) -> Arrival:
        """What came in."""
        request = self.request
        given = {"kind": "message", "id": request.request_id, "at": request.timestamp, **more}
        return Arrival(key=request.request_id, address=self.who, sender=Sender(id=self.who, language=self.language), **given)


def said(intent: Intent) -> str:
    """What was said, in words; empty when nothing was understood."""
    values = " ".join(slot.value for slot in (intent.slots or {}).values() if slot.value)
    if not values:
        return ""
    leading = intent.name.removeprefix("Ask_").replace("_", " ") + " " if intent.name.startswith("Ask_") else ""
    text = writable(leading + values).strip()
    return f"/link {spelt(text)}" if intent.name == "Link" else linking(text)


def age(now: datetime, at: datetime) -> float:
    """Seconds between both, whichever is earlier."""
    return abs((now - at).total_seconds())
