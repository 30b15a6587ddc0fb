"""Who may use which tools, and which tools are a server of their own, as the settings say it."""

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, TypeAlias

from pydantic import Field

from hulk.kernel.tenancy import Role
from hulk.modules.tools.domain import Autonomy, Names, Rule, Server
from hulk.runtime.config import Duration, Section

Patterns: TypeAlias = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=128)], ...], Field(max_length=100)]
Name: TypeAlias = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", description="Its name.")]


class OwnRuleSettings(Section):
    """What is allowed, or forbidden: nobody may anything that no rule allows, and a rule that forbids beats all that allow."""

    tools: Patterns = Field(description="The tools that it is about (`crm.*`).")
    roles: tuple[Role, ...] = Field(default=(), description="Who it is about: who has one of these roles.")
    people: Patterns = Field(
        default=(), description="Who else (`person:ana@example.com`, `key:ab12*`); everybody when there are no roles either."
    )
    agents: Patterns = Field(
        default=(),
        description="Only calls through these agents (`retail`, `*`); without any, only those without one, or with `deny` all.",
    )
    deny: bool = Field(default=False, description="Whether it forbids.")
    autonomy: Autonomy = Field(
        default="approve",
        description="Calls that change something: `suggest` only says what would be done, `approve` asks a person, `act` does it.",
    )
    up_to: Decimal | None = Field(default=None, ge=0, description="With `act`: the largest amount that is not put to a person.")
    sensitive: bool = Field(default=False, description="Whether they may see what must stay in the company.")
    wait: Duration | None = Field(
        default=None, gt=timedelta(0), description="How long a person is waited for, if that is less than `tools.wait`."
    )

    def rule(self, name: str) -> Rule:
        """As the domain has it."""
        return Rule(name=name, **{field: getattr(self, field) for field in OwnRuleSettings.model_fields})


class RuleSettings(OwnRuleSettings):
    """One of the settings' rules."""

    name: Name
    tenants: Patterns = Field(default=(), description="The tenants that it is about; all when there is none.")

    def whole(self) -> Rule:
        """As the domain has it."""
        return Rule(**{field: getattr(self, field) for field in RuleSettings.model_fields})


class OwnServerSettings(Section):
    """Some of the tools as an MCP server of their own."""

    title: str = Field(default="", max_length=120, description="What people call it.")
    tools: Patterns = Field(default=("*",), description="Its tools (`github.*`), as far as rules allow them.")
    roles: tuple[Role, ...] = Field(default=(), description="Who it is for: who has one of these roles.")
    people: Patterns = Field(default=(), description="Who else; everybody when there are no roles either.")
    names: Names = Field(
        default="full", description="What its tools are called: `full` is `github.list_issues`, `short` is `list_issues`, without dots."
    )

    def server(self, name: str) -> Server:
        """As the domain has it."""
        return Server(name=name, **{field: getattr(self, field) for field in OwnServerSettings.model_fields})


class ServerSettings(OwnServerSettings):
    """One of the settings' servers."""

    name: Name
    tenants: Patterns = Field(default=(), description="The tenants that it is for; all when there is none.")

    def whole(self) -> Server:
        """As the domain has it."""
        return Server(**{field: getattr(self, field) for field in ServerSettings.model_fields})
