"""The modules' sections of the settings, each of which is imported when it is first asked for.

To import all of them takes most of a second, and a command of `thor` needs one or two.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module

from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class Sections(Mapping[str, type[BaseModel]]):
    """Settings classes by the name of their section. `places` says where each is: `hulk.modules.tools.settings:ToolsSettings`."""

    places: Mapping[str, str]

    def __getitem__(self, name: str) -> type[BaseModel]:
        module, _, kind = self.places[name].partition(":")
        found: type[BaseModel] = getattr(import_module(module), kind)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)


@dataclass(frozen=True, slots=True)
class Modules(Mapping[str, BaseModel]):
    """The modules' sections by their names: `made` are those that somebody has set or asked for, all others are as `kinds` has them."""

    kinds: Mapping[str, type[BaseModel]] = field(default_factory=dict)
    made: dict[str, BaseModel] = field(default_factory=dict)

    def __getitem__(self, name: str) -> BaseModel:
        if name not in self.made:
            self.made[name] = self.kinds[name].model_validate({})
        return self.made[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**dict.fromkeys(self.kinds), **self.made})

    def __len__(self) -> int:
        return len({*self.kinds, *self.made})

    def with_made(self, change: Callable[[str, BaseModel], BaseModel]) -> "Modules":
        """The same, each that is made as `change` gives it for its name and itself."""
        return Modules(self.kinds, {name: change(name, section) for name, section in self.made.items()})

    def of(self, kind: type[BaseModel]) -> BaseModel | None:
        """The section of that class."""
        return next((self[name] for name in self if self._is(name, kind)), None)

    def _is(self, name: str, kind: type[BaseModel]) -> bool:
        if name in self.made:
            return isinstance(self.made[name], kind)
        if isinstance(self.kinds, Sections):
            return self.kinds.places[name] == f"{kind.__module__}:{kind.__qualname__}"
        return issubclass(self.kinds[name], kind)
