"""`tools/list` and `tools/call`."""

import asyncio
import hashlib
import json
import warnings
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPDeprecationWarning, MCPError

from hulk.kernel.errors import HulkError, Invalid, NotFound, Refused
from hulk.kernel.records import JsonObject
from hulk.kernel.text import Text
from hulk.modules.tools.domain import Output, Question
from hulk.modules.tools.mcp import own
from hulk.modules.tools.mcp.answers import answered, refused
from hulk.modules.tools.mcp.asker import Asker, asker_of
from hulk.modules.tools.mcp.asking import Answers, Asking, Wants, form
from hulk.modules.tools.mcp.failures import wrong
from hulk.modules.tools.mcp.listing import named, on_page, tool_of
from hulk.modules.tools.mcp.pages import ALL
from hulk.modules.tools.mcp.sessions import Levels
from hulk.modules.tools.ports import Present, Progress
from hulk.modules.tools.settings import McpSettings
from hulk.modules.tools.usecases.acts import ToolActs
from hulk.modules.tools.usecases.call import LONGEST_KEY, Called, Wanted
from hulk.modules.tools.usecases.catalogue import who_of
from hulk.modules.tools.usecases.finding import Search

KEY = "hulk/idempotency-key"
"""In a call's `_meta`: unique to it, so that whoever asks again with it gets what came of the first."""
_ASKED = "hulk/arguments"
"""The key of Hulk's own question, for arguments that are missing."""
_TICKET_SECONDS = (0.05, 0.1, 0.2, 0.4)
"""How long a call that waits for a person is looked at until its ticket is there."""
Context = ServerRequestContext[Any, Any]


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is kept of a call from one round of questions to the next: arguments that were answered, and the tool's own state."""

    given: JsonObject = field(default_factory=dict)
    state: str = ""

    @classmethod
    def of(cls, text: str) -> "_Kept":
        """What `written` gave: nobody else can have made it."""
        return cls(**json.loads(text)) if text else cls()

    def written(self) -> str:
        """It as text; empty when there is nothing to keep."""
        return json.dumps({"given": self.given, "state": self.state}) if self.given or self.state else ""


