"""Who works there, which agents work for them, and what they may."""

from collections.abc import Sequence

from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import Grant, Principal, everywhere
from support.team import a_playbook, an_agent
from support.tools import BOSS

EVE = Principal(tenant="acme", actor="person:eve@example.com", grants=everywhere("operator"))
BOTH = Principal(tenant="acme", actor="person:bia@example.com", grants=(Grant("operator"), Grant("approver")))
CAIO = Principal(tenant="acme", actor="person:caio@example.com", grants=everywhere("approver"))
PLATFORM_ADMIN = Principal(tenant="default", actor="person:root@example.com", grants=everywhere("admin"))
MAY_SAY_YES = (BOSS, CAIO)
CARRY = {"key": "carry", "tool": "web.search", "with": {"query": "${think.answer}"}, "optional": True}
FILES: Sequence[JsonObject] = (
    {
        "name": "clerk", "limits": {"tokens": 10_000_000, "turns": 3, "minutes": 600},
        "tools": [
            {"use": ["crm.*", "payroll.*"], "sensitive": True}, {"use": ["web.*", "mail.*", "far.*", "bank.close"]},
            {"use": ["bank.pay"], "autonomy": "act", "up_to": 100},
        ],
        "playbooks": {
            "buy": a_playbook(
                {"key": "look", "tool": "crm.read", "with": {"about": "${task.text}"}},
                {"key": "wages", "tool": "payroll.read", "with": {"about": "*"}, "optional": True},
                {"key": "think", "think": "Resuma: ${look.text}", "with": {"look": "${look.text}"}, "tools": ["*"], "tokens": 1_000_000},
                CARRY, answer="${think.answer}",
            ),
        },
    },
    {
        "name": "runner", "limits": {"tokens": 10_000_000, "turns": 3, "minutes": 600},
        "tools": [
            {"use": ["crm.read", "payroll.read", "web.*"]}, {"use": ["mail.send", "far.note"], "autonomy": "act"},
            {"use": ["bank.pay"], "autonomy": "suggest"}, {"use": ["bank.refund"], "autonomy": "act", "up_to": 100},
        ],
        "playbooks": {
            "buy": a_playbook(
                {"key": "look", "tool": "web.search", "with": {"query": "preço"}},
                {"key": "think", "think": "Resuma.", "with": {"look": "${look.text}"}, "tools": ["*"], "tokens": 1_000_000},
                CARRY, answer="${think.answer}",
            ),
        },
    },
)  # fmt: skip
"""Their agents' files."""
AGENTS = tuple(an_agent(**file) for file in FILES)
FIELDS = {"crm.read": "about", "bank.close": "account"}
PEOPLE = (
    {"name": "people", "tools": ["crm.*", "payroll.*", "web.*", "bank.*", "far.*", "mail.*"], "roles": ["viewer", "operator", "admin"]},
    {"name": "agents-too", "tools": ["*"], "roles": ["operator"], "agents": ["*"], "autonomy": "suggest"},
)
