"""What a server lists as tools, made into ours.

    listIssues   > github.listissues          get-user   > github.get_user
    get_user, get-user, side by side          > github.get_user_5f3a…, github.get_user_91c0…

Our name stands for theirs in a way that nobody but the server can change: a name that two of its tools would get goes to neither.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hulk.modules.tools.adapters.backends.mounted.limits import Limits, Rules
from hulk.modules.tools.domain import Effect, Listed, Said, Tool
from hulk.modules.tools.domain.permission import any_of

_NAME = re.compile(r"[A-Za-z0-9_./-]{1,128}")
"""What MCP lets a tool be called (2025-11-25, “Tool Names”), and the slash that some have."""
_PLAIN = re.compile(r"[a-z][a-z0-9_]{0,62}")
_MARKED = re.compile(r"_[0-9a-f]{8}$")
_LONGEST = 63
_MARK = 8


@dataclass(frozen=True, slots=True)
class Listing:
    """What a server says it can do, as far as it is taken; `left_out` says how many tools are not, by why."""

    tools: Mapping[str, Listed]
    left_out: Mapping[str, int]


class Taking:
    """Takes what a server lists, page by page, as far as there is room."""

    def __init__(self, backend: str, rules: Rules, limits: Limits) -> None:
        self._backend, self._rules, self._limits = backend, rules, limits
        self._kept: dict[str, Said] = {}
        self._left_out = Counter[str]()
        self._size = 0

    def take(self, tools: Iterable[Any]) -> bool:
        """`tools` are the SDK's `Tool`s, in the order in which the server gives them. Whether there is room for more."""
        for tool in tools:
            said = said_of(tool)
            if why := self._unfit(said):
                self._left_out[why] += 1
            else:
                self._kept[said.name] = said
        return len(self._kept) < self._limits.tools and self._size < self._limits.listing

    def cut(self, why: str) -> None:
        """There would be more."""
        self._left_out[why] += 1

    def listing(self) -> Listing:
        """What was taken, under our names."""
        names = ours(self._kept)
        made = [_listed(f"{self._backend}.{names[said.name]}", said, self._rules, self._limits) for said in self._kept.values()]
        return Listing({one.tool.name: one for one in made}, dict(self._left_out))

    def _unfit(self, said: Said) -> str:
        """Why a tool is not taken, if it is not."""
        if not _NAME.fullmatch(said.name):
            return "malformed name"
        if said.name in self._kept:
            return "name there twice"
        try:
            size = _size(said)
        except (ValueError, RecursionError):  # NaN, half of a UTF-16 pair, a number of thousands of digits
            return "not JSON"
        if size > self._limits.tool:
            return "too large"
        if len(self._kept) >= self._limits.tools or self._size + size > self._limits.listing:
            return "too many"
        self._size += size
        return ""


def said_of(tool: Any) -> Said:
    """What one of the SDK's `Tool`s says."""
    notes = tool.annotations.model_dump(by_alias=True, mode="json", exclude_none=True) if tool.annotations else {}
    return Said(
        name=tool.name, title=tool.title or "", description=tool.description or "", input=tool.input_schema, output=tool.output_schema,
        annotations=notes,
    )  # fmt: skip


def _size(said: Said) -> int:
    data = [said.title, said.description, said.input, said.output, said.annotations]
    return len(json.dumps(data, ensure_ascii=False, allow_nan=False).encode())


def ours(names: Iterable[str]) -> dict[str, str]:
    """The act part of our name for each of theirs, all different."""
    plain = {name: _plain(name) for name in names}
    taken = Counter(plain.values())
    return {name: ours_ if taken[ours_] == 1 and _good(ours_) else _marked(name, ours_) for name, ours_ in plain.items()}


def _good(name: str) -> bool:
    """Whether it can stay as it is: no name that could be another's with its mark."""
    return _PLAIN.fullmatch(name) is not None and not _MARKED.search(name)


def _plain(name: str) -> str:
    small = re.sub(r"[^a-z0-9_]+", "_", name.lower()).strip("_")
    return small if _PLAIN.match(small) else f"t_{small}"


def _marked(name: str, plain: str) -> str:
    mark = hashlib.sha256(name.encode()).hexdigest()[:_MARK]
    return f"{plain[: _LONGEST - _MARK - 1]}_{mark}"


def effect(said: Said, rules: Rules) -> Effect:
    """What it does, by our own rules. What the server notes of itself is not trusted: it can make no tool harmless, only tell one that
    destroys from one that writes; who notes nothing destroys (2025-11-25, `ToolAnnotations`: destructiveHint is true unless said)."""
    if any_of(said.name, rules.reads):
        return "read"
    return "write" if said.annotations.get("destructiveHint") is False else "destroy"


def _listed(name: str, said: Said, rules: Rules, limits: Limits) -> Listed:
    title = said.title or str(said.annotations.get("title", "")) or said.name
    tool = Tool(
        name=name, title=_cut(title, 200), description=_cut(said.description, limits.description), input=said.input, output=said.output,
        effect=effect(said, rules), seconds=rules.seconds,
    )  # fmt: skip
    about = rules.about
    tool = replace(tool, outside=about.outside, data=about.data, owner=about.owner, tags=about.tags)
    return Listed(said=said, digest=said.digest, tool=tool)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
