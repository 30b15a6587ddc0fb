"""A new channel for the settings file, and what is to be done at its vendor."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_origin

import yaml
from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo

from hulk.apps.settings import add_entry
from hulk.kernel.errors import Conflict, Invalid, Refused
from hulk.kernel.text import Language, Text, Voice
from hulk.modules.channels.settings import ChannelSettings, ChannelsSettings
from hulk.runtime.config import parsed
from hulk.runtime.validation import Explained, dotted, expected, refused

_STEPS: Mapping[str, tuple[Text, ...]] = {
    "telegram": (
        Text("Write /newbot to @BotFather on Telegram, and keep the token that it gives."),
        Text("Telegram calls {hook}, if it is on the internet; else Hulk asks it for messages."),
    ),
    "whatsapp": (
        Text("At developers.facebook.com/apps: create an app of type Business, add WhatsApp and your number."),
        Text("Under WhatsApp > Configuration > Webhook: give {hook} and the verify token, subscribe to messages and user_id_update."),
    ),
    "mattermost": (
        Text("At Mattermost: Integrations > Bot Accounts > Add; keep its token, and invite the bot to the team."),
        Text("For the slash command: Integrations > Slash Commands > Add, method POST, request URL {hook}."),
    ),
    "alexa": (
        Text("At developer.amazon.com/alexa/console/ask: Create Skill, type Custom, hosting Provision your own."),
        Text("Under Endpoint: HTTPS, {hook}; copy the id of the skill from there."),
    ),
    "email": (
        Text("At the provider: make a mailbox for Hulk alone, switch IMAP on, and keep a password for one program."),
        Text("Send it a mail from outside: authserv is what stands before the first ; in its topmost Authentication-Results."),
    ),
    "wyoming": (
        Text("In Home Assistant: Settings > Devices & services > Add integration > Wyoming Protocol; this machine's address, port {port}."),
        Text("Under Settings > Voice assistants: choose hulk as the conversation agent."),
        Text("Only this machine is let in, unless host is its address in your network and peers names who may connect."),
    ),
    "webhook": (Text("Have the other program send signed requests (standardwebhooks.com) to {hook}."),),
}


_GUIDES = {"wyoming": "voice"}
"""Of which kind the guide has another name."""
_NEEDED_WITH = (("telegram", "url", "secret"), ("email", "oauth_url", "oauth_secret"))
"""Of which kind which setting takes which secret besides: who is called has to know that it is the vendor."""
_NEEDED_WITHOUT = (("email", "oauth_url", "password"),)
"""Of which kind which secret is needed unless there is a setting in its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChannel:
    """A channel as it was given: settings by name, each as text."""

    kind: str
    name: str
    given: Mapping[str, str]