@dataclass(frozen=True, slots=True)
class Calling:
    """These methods."""

    acts: ToolActs
    settings: McpSettings
    levels: Levels

    async def list(self, context: Context, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        """The tools that the caller may use now. Raises `MCPError` for a cursor that is not ours, and when nobody knows right now."""
        asker = asker_of(context.request)
        try:
            usable = await self.acts.find(asker.by, Search(server=asker.server, most=ALL))
            found = named(usable, await asker.called(self.acts.catalogue))
        except HulkError as error:
            raise wrong(error, asker.voice) from error
        page, following = on_page(found, params, asker.voice)
        first = own.listed(asker.server, many=len(found) > self.settings.search_from) if not (params and params.cursor) else []
        return types.ListToolsResult(tools=[*first, *(tool_of(*one) for one in page)], next_cursor=following)

    async def call(self, context: Context, params: types.CallToolRequestParams) -> types.CallToolResult | types.InputRequiredResult:
        """Call it. Raises `MCPError` for a tool that there is not, and one that asks what the client cannot ask."""
        unfit: MCPError | None = None
        async with _closed_late(context, self.settings.close_after):
            try:
                return await self._answered(context, params)
            except MCPError as error:
                unfit = error
        raise unfit

    async def _answered(self, context: Context, params: types.CallToolRequestParams) -> types.CallToolResult | types.InputRequiredResult:
        asker = asker_of(context.request)
        one = _OneCall(self.acts, asker, Asking(context, self.settings.answer_within), params, _progress(self.levels, context, params.name))
        try:
            if (meant := own.meant(params.name, asker.server)) is not None:
                return await own.Own(self.acts)(asker, meant, params.arguments or {})
            return await one.asking.through(params, one.round)
        except HulkError as error:
            return refused(error, asker.voice)


@dataclass(frozen=True, slots=True)
class _OneCall:
    """A call, from its first round to its last."""

    acts: ToolActs
    asker: Asker
    asking: Asking
    params: types.CallToolRequestParams
    progress: Progress

    async def round(self, answers: Answers, text: str) -> types.CallToolResult | Wants:
        """Call it with what is known by now. Raises `HulkError`, and `MCPError` for a tool that there is not."""
        before, name = _Kept.of(text), await self._name()
        if _ASKED in answers and answers[_ASKED] is None:
            raise Refused("{tool} was not called: what it needs was not given.", tool=self.params.name)
        extra = {**before.given, **(answers.get(_ASKED) or {})}
        arguments = {**(self.params.arguments or {}), **extra}
        if (question := await self._missing(name, arguments)) is not None:
            return Wants([question], _Kept(extra).written())
        said = {key: one for key, one in answers.items() if key != _ASKED}
        called = await self._called(name, arguments, said, before.state)
        if isinstance(called.shown, Output) and called.shown.asks:
            return self._wants(called, called.shown, extra)
        return answered(await self._with_ticket(called), self.asker.voice, self.acts.call.schemas)

    async def _called(self, name: str, arguments: JsonObject, said: Answers, state: str) -> Called:
        present = Present(language=self.asker.voice.language, progress=self.progress, answers=said, state=state, asks=self.asking.can)
        wanted = Wanted(
            tool=name, arguments=arguments, key=_round(_key(self.asking.context), said, state), server=self.asker.server, present=present
        )
        try:
            return await self.acts.call(self.asker.by, wanted)
        except NotFound as error:
            raise self._unknown() from error

    async def _missing(self, name: str, arguments: JsonObject) -> Question | None:
        """What to ask for before it is called, of somebody who may call it."""
        if not self.asking.can:
            return None
        try:
            tool, _ = await self.acts.catalogue.usable(who_of(self.asker.by), name, self.asker.server)
        except HulkError:
            return None  # the call says so
        schema = form(tool.input, arguments)
        text = Text("{tool} needs to know:", tool=self.params.name)
        return None if schema is None else Question(key=_ASKED, message=self.asker.voice.say(text), schema=schema)

    def _wants(self, called: Called, shown: Output, extra: JsonObject) -> types.CallToolResult | Wants:
        voice, tool = self.asker.voice, self.params.name
        if self.asking.can:
            asked = [replace(one, message=voice.say(_told(tool, one))) for one in shown.asks if one.key != _ASKED]
            return Wants(asked, _Kept(extra, shown.state).written())
        if self.asking.modern:
            raise self.asking.needed(voice.say(Text("{tool} asks something of a person, and your program does not.", tool=tool)))
        return answered(called, voice, self.acts.call.schemas)

    async def _name(self) -> str:
        tools = await self.asker.called(self.acts.catalogue)
        if tools is None:
            return self.params.name
        if (tool := tools.get(self.params.name)) is None:
            raise self._unknown()
        return tool.name

    def _unknown(self) -> MCPError:
        text = Text("There is no tool {name} here; tools/list gives those that there are.", name=self.params.name[:130])
        return MCPError(types.INVALID_PARAMS, self.asker.voice.say(text))

    async def _with_ticket(self, called: Called) -> Called:
        """The call with the ticket in which a person decides, which is opened by a run of its own a moment later."""
        for seconds in _TICKET_SECONDS:
            if called.call.status != "waiting" or called.call.ticket is not None:
                break
            await asyncio.sleep(seconds)
            called = await self.acts.calls(self.asker.by, called.call.id)
        return called


def _told(tool: str, asked: Question) -> Text:
    """Who asks: what a third party's server wants to know is not Hulk's question."""
    if not asked.server:
        return Text("{tool} asks: {message}", tool=tool, message=asked.message)
    return Text(
        "The server {server}, which is not Hulk's and gets what you say, asks for {tool}: {message}", server=asked.server, tool=tool,
        message=asked.message,
    )  # fmt: skip


@asynccontextmanager
async def _closed_late(context: Context, after: timedelta | None) -> AsyncIterator[None]:
    """Close the stream of a request that takes longer than that, if its client knows how to come back for the answer
    (2025-11-25, “Sending Messages to the Server”)."""
    close = context.close_sse_stream
    if after is None or close is None:
        yield
        return

    async def closed() -> None:
        await asyncio.sleep(after.total_seconds())
        await close()

    async with asyncio.TaskGroup() as group:
        later = group.create_task(closed())
        try:
            yield
        finally:
            later.cancel()


def _progress(levels: Levels, context: Context, tool: str) -> Progress:
    """Tells how far it is to who asked for that, else its words as log messages."""

    async def told(done: float, whole: float | None, word: str) -> None:
        if context.meta and "progress_token" in context.meta:
            await context.session.report_progress(done, whole, word or None)
        elif word and levels.wants(context, "info"):
            await _log(context, word, tool)

    return told


async def _log(context: Context, word: str, tool: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MCPDeprecationWarning)  # clients of 2025-11-25 have nothing else
        telling = context.session.send_log_message("info", word, tool, related_request_id=context.request_id)
    await telling


def _key(context: Context) -> str:
    """The caller's own key; empty when there is none. Raises `Invalid`."""
    key = (context.meta or {}).get(KEY, "")
    if not isinstance(key, str) or not key.isprintable() or not key.isascii() or len(key) > LONGEST_KEY:
        raise Invalid([(f"_meta.{KEY}", Text("a text of at most {count} printable ASCII characters is expected", count=LONGEST_KEY))])
    return key


def _round(key: str, answers: Mapping[str, Any], state: str) -> str:
    """The key of a round: with other answers it is another call, with the same ones the same."""
    if not key or not (answers or state):
        return key
    return hashlib.sha256(json.dumps([key, answers, state], sort_keys=True).encode()).hexdigest()


__all__ = ["KEY", "Calling"]
