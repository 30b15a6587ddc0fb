"""`thor channels`: how people and programs reach the running Hulk, whether that works, and what was not sent."""

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote, urlencode

import typer

from hulk.apps.painting import out
from hulk.apps.terminal import FAILED, language, speaker, spoken
from hulk.apps.thor.commands import (
    ConfigOption,
    DataOption,
    JsonOption,
    LimitOption,
    ReasonOption,
    Rows,
    asked,
    end,
    group,
    running,
    show,
)
from hulk.kernel.text import Text

if TYPE_CHECKING:  # aiohttp and cattrs: not for `--help`
    from hulk.apps.client import Client
    from hulk.kernel.records import JsonObject

app = group(Text("Channels: how people and programs reach Hulk."))
codes = group(Text("Codes by which people say who they are at a channel."))
app.add_typer(codes, name="codes")

NameArgument = Annotated[str | None, typer.Argument(help=spoken(Text("A channel's name; without one, all.")), metavar="NAME")]
MessageArgument = Annotated[str, typer.Argument(help=spoken(Text("The message's id, msg_….")), metavar="MESSAGE")]
PersonArgument = Annotated[str, typer.Argument(help=spoken(Text("Whose it is: an id from `thor people list`.")), metavar="PERSON")]

_STATUS = {
    "ok": Text("works"), "failing": Text("does not work"), "untried": Text("not tried yet"),
    "unattended": Text("no process looks after it"),
}  # fmt: skip


@app.command("list", help=spoken(Text("The channels, and how they are.")))
def channels_list(data: DataOption = None, as_json: JsonOption = False) -> None:
    """The channels."""

    async def act(client: "Client") -> Rows:
        found = (await client.get("/v1/channels"))["channels"]
        return list(found) if as_json else [_standing(one) for one in found]

    asked(data, act, as_json=as_json)


def _standing(one: "JsonObject") -> "JsonObject":
    check, waiting = one["check"], one["messages"]
    problem = one["told_off"] or one["deaf"] or ((check or {}).get("problem") or {}).get("detail", "")
    return {
        "channel": one["channel"], "kind": one["kind"], "status": _in_words(one["status"]),
        "last_arrival": _brief(one["last_arrival"]), "last_sent": _brief(one["last_sent"]),
        "waiting": waiting.get("waiting", 0), "failed": waiting.get("failed", 0),
        "unknown": waiting.get("unknown", 0), "checked": _brief((check or {}).get("at")), "problem": problem,
    }  # fmt: skip


def _in_words(status: str) -> str:
    return spoken(_STATUS[status]) if status in _STATUS else status


def _brief(moment: str | None) -> str | None:
    return None if moment is None else f"{moment[:19]}Z"