def missing(kind: str, given: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The settings that such a channel needs and that were not given, with what they are about; secrets have a place without being asked
    for. Raises `Refused` for no kind."""
    for name, field in _settings(kind).model_fields.items():
        if field.is_required() and name not in given and name != "name" and not _secret(field):
            yield name, field.description or ""


def add_channel(file: Path, new: NewChannel, environ: Mapping[str, str]) -> dict[str, Any]:
    """The settings file with one more channel, checked whole before it takes the place of the old one; what was written. Required secrets
    that were not given are looked for in variables of their names. Raises `Refused`, and `Conflict` for a name that is taken."""
    entry = _entry(new)
    _require_free(file, new.name)
    add_entry(file, "channels", new.kind, entry, environ)
    return {"kind": new.kind, **entry, "file": str(file)}


def kinds() -> Mapping[str, type[ChannelSettings]]:
    """The settings of each kind, by its name."""
    return {
        name: get_args(field.annotation)[0]
        for name, field in ChannelsSettings.model_fields.items()
        if get_origin(field.annotation) is tuple
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be done to add a channel. `entry` is what stands in the settings file, None while something is missing, and `variables`
    are where its secrets are looked for, each with what it is about. `wrong` says of each setting what is expected of it."""

    entry: Mapping[str, Any] | None
    variables: Mapping[str, str]
    problem: Text | None = None
    wrong: Sequence[tuple[str, Text]] = ()


def planned(new: NewChannel) -> Plan:
    """The plan for that channel; nothing is written. Raises `Refused` for no kind."""
    try:
        entry = _entry(new)
    except Refused as error:
        return Plan(entry=None, variables={}, problem=error.text, wrong=error.fields if isinstance(error, Invalid) else ())
    fields = _settings(new.kind).model_fields
    places = {name: str(value).removeprefix("env:") for name, value in entry.items() if _secret(fields[name])}
    return Plan(entry=entry, variables={place: fields[name].description or "" for name, place in places.items()})


def require_no_secrets(kind: str, given: Mapping[str, str]) -> None:
    """Raises `Refused` when one of them is a secret: what stands in an address is read by many."""
    fields = _settings(kind).model_fields
    for name in given:
        if name in fields and _secret(fields[name]):
            raise Refused("{setting} is a secret and is given to Hulk in its environment, never here.", setting=name)


def steps(kind: str, name: str, voice: Voice) -> list[str]:
    """What is to be done at the vendor."""
    about = {"hook": f"https://…/v1/hooks/{name or '…'}", "port": 10_700}
    return [voice.say(Text(step.msgid, **about)) for step in _STEPS.get(kind, ())]


def guide(kind: str, language: Language) -> str:
    """Where all of it is described."""
    return f"docs/channels/{_GUIDES.get(kind, kind)}{'.pt-BR' if language == 'pt' else ''}.md"


def introduced(new: NewChannel, entry: Mapping[str, Any], voice: Voice, language: Language) -> Iterator[str]:
    """What is to be done now, line by line, and where it is described."""
    yield ""
    about = {"hook": f"https://…/v1/hooks/{new.name}", "port": entry.get("port", 10_700)}
    for step in _STEPS.get(new.kind, ()):
        yield "- " + voice.say(Text(step.msgid, **about))
    for name, value in entry.items():
        if name != "file" and isinstance(value, str) and (at := parsed(value)) is not None:
            yield "- " + voice.say(Text("Hulk looks for {setting} at {place}.", setting=name, place=str(at)))
    yield "- " + voice.say(Text("Start Hulk anew, then: {command}", command=f"thor channels check {new.name}"))
    if new.kind in _STEPS and new.kind != "webhook":
        yield voice.say(Text("All of it: {guide}", guide=guide(new.kind, language)))


def _settings(kind: str) -> type[ChannelSettings]:
    known = kinds()
    if kind not in known:
        raise Refused("There is no kind of channel “{kind}”; there are: {known}.", kind=kind[:80], known=", ".join(sorted(known)))
    return known[kind]


def _entry(new: NewChannel) -> dict[str, Any]:
    settings = _settings(new.kind)
    if wrong := sorted(set(new.given) - set(settings.model_fields) | ({"name"} & set(new.given))):
        known = ", ".join(name for name in settings.model_fields if name != "name")
        raise Refused(
            "A channel of kind {kind} has no setting {wrong}; it has: {known}.", kind=new.kind, wrong=", ".join(wrong), known=known
        )
    entry = {
        "name": new.name,
        **_secrets(new, settings),
        **{name: _typed(settings.model_fields[name], text) for name, text in new.given.items()},
    }
    try:
        settings.model_validate(entry)
    except ValidationError as error:
        raise Invalid([(dotted(one["loc"]), expected(one)) for one in error.errors()], refused(error).text) from error
    for name, field in settings.model_fields.items():
        if _secret(field) and name in entry:
            _require_reference(name, str(entry[name]))
    return entry


def _secrets(new: NewChannel, settings: type[ChannelSettings]) -> dict[str, str]:
    """Where the required secrets are that were not given: `env:ZAP_APP_SECRET`."""
    prefix = new.name.upper().replace("-", "_")
    needed = [name for name, field in settings.model_fields.items() if _secret(field) and field.is_required()]
    needed += [secret for kind, setting, secret in _NEEDED_WITH if kind == new.kind and setting in new.given]
    needed += [secret for kind, setting, secret in _NEEDED_WITHOUT if kind == new.kind and setting not in new.given]
    return {name: f"env:{prefix}_{name.upper()}" for name in needed if name not in new.given}


def _require_reference(setting: str, text: str) -> None:
    """Raises `Refused` for a secret itself: the settings file is read by more people than may know it."""
    try:
        found = parsed(text)
    except Explained as error:
        raise Refused("{setting}: {reason}.", setting=setting, reason=error.text) from error
    if found is None:
        raise Refused(
            "Give where {setting} is, such as {setting}=env:NAME or {setting}=file:/run/secrets/name, never the secret itself.",
            setting=setting,
        )


def _secret(field: FieldInfo) -> bool:
    return field.annotation is SecretStr


def _typed(field: FieldInfo, text: str) -> Any:
    """As it stands in YAML."""
    if get_origin(field.annotation) is tuple:
        return [part.strip() for part in text.split(",") if part.strip()]
    if field.annotation not in (bool, int):
        return text
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text  # which is then told to be no number, or no yes or no


def _require_free(file: Path, name: str) -> None:
    try:
        values = yaml.safe_load(file.read_text("utf-8") if file.exists() else "") or {}
    except yaml.YAMLError:
        return  # `configured` says where it is broken
    section = values.get("channels") if isinstance(values, dict) else None
    entries = [one for many in (section or {}).values() if isinstance(many, list) for one in many if isinstance(one, dict)]
    if any(one.get("name") == name for one in entries):
        raise Conflict("There is a channel “{name}” in {file} already. Take another name, or change it there.", name=name, file=str(file))
