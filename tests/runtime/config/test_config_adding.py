"""An entry is added to a list in a settings file, and all else in the file stays as it is."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.errors import Refused
from hulk.runtime.config import added

ENTRY = {"name": "small", "kind": "openai", "api_key": "env:OPENAI_KEY", "local": True}
ITEM = ["- name: small", "  kind: openai", '  api_key: "env:OPENAI_KEY"', "  local: true"]


def item(indent: int) -> str:
    """The entry as it is written."""
    return "".join(f"{' ' * indent}{line}\n" for line in ITEM)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("", f"models:\n  providers:\n{item(4)}", id="an empty file"),
        pytest.param("# mine\nserver:\n  port: 1", f"# mine\nserver:\n  port: 1\nmodels:\n  providers:\n{item(4)}", id="no section"),
        pytest.param("models:\n", f"models:\n  providers:\n{item(4)}", id="an empty section"),
        pytest.param(
            "models:  # ours\n    local:\n        model: local\nserver: {port: 1}\n",
            f"models:  # ours\n    providers:\n{item(6)}    local:\n        model: local\nserver: {{port: 1}}\n",
            id="a section without the list",
        ),
        pytest.param(
            "models:\n  providers:\nserver:\n  port: 1\n", f"models:\n  providers:\n{item(4)}server:\n  port: 1\n", id="an empty list"
        ),
        pytest.param(
            "models:\n  providers: []  # none yet\n",
            'models:\n  providers: [{name: small, kind: openai, api_key: "env:OPENAI_KEY", local: true}]  # none yet\n',
            id="a list in brackets",
        ),
        pytest.param(
            "models:\n  providers: [{name: one}]\n",
            'models:\n  providers: [{name: one}, {name: small, kind: openai, api_key: "env:OPENAI_KEY", local: true}]\n',
            id="a list in brackets with one",
        ),
        pytest.param(
            "models:\n  providers:\n  # the first\n  - name: one\n    abilities:\n      tools: false  # not it\n"
            "\n  # of the server\nserver:\n  port: 1\n",
            "models:\n  providers:\n  # the first\n  - name: one\n    abilities:\n      tools: false  # not it\n"
            f"{item(2)}\n  # of the server\nserver:\n  port: 1\n",
            id="a list with comments around",
        ),
        pytest.param(
            "models:\n    providers:\n        - {name: one, abilities: {tools: false}}\n",
            f"models:\n    providers:\n        - {{name: one, abilities: {{tools: false}}}}\n{item(8)}",
            id="another indentation",
        ),
    ],
)
def test_it_stands_where_the_list_ends(before: str, after: str) -> None:
    assert added(before, "models", "providers", ENTRY) == after


@pytest.mark.parametrize(
    "before",
    [
        pytest.param("models: {providers: }\n", id="a section in braces"),
        pytest.param("models: &m\n  x: 1\nother: *m\n", id="what stands elsewhere too"),
        pytest.param("models: some words\n", id="no section"),
    ],
)
def test_what_cannot_be_done_is_told_with_what_to_write(before: str) -> None:
    with pytest.raises(Refused, match="Add by hand:\nmodels:\n  providers:\n    - name: small"):
        added(before, "models", "providers", ENTRY)


plain = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12)


@given(
    st.dictionaries(st.sampled_from(["name", "kind", "url", "model"]), plain | st.booleans() | st.integers(), min_size=1), st.integers(1, 3)
)
def test_what_is_added_is_read_again(entry: dict[str, object], times: int) -> None:
    text = "# kept\nserver:\n  port: 1 # too\n"
    for _ in range(times):
        text = added(text, "models", "providers", entry)
    assert yaml.safe_load(text) == {"server": {"port": 1}, "models": {"providers": [entry] * times}}
    assert text.startswith("# kept\nserver:\n  port: 1 # too\n")
