"""Writing a channel into the settings file: what is there stays, and what is written is one with which Hulk would start."""

import re
from pathlib import Path

import pytest
import yaml

from hulk.apps.channel_setup import NewChannel, add_channel, introduced, missing
from hulk.kernel.errors import Conflict, Refused
from hulk.modules.channels.settings import ChannelsSettings
from hulk.runtime.language import voice

DOCS = Path(__file__).parents[2] / "docs"
OWN = "# mine\nchannels:\n  webhook:  # of the shop\n    - name: shop\n      secret: env:SHOP_SECRET\n"
GIVEN = {
    "telegram": {}, "webhook": {"trust_people": "true"}, "whatsapp": {"phone_number_id": "106540352242922"},
    "mattermost": {"url": "https://chat.example.com", "channels": "a, b"}, "alexa": {"skill": "amzn1.ask.skill.5f1d6a3c-0d39-4d1b"},
    "wyoming": {"host": "192.168.1.10", "peers": "192.168.1.20, 10.0.0.0/8", "port": "10800"},
    "email": {
        "address": "hulk@example.com", "authserv": "mx.example.com", "imap_host": "imap.example.com", "smtp_host": "smtp.example.com",
        "smtp_port": "587", "smtp_security": "starttls",
    },
}  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A settings file with a channel in it."""
    path = tmp_path / "hulk.yaml"
    path.write_text(OWN)
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("kind", GIVEN)
def test_a_channel_of_each_kind_is_added_with_where_its_secrets_are_and_the_rest_stays(kind: str, file: Path) -> None:
    entry = add_channel(file, NewChannel(kind=kind, name="my-bot", given=GIVEN[kind]), {})
    written = file.read_text()
    assert [line for line in OWN.splitlines() if line not in written] == []
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["hulk.yaml"]
    made = ChannelsSettings.model_validate(yaml.safe_load(written)["channels"])
    assert [one.name for _, _, one in made.all() if one.name != "shop"] == ["my-bot"]
    secrets = {name: value for name, value in entry.items() if str(value).startswith("env:")}
    assert all(value == f"env:MY_BOT_{name.upper()}" for name, value in secrets.items())
    told = "\n".join(introduced(NewChannel(kind=kind, name="my-bot", given={}), entry, voice("en"), "en"))
    assert {"wyoming": "port 10800", "email": "topmost Authentication-Results"}.get(kind, "/v1/hooks/my-bot") in told
    assert all((DOCS / name).is_file() for name in re.findall(r"docs/(\S+\.md)", told))
    assert "thor channels check my-bot" in told
    assert all(value in told for value in secrets.values())


def test_a_bot_of_telegram_s_that_is_called_has_a_secret_too(file: Path) -> None:
    entry = add_channel(file, NewChannel(kind="telegram", name="bot", given={"url": "https://hulk.example.com"}), {})
    assert entry["secret"] == "env:BOT_SECRET"


@pytest.mark.parametrize(
    ("kind", "name", "given", "error", "words"),
    [
        pytest.param("fax", "x", {}, Refused, "alexa, email, mattermost, telegram", id="no such kind"),
        pytest.param("webhook", "shop", {}, Conflict, "already", id="a name that is taken"),
        pytest.param("telegram", "shop", {}, Conflict, "already", id="a name that one of another kind has"),
        pytest.param("telegram", "Not A Name", {}, Refused, "name", id="what is no name"),
        pytest.param("telegram", "bot", {"token": "123:abc"}, Refused, "never the secret itself", id="a secret itself"),
        pytest.param("telegram", "bot", {"token": "env:no name"}, Refused, "token: it begins with env:", id="a place that is none"),
        pytest.param("telegram", "bot", {"colour": "red"}, Refused, "no setting colour", id="no such setting"),
        pytest.param("telegram", "bot", {"name": "x"}, Refused, "no setting name", id="the name twice"),
        pytest.param("alexa", "box", {}, Refused, "skill", id="what is required is missing"),
        pytest.param("alexa", "box", {"skill": GIVEN["alexa"]["skill"], "longest": "many"}, Refused, "longest", id="what is no number"),
    ],
)
def test_what_would_not_work_is_refused_and_nothing_is_written(
    kind: str, name: str, given: dict[str, str], error: type[Exception], words: str, file: Path
) -> None:
    with pytest.raises(error, match=words):
        add_channel(file, NewChannel(kind=kind, name=name, given=given), {})
    assert file.read_text() == OWN
    assert [path.name for path in file.parent.iterdir()] == ["hulk.yaml"]


def test_a_file_that_is_not_there_is_made(tmp_path: Path) -> None:
    add_channel(tmp_path / "hulk.yaml", NewChannel(kind="telegram", name="bot", given={}), {})
    assert yaml.safe_load((tmp_path / "hulk.yaml").read_text()) == {"channels": {"telegram": [{"name": "bot", "token": "env:BOT_TOKEN"}]}}


def test_what_is_asked_for_is_what_is_required_and_no_secret() -> None:
    assert [name for name, _ in missing("whatsapp", {})] == ["phone_number_id"]
    assert [name for name, _ in missing("mattermost", {"url": "https://chat.example.com"})] == []
