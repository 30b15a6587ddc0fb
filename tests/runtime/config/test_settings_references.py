"""A setting that says where its secret is: what is a reference, what is the secret itself, and what is neither."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.apps.settings import SECTIONS
from hulk.kernel.errors import Refused
from hulk.runtime.config import Reference, load, parsed
from hulk.runtime.config.references import KINDS, LITERAL, literal
from hulk.runtime.validation import Explained

ID = "be8e0ad8-d545-4017-a55a-b02f014d4158"


@pytest.mark.parametrize(
    ("written", "reference"),
    [
        pytest.param("file:/run/secrets/nats", Reference("file", "/run/secrets/nats"), id="file"),
        pytest.param("file:/with space/ü:x", Reference("file", "/with space/ü:x"), id="a file's odd name"),
        pytest.param("env:NATS_PASSWORD", Reference("env", "NATS_PASSWORD"), id="variable"),
        pytest.param("credential:nats.pass", Reference("credential", "nats.pass"), id="systemd"),
        pytest.param(f"bitwarden:{ID}", Reference("bitwarden", ID), id="Bitwarden by id"),
        pytest.param("bitwarden:prod env/db/password", Reference("bitwarden", "prod env/db/password"), id="Bitwarden by project and key"),
        pytest.param("s3cret", None, id="a secret"),
        pytest.param("", None, id="nothing"),
        pytest.param("postgresql://me:pw@db/hulk", None, id="a URL"),
        pytest.param("files:/x", None, id="another word"),
        pytest.param("FILE:/x", None, id="in capitals"),
        pytest.param("literal:file:/x", None, id="a secret that looks so"),
    ],
)
def test_references_are_told_from_secrets(written: str, reference: Reference | None) -> None:
    assert parsed(written) == reference
    assert reference is None or str(reference) == written


@pytest.mark.parametrize(
    "written",
    [
        *("file:hidden", "file:", "file:~/hidden", "env:", "env:hidden-1", "env:1hidden"),
        *("credential:", "credential:../hidden", "credential:.."),
        *("bitwarden:hidden", "bitwarden:", "bitwarden:/hidden", "bitwarden:hidden/", "bitwarden:-hidden/x"),
    ],
)
def test_what_only_begins_like_one_is_refused_and_not_shown(written: str) -> None:
    with pytest.raises(Explained, match=r"write literal:") as told:
        parsed(written)
    assert "hidden" not in str(told.value)


@given(st.text())
def test_any_secret_can_be_written(secret: str) -> None:
    assert parsed(LITERAL + secret) is None
    assert literal(LITERAL + secret) == secret


@given(st.text().filter(lambda text: not text.startswith((LITERAL, *(f"{kind}:" for kind in KINDS)))))
def test_a_secret_that_begins_like_none_stands_for_itself(secret: str) -> None:
    assert parsed(secret) is None
    assert literal(secret) == secret


def test_a_wrong_reference_is_told_where_it_was_set() -> None:
    models = '[{"name": "a", "url": "http://h/v1", "model": "m", "api_key": "file:hidden"}]'
    with pytest.raises(Refused) as told:
        load(SECTIONS, environ={"HULK_MODELS__PROVIDERS": models, "HULK_STORE__URL": "env:hidden!"})
    said = str(told.value).splitlines()
    assert [line.partition(": it begins")[0] for line in said] == [
        "environment variable HULK_STORE__URL: store.url",
        "environment variable HULK_MODELS__PROVIDERS: models.providers[0].api_key",
    ]
    assert "hidden" not in str(told.value)


def test_bitwardens_own_token_cannot_be_in_bitwarden() -> None:
    with pytest.raises(Refused, match="what opens Bitwarden cannot be kept there"):
        load(SECTIONS, overrides={"secrets.bitwarden.access_token": f"bitwarden:{ID}"})


def test_settings_in_force_show_references_and_no_secrets() -> None:
    written = {
        "nats.pass": "env:NATS",
        "store.url": "file:/run/url",
        "audit.key": "literal:env:hidden",
        "cache.l2_url": "redis://:hidden@h",
    }
    config = load(SECTIONS, overrides=written)
    shown = {one.key: one.value for one in config.effective() if one.key in written}
    assert shown == {"nats.pass": "env:NATS", "store.url": "file:/run/url", "audit.key": "********", "cache.l2_url": "********"}
    resolved = config.with_secrets(lambda _, written: "env:hidden" if written else "")  # a secret may look like anything
    assert [one.value for one in resolved.effective() if one.key in ("nats.pass", "audit.key", "cache.l2_url")] == ["********"] * 3


def test_what_is_no_secret_is_never_a_reference() -> None:
    assert load(SECTIONS, overrides={"server.host": "file:/etc/hostname"}).server.host == "file:/etc/hostname"