@app.command("add", help=spoken(Text("Write a channel into the settings file; a running Hulk opens it at its next start.")))
def channels_add(
    kind: Annotated[str, typer.Argument(help=spoken(Text("Its kind, such as telegram, whatsapp, mattermost, alexa or webhook.")))],
    name: Annotated[str, typer.Argument(help=spoken(Text("A name of your own for it; vendors call /v1/hooks/NAME.")))],
    given: Annotated[
        list[str] | None,
        typer.Argument(help=spoken(Text("Its settings, and where its secrets are: token=env:TELEGRAM_TOKEN.")), metavar="[SETTING=VALUE]…"),
    ] = None,
    config: ConfigOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Write it down."""
    pairs = dict(_pair(one) for one in given or ())

    async def act() -> int:
        from hulk.apps.channel_setup import NewChannel, add_channel, introduced, missing  # the modules: not for `--help`

        for setting, about in missing(kind, pairs) if out.is_terminal and not as_json else ():
            pairs[setting] = await asyncio.to_thread(typer.prompt, f"{setting} ({about})")
        new = NewChannel(kind=kind, name=name, given=pairs)
        added = await asyncio.to_thread(add_channel, Path.cwd() / (config or "hulk.yaml"), new, os.environ)
        show([added], as_json=as_json)
        for line in () if as_json else introduced(new, added, speaker(), language(os.environ)):
            out.print(line, markup=False, soft_wrap=True)
        return 0

    end(act)


def _pair(text: str) -> tuple[str, str]:
    setting, is_, value = text.partition("=")
    if not is_:
        raise typer.BadParameter(spoken(Text("a setting and its value are expected, as in {example}", example="token=env:TELEGRAM_TOKEN")))
    return setting, value


@app.command("check", help=spoken(Text("Have channels prove that they work, both ways; ends with 1 when one does not.")))
def channels_check(
    name: NameArgument = None,
    every: Annotated[bool, typer.Option("--all", help=spoken(Text("All channels.")))] = False,
    reason: ReasonOption = "", data: DataOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Try them."""
    if (name is None) != every:
        raise typer.BadParameter("NAME | --all")

    async def act() -> int:
        async with running(data) as client:
            names = [name] if name else [one["channel"] for one in (await client.get("/v1/channels"))["channels"]]
            found = {one: await client.post(f"/v1/channels/{quote(one, safe='')}/check", {"reason": reason}, {}) for one in names}
        rows = [{"channel": one, **tried} if as_json else _tried(one, tried) for one, tried in found.items()]
        show(rows, as_json=as_json)
        return 0 if all(tried["ok"] for tried in found.values()) else FAILED

    end(act)


def _tried(name: str, tried: "JsonObject") -> "JsonObject":
    proved = "; ".join(f"{one['proved']} ({one['seconds']:.2f} s)" for one in tried["steps"])
    return {
        "channel": name,
        "status": _in_words("ok" if tried["ok"] else "failing"),
        "seconds": tried["seconds"],
        "detail": proved,
        "problem": (tried["problem"] or {}).get("detail"),
    }


@app.command("tail", help=spoken(Text("What came in and goes out, the newest last.")))
def channels_tail(
    name: NameArgument = None,
    follow: Annotated[bool, typer.Option("--follow", help=spoken(Text("Go on until Ctrl-C, as it happens.")))] = False,
    limit: LimitOption = 20, data: DataOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Look on."""

    async def act() -> int:
        from hulk.apps.channel_tail import Tail  # aiohttp: not for `--help`

        async with running(data) as client:
            tail = Tail(client, name, min(limit, 500))
            async for line in tail(follow=follow):
                out.print(line.json if as_json else line.text, markup=False, soft_wrap=True)
        return 0

    end(act)


@app.command("messages", help=spoken(Text("What goes out, the newest first; those that are unknown with why.")))
def channels_messages(
    name: NameArgument = None,
    state: Annotated[
        list[str] | None,
        typer.Option(
            "--state", help=spoken(Text("Only those: waiting, sending, sent, failed, unknown, withdrawn, shown; again for more."))
        ),
    ] = None,
    limit: LimitOption = 20, data: DataOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """The messages."""
    wanted = [("limit", str(min(limit, 500))), *(("state", one) for one in state or ()), *([("channel", name)] if name else [])]

    async def act(client: "Client") -> Rows:
        found = (await client.get(f"/v1/channel-messages?{urlencode(wanted)}"))["messages"]
        return list(found) if as_json else [_message(one) for one in found]

    asked(data, act, as_json=as_json)


def _message(one: "JsonObject") -> "JsonObject":
    shown = {name: one[name] for name in ("message_id", "channel", "address", "state", "attempts")}
    return {**shown, "created": _brief(one["created"]), "text": one["text"][:80], "problem": (one["problem"] or {}).get("detail")}


@app.command("again", help=spoken(Text("Send a message again that failed, or of which nobody knows whether it went out.")))
def channels_again(message: MessageArgument, reason: ReasonOption = "", data: DataOption = None, as_json: JsonOption = False) -> None:
    """Once more."""
    _decided(message, "again", reason, data, as_json=as_json)


@app.command("withdraw", help=spoken(Text("Do not send a message that waits, failed or is unknown.")))
def channels_withdraw(message: MessageArgument, reason: ReasonOption = "", data: DataOption = None, as_json: JsonOption = False) -> None:
    """No more."""
    _decided(message, "withdraw", reason, data, as_json=as_json)


def _decided(message: str, what: str, reason: str, data: Path | None, *, as_json: bool) -> None:
    """Decide on the message as it is just now: who decides at the same moment is told."""
    path = f"/v1/channel-messages/{quote(message, safe='')}"

    async def act(client: "Client") -> Rows:
        seen = await client.get(path)
        found = await client.post(f"{path}/{what}", {"reason": reason}, {"if-match": seen["etag"]})
        return [found] if as_json else [_message(found)]

    asked(data, act, as_json=as_json)


@codes.command("list", help=spoken(Text("The codes there are, without the codes themselves.")))
def codes_list(data: DataOption = None, as_json: JsonOption = False) -> None:
    """The codes."""

    async def act(client: "Client") -> Rows:
        return list((await client.get("/v1/channel-codes"))["codes"])

    asked(data, act, as_json=as_json)


@codes.command("add", help=spoken(Text("Make a code for a person, who says it at a channel: /link CODE. It is shown this once.")))
def codes_add(
    person: PersonArgument,
    hours: Annotated[float, typer.Option("--hours", help=spoken(Text("How long it holds.")), min=0.01, max=720)] = 24,
    digits: Annotated[bool, typer.Option("--digits", help=spoken(Text("Of digits only, where it is to be spoken.")))] = False,
    reason: ReasonOption = "", data: DataOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """A new one."""
    body: dict[str, Any] = {"person": person, "hours": hours, "digits": digits, "reason": reason}

    async def act(client: "Client") -> Rows:
        return [await client.post("/v1/channel-codes", body, {})]

    asked(data, act, as_json=as_json)


@codes.command("remove", help=spoken(Text("Have a person's unused codes hold no more.")))
def codes_remove(person: PersonArgument, reason: ReasonOption = "", data: DataOption = None, as_json: JsonOption = False) -> None:
    """No more."""

    async def act(client: "Client") -> Rows:
        await client.delete(f"/v1/channel-codes/{quote(person, safe='')}?{urlencode({'reason': reason})}")
        return [{"removed": True}]

    asked(data, act, as_json=as_json)
