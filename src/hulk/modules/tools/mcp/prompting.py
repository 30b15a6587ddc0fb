"""`prompts/list` and `prompts/get`: texts to begin with, filled in, with what is to be looked at beside them."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import mcp_types as types
from mcp.server.context import ServerRequestContext

from hulk.kernel.errors import HulkError, Invalid, Refused
from hulk.kernel.text import Text
from hulk.modules.tools.domain import Argument, Part, Prompt, Question, filled, in_language
from hulk.modules.tools.mcp.asker import Asker, asker_of
from hulk.modules.tools.mcp.asking import Answers, Asking, Wants
from hulk.modules.tools.mcp.contents import block
from hulk.modules.tools.mcp.failures import wrong
from hulk.modules.tools.mcp.listing import on_page
from hulk.modules.tools.mcp.reading import Reading
from hulk.modules.tools.usecases.acts import ToolActs

Context = ServerRequestContext[Any, Any]
_ASKED = "arguments"
_LONGEST = 20_000
"""Characters of an argument."""


@dataclass(frozen=True, slots=True)
class Prompting:
    """These methods."""

    acts: ToolActs
    reading: Reading
    within: timedelta

    async def list(self, context: Context, params: types.PaginatedRequestParams | None) -> types.ListPromptsResult:
        """Those that the caller may begin with, in their language. Raises `MCPError`."""
        asker = asker_of(context.request)
        try:
            found = await self.acts.prompts(asker.by, asker.server)
        except HulkError as error:
            raise wrong(error, asker.voice) from error
        page, following = on_page([(one.name, _listed(one, asker)) for one in found], params, asker.voice)
        return types.ListPromptsResult(prompts=[one for _, one in page], next_cursor=following)

    async def get(self, context: Context, params: types.GetPromptRequestParams) -> types.GetPromptResult | types.InputRequiredResult:
        """One, filled in; what is missing is asked of the person, where that is possible. Raises `MCPError`."""
        asker, asking = asker_of(context.request), Asking(context, self.within)

        async def step(answers: Answers, _: str) -> types.GetPromptResult | Wants:
            prompt = await self.acts.prompts.one(asker.by, params.name, asker.server)
            given = _given(prompt, params.arguments or {}, answers)
            if (missing := prompt.missing(given)) and asking.can:
                return Wants([_question(prompt, missing, asker)])
            return await self._filled(asker, prompt, given)

        try:
            return await asking.through(params, step)
        except HulkError as error:
            raise wrong(error, asker.voice) from error

    async def _filled(self, asker: Asker, prompt: Prompt, given: Mapping[str, str]) -> types.GetPromptResult:
        if missing := prompt.missing(given):
            raise Invalid([(f"arguments.{one.name}", Text("it is required and missing")) for one in missing])
        messages = [types.PromptMessage(role="user", content=one) async for one in self._blocks(asker, prompt, given)]
        return types.GetPromptResult(description=in_language(prompt.about, asker.voice.language), messages=messages)

    async def _blocks(self, asker: Asker, prompt: Prompt, given: Mapping[str, str]) -> AsyncIterator[types.ContentBlock]:
        for part in prompt.parts:
            if part.text is not None:
                yield types.TextContent(text=filled(in_language(part.text, asker.voice.language), given))
                continue
            for one in await self.reading.at(asker, _address(part, given)):
                yield block(one)


def _given(prompt: Prompt, arguments: Mapping[str, str], answers: Answers) -> Mapping[str, str]:
    if _ASKED in answers and answers[_ASKED] is None:
        raise Refused("“{name}” was not filled in.", name=prompt.name)
    given = {**arguments, **{name: str(value) for name, value in (answers.get(_ASKED) or {}).items()}}
    known = {one.name for one in prompt.arguments}
    wrong_ = [(f"arguments.{name[:64]}", Text("there is no such field; remove it")) for name in given if name not in known]
    long = [
        (f"arguments.{name}", Text("the length must be at most {count}", count=_LONGEST))
        for name, value in given.items() if name in known and len(value) > _LONGEST
    ]  # fmt: skip
    if wrong_ or long:
        raise Invalid([*wrong_, *long])
    return given


def _address(part: Part, given: Mapping[str, str]) -> str:
    """What is given stands for one step of an address, unless it is all of it."""
    whole = next((value for name, value in given.items() if part.resource == f"{{{name}}}"), None)
    return whole if whole is not None else filled(part.resource, {name: quote(value, safe="") for name, value in given.items()})


def _question(prompt: Prompt, missing: list[Argument], asker: Asker) -> Question:
    language = asker.voice.language
    fields = {one.name: {"type": "string", "description": in_language(one.about, language)} for one in missing}
    return Question(
        key=_ASKED, message=asker.voice.say(Text("“{title}” needs to know:", title=in_language(prompt.title, language))),
        schema={"type": "object", "properties": fields, "required": [one.name for one in missing]},
    )  # fmt: skip


def _listed(prompt: Prompt, asker: Asker) -> types.Prompt:
    language = asker.voice.language
    arguments = [
        types.PromptArgument(name=one.name, description=in_language(one.about, language), required=one.required)
        for one in prompt.arguments
    ]  # fmt: skip
    return types.Prompt(
        name=prompt.name, title=in_language(prompt.title, language), description=in_language(prompt.about, language), arguments=arguments
    )
