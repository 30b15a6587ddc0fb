"""Who may use which tools: denied by default, a rule that denies beats all, limits hold."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.tenancy import Grant, Principal, everywhere
from hulk.modules.tools.domain.permission import Allowed, Denied, Rule, Who, autonomy_for, verdict
from hulk.modules.tools.domain.server import Server
from hulk.modules.tools.domain.tool import Effect, Tool

OPERATOR = Principal(tenant="acme", actor="person:ana@example.com", grants=everywhere("operator"))


def a_tool(name: str = "crm.create_order", effect: Effect = "write", amount: str = "") -> Tool:
    return Tool(name=name, title="", description="", input={"type": "object"}, effect=effect, amount=amount)


def who(agent: str = "", by: Principal = OPERATOR) -> Who:
    return Who(principal=by, agent=agent)


def a_rule(name: str = "one", tools: tuple[str, ...] = ("crm.*",), **others: object) -> Rule:
    return Rule(name=name, tools=tools, **others)  # type: ignore[arg-type]  # fields of Rule


def test_what_no_rule_allows_is_denied() -> None:
    assert verdict((), a_tool(), who()) == Denied()
    assert verdict((a_rule(tools=("github.*",)),), a_tool(), who()) == Denied()


@pytest.mark.parametrize(
    ("rule", "agent", "allowed"),
    [
        pytest.param(a_rule(), "", True, id="everybody"),
        pytest.param(a_rule(roles=("operator",)), "", True, id="by role"),
        pytest.param(a_rule(roles=("admin",)), "", False, id="another role"),
        pytest.param(a_rule(people=("person:ana@*",)), "", True, id="by name"),
        pytest.param(a_rule(people=("person:bob@*",)), "", False, id="somebody else"),
        pytest.param(a_rule(roles=("admin",), people=("person:ana@*",)), "", True, id="role or name"),
        pytest.param(a_rule(tenants=("other",)), "", False, id="another tenant"),
        pytest.param(a_rule(), "retail", False, id="a rule about people says nothing of agents"),
        pytest.param(a_rule(agents=("retail",)), "retail", True, id="an agent that is named"),
        pytest.param(a_rule(agents=("*",)), "retail", True, id="any agent"),
        pytest.param(a_rule(agents=("retail",)), "industrial", False, id="another agent"),
        pytest.param(a_rule(agents=("*",)), "", False, id="a rule about agents says nothing of people"),
        pytest.param(a_rule(agents=("retail",), roles=("admin",)), "retail", False, id="an agent of somebody without the role"),
    ],
)
def test_a_rule_is_about_those_it_names(rule: Rule, agent: str, allowed: bool) -> None:
    assert isinstance(verdict((rule,), a_tool(), who(agent)), Allowed) is allowed


@pytest.mark.parametrize(
    ("agents", "agent", "denied"),
    [
        pytest.param((), "", True, id="people"),
        pytest.param((), "retail", True, id="nobody goes round it by an agent"),
        pytest.param(("retail",), "retail", True, id="the agent that it names"),
        pytest.param(("retail",), "industrial", False, id="another agent"),
        pytest.param(("retail",), "", False, id="people, when it names an agent"),
    ],
)
def test_what_forbids_and_names_no_agents_forbids_them_too(agents: tuple[str, ...], agent: str, denied: bool) -> None:
    rules = (a_rule("people"), a_rule("agents", agents=("*",)), a_rule("stop", deny=True, agents=agents))
    assert isinstance(verdict(rules, a_tool(), who(agent)), Denied) is denied


def test_a_role_in_one_namespace_is_none_in_all() -> None:
    by = Principal(tenant="acme", actor="key:1", grants=(Grant("operator", "prod"),))
    rule = a_rule(roles=("operator",))
    assert verdict((rule,), a_tool(), who(by=by)) == Denied()
    assert isinstance(verdict((rule,), a_tool(), Who(principal=by, namespace="prod")), Allowed)


@given(st.permutations([a_rule("a", autonomy="act"), a_rule("b", roles=("operator",)), a_rule("c", deny=True, tools=("crm.create_*",))]))
def test_a_rule_that_denies_beats_all_in_any_order(rules: list[Rule]) -> None:
    assert verdict(rules, a_tool(), who()) == Denied("c")


@given(
    st.permutations(
        [a_rule("a", autonomy="suggest"), a_rule("b", autonomy="act", up_to=Decimal(5)), a_rule("c", autonomy="act", up_to=Decimal(9))]
    )
)
def test_of_those_that_allow_the_one_counts_that_allows_most(rules: list[Rule]) -> None:
    found = verdict(rules, a_tool(), who())
    assert isinstance(found, Allowed)
    assert (found.autonomy, found.up_to, sorted(found.rules)) == ("act", Decimal(9), ["a", "b", "c"])


def test_what_destroys_is_not_done_without_a_person_by_a_pattern() -> None:
    destroys = a_tool("crm.delete_order", "destroy")
    loose, named = a_rule(autonomy="act"), a_rule(autonomy="act", tools=("crm.delete_order",))
    assert [getattr(verdict((rule,), destroys, who()), "autonomy", None) for rule in (loose, named)] == ["approve", "act"]


@pytest.mark.parametrize(
    ("given_", "autonomy"),
    [
        pytest.param({"value": 10}, "act", id="at the limit"),
        pytest.param({"value": "9.99"}, "act", id="as text"),
        pytest.param({"value": 10.01}, "approve", id="above"),
        pytest.param({"value": -500}, "approve", id="a negative one counts by its size"),
        pytest.param({}, "approve", id="not said"),
        pytest.param({"value": True}, "approve", id="no number"),
        pytest.param({"value": "ten"}, "approve", id="words"),
        pytest.param({"value": "NaN"}, "approve", id="not a number"),
        pytest.param({"value": "1e999999"}, "approve", id="huge"),
        pytest.param({"value": "Infinity"}, "approve", id="endless"),
        pytest.param({"value": [1]}, "approve", id="a list"),
        pytest.param({"value": "1.000"}, "approve", id="one, or a thousand"),
        pytest.param({"value": "1_0"}, "approve", id="a sign that only some read over"),
        pytest.param({"value": "５"}, "approve", id="digits that only some read"),
        pytest.param({"value": " 5"}, "approve", id="with a space"),
        pytest.param({"value": "1e0"}, "approve", id="with an exponent"),
        pytest.param({"value": "5\n5000"}, "approve", id="two of them"),
    ],
)
def test_larger_amounts_and_those_that_cannot_be_told_wait_for_a_person(given_: dict[str, object], autonomy: str) -> None:
    allowed = Allowed(autonomy="act", up_to=Decimal(10))
    assert autonomy_for(allowed, a_tool(amount="value"), given_) == autonomy


def test_a_limit_on_a_tool_that_names_no_amount_waits_for_a_person() -> None:
    assert autonomy_for(Allowed(autonomy="act", up_to=Decimal(10)), a_tool(), {"value": 1}) == "approve"
    assert autonomy_for(Allowed(autonomy="act"), a_tool(), {"value": 10**9}) == "act"


def test_a_virtual_server_narrows_and_is_for_those_it_names() -> None:
    server = Server(name="sales", tools=("crm.*",), roles=("approver",), people=("person:ana@*",))
    assert [tool.name for tool in server.of([a_tool(), a_tool("github.get_issue")])] == ["crm.create_order"]
    stranger = Principal(tenant="acme", actor="person:bob@example.com", grants=everywhere("operator"))
    assert [server.open_to(who(by=by)) for by in (OPERATOR, stranger)] == [True, False]
