"""Days, amounts, policies and models as forms and addresses have them, and as the API is told them."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.errors import Refused
from hulk.kernel.text import LANGUAGES, Language
from hulk.modules.console.domain import each_day, read_amount, span, written_amount
from hulk.modules.console.pages.costs.wished import wished
from hulk.modules.console.pages.router.drafts import drafted, filled, share_of, with_draft
from hulk.modules.console.pages.router.entries import wanted
from hulk.modules.console.pages.router.intervals import WIDTH, drawn
from hulk.modules.console.pages.router.words import in_words
from hulk.modules.router.settings import OwnPolicySettings
from hulk.runtime.language import voice

TODAY = date(2026, 11, 23)
languages = st.sampled_from(LANGUAGES)
amounts = st.decimals(min_value=0, max_value=10**9, places=4).map(lambda found: f"{found:f}")


@pytest.mark.parametrize(
    ("month", "since", "until", "first", "last"),
    [
        pytest.param("", "", "", "2026-11-01", "2026-11-30", id="this month unless something else is said"),
        pytest.param("2024-02", "", "", "2024-02-01", "2024-02-29", id="a month to its last day"),
        pytest.param("2026-01", "2026-11-05", "2026-11-06", "2026-11-05", "2026-11-06", id="a range counts more than a month"),
        pytest.param("", "2026-11-05", "", "2026-11-05", "2026-11-23", id="a range to today"),
        pytest.param("", "", "2026-10-20", "2026-10-01", "2026-10-20", id="a range from the first"),
    ],
)
def test_the_days_of_a_page_are_those_asked_for(month: str, since: str, until: str, first: str, last: str) -> None:
    found = span(month, since, until, TODAY)
    assert (str(found.since), str(found.until)) == (first, last)


@pytest.mark.parametrize(
    ("month", "since", "until"),
    [
        pytest.param("2026-13", "", "", id="no month"),
        pytest.param("٢٠٢٦-11", "", "", id="digits of another script"),
        pytest.param("0000-01", "", "", id="before all time"),
        pytest.param("", "2026-02-30", "", id="no day"),
        pytest.param("", "2026-11-20", "2026-11-10", id="it ends before it begins"),
        pytest.param("", "2020-01-01", "2026-11-10", id="more than a year"),
        pytest.param("", "0001-01-01", "0001-01-01", id="in no calendar of ours"),
    ],
)
def test_what_are_no_days_is_refused(month: str, since: str, until: str) -> None:
    with pytest.raises(Refused):
        span(month, since, until, TODAY)


def test_a_month_leads_to_its_neighbours_and_shows_no_day_to_come() -> None:
    found = span("2026-11", "", "", TODAY)
    assert (found.before, found.after, found.days(TODAY)[-1]) == ("2026-10", "2026-12", TODAY)
    assert each_day(found.days(TODAY)[:2], {date(2026, 11, 2): Decimal(5)}) == [
        (date(2026, 11, 1), Decimal(0)), (date(2026, 11, 2), Decimal(5)),
    ]  # fmt: skip


def test_a_link_keeps_what_was_asked_but_for_what_it_changes() -> None:
    wish = wished({"month": "2026-10", "by": "agent", "model": "a/b&c", "tenant": "*"}, TODAY)
    assert wish.at(by="person") == "/console/costs?month=2026-10&by=person&tenant=%2A&model=a%2Fb%26c"
    assert wish.at(model="", tenant="") == "/console/costs?month=2026-10&by=agent"
    assert wish.report("csv") == "/v1/costs/reports/2026-10?format=csv&tenant=%2A"


@pytest.mark.parametrize(
    ("written", "language", "read"),
    [
        pytest.param("1.234,50", "pt", "1234.50", id="as Brazilians write"),
        pytest.param("1,234.50", "en", "1234.50", id="as others do"),
        pytest.param("0,02", "pt", "0.02", id="less than one"),
        pytest.param("0.02", "pt", "0.02", id="as the API has it"),
        pytest.param("1.234", "pt", "1234", id="a thousand in Portuguese"),
        pytest.param("1.234", "en", "1.234", id="a little more than one in English"),
        pytest.param("0,02", "en", "0,02", id="what English has not is left to the API"),
        pytest.param("much", "pt", "much", id="no amount at all"),
    ],
)
def test_amounts_are_read_as_the_reader_writes_them(written: str, language: Language, read: str) -> None:
    assert read_amount(written, language) == read


@given(amounts, languages)
def test_an_amount_that_a_form_shows_is_read_back_the_same(amount: str, language: Language) -> None:
    assert read_amount(written_amount(amount, language), language) == amount


@given(amounts.map(Decimal), languages)
def test_a_share_is_a_hundredth_of_its_percent(percent: Decimal, language: Language) -> None:
    assert Decimal(share_of(f"{written_amount(f'{percent:f}', language)} %", language)) * 100 == percent


@pytest.mark.parametrize("percent", ["much", "NaN", "Infinity", "1e99", ""])
def test_what_is_no_share_is_refused(percent: str) -> None:
    with pytest.raises(Refused):
        share_of(percent, "pt")


names = st.lists(st.from_regex(r"[a-z0-9][a-z0-9_.@:*?-]{0,10}", fullmatch=True), max_size=3)
hours = st.lists(
    st.fixed_dictionaries({
        "begin": st.times().map(lambda at: f"{at:%H:%M}:00"), "end": st.times().map(lambda at: f"{at:%H:%M}:00"),
        "zone": st.just("America/Sao_Paulo"), "days": st.just(["mon", "fri"]) | st.just([]),
    }), max_size=2,
)  # fmt: skip
policies = st.fixed_dictionaries({
    "name": st.just("thrifty"), "allow": names, "deny": names, "max_cost": st.none() | amounts, "max_time": st.none() | st.just("30s"),
    "when": st.fixed_dictionaries({
        "channels": names, "agents": names, "sensitivity": st.sampled_from([None, "p0", "public"]), "hours": hours,
        "spent": st.none() | st.just("0.8"),
    }),
})  # fmt: skip


@given(policies, languages)
def test_a_policy_that_is_opened_and_kept_says_the_same(policy: dict[str, Any], language: Language) -> None:
    form = filled(policy, 3, "UTC", language)
    [kept] = with_draft([policy], "thrifty", drafted(form, language))
    parsed = [OwnPolicySettings.model_validate(one).policy() for one in (policy, kept)]
    assert parsed[0] == parsed[1]


@given(policies, languages)
def test_a_policy_is_said_in_words_whatever_it_holds(policy: dict[str, Any], language: Language) -> None:
    said = in_words(policy, voice(language))
    for text in (*said["where"], *said["says"]):
        assert voice(language).say(text).endswith((".", ":"))


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1), st.floats(-1, 1)).map(sorted), min_size=1, max_size=7))
def test_bounds_stay_on_their_line_and_in_their_order(bounds: list[list[float]]) -> None:
    against = [{"low": low, "difference": middle, "high": high} for low, middle, high in bounds]
    variants = [{"name": "control", "against_control": None}, *({"name": str(n), "against_control": it} for n, it in enumerate(against))]
    for one in drawn({"variants": variants}).values():
        assert 0 <= one.low <= one.middle <= one.high <= WIDTH


@pytest.mark.parametrize(
    ("form", "place"),
    [
        pytest.param({"variable": " OPENAI_API_KEY "}, "env:OPENAI_API_KEY", id="in a variable"),
        pytest.param({"file": "/run/k"}, "file:/run/k", id="in a file"),
        pytest.param({}, "", id="nowhere"),
    ],
)
def test_a_new_model_is_told_with_where_its_key_is(form: dict[str, str], place: str) -> None:
    said = {"name": "mini", "kind": "openai", "model": "m", "url": "", "local": "1"}
    assert wanted({**said, **form}) == {**said, "local": True, "api_key": place}


def test_a_key_in_two_places_is_refused_without_being_repeated() -> None:
    with pytest.raises(Refused) as refused:
        wanted({"name": "mini", "kind": "openai", "model": "m", "variable": "sk-live-0123456789", "file": "/run/k"})
    assert "sk-live" not in str(refused.value)
