"""What a settings file, the environment and options make of the settings, and what is said of their mistakes."""

import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from hulk.apps.settings import SECTIONS
from hulk.kernel.errors import NotFound, Refused
from hulk.modules.router.settings import ModelsSettings
from hulk.modules.tools.settings import ToolsSettings
from hulk.runtime.config import Config, load
from hulk.runtime.config.units import duration, size, written_duration, written_size
from hulk.runtime.validation import Explained


def written(folder: Path, text: str) -> Path:
    """A settings file."""
    file = folder / "hulk.yaml"
    file.write_text(text, "utf-8")
    return file


def complaint(folder: Path, text: str = "", environ: Mapping[str, str] | None = None, options: Mapping[str, object] | None = None) -> str:
    """What is said of wrong settings, without the folder's name."""
    with pytest.raises(Refused) as refused:
        load(SECTIONS, written(folder, text), environ or {}, options or {})
    return str(refused.value).replace(f"{folder}/", "")


def test_without_settings_the_defaults_are_those_that_were_promised() -> None:
    config = load(SECTIONS)
    assert (config.server.host, config.server.port, config.server.loopback) == ("127.0.0.1", 8080, True)
    assert (config.server.max_body, config.server.max_upload) == (2_000_000, 4_000_000_000)
    assert (config.engine.workers, config.engine.queue_size, config.engine.timeout) == ("auto", 2000, timedelta(seconds=20))
    assert (config.cache.l1_size, config.cache.l2_ttl, config.nats.urls) == (5000, timedelta(hours=1), ())
    assert (config.locale.language, config.locale.timezone) == ("pt", "America/Sao_Paulo")
    assert config.section(ToolsSettings).files.memory_limit == 512_000_000
    assert config.section(ModelsSettings).providers == ()


def test_an_option_beats_the_environment_which_beats_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, "server: {port: 1, host: '::1'}\nengine: {workers: 3}\nnats: {pass: abc}")
    environ = {"HULK_SERVER__PORT": "2", "HULK_ENGINE__WORKERS": "4", "PATH": "/bin", "HULK_DATA": "/data"}
    config = load(SECTIONS, file, environ, {"server.port": 3})
    assert (config.server.port, config.engine.slots, config.server.host) == (3, 4, "::1")
    assert config.nats.password.get_secret_value() == "abc"
    origins = {it.key: it.origin for it in config.effective()}
    assert (origins["server.port"], origins["engine.workers"], origins["server.host"]) == ("option", "env", "file")
    assert origins["server.rate_limit"] == "default"


def test_lists_are_given_in_the_environment_with_commas_or_as_json(tmp_path: Path) -> None:
    models = '[{"name": "a", "url": "http://127.0.0.1/v1", "model": "m", "price": {"input": "0.1", "output": 2}}]'
    config = load(SECTIONS, None, {"HULK_NATS__URLS": "nats://a:1, nats://b:2", "HULK_MODELS__PROVIDERS": models})
    assert config.nats.urls == ("nats://a:1", "nats://b:2")
    [provider] = config.section(ModelsSettings).providers
    assert provider.price is not None
    assert str(provider.price.input) == "0.1"


def test_settings_in_force_are_shown_without_secrets(tmp_path: Path) -> None:
    text = """
nats: {pass: hidden1, urls: ["nats://user:hidden2@host:4222"]}
store: {url: "postgresql://me:hidden3@db/hulk"}
models: {providers: [{name: a, url: "http://h/v1", model: m, api_key: hidden4}]}
"""
    config = load(SECTIONS, written(tmp_path, text))
    shown = "\n".join(f"{it.key} = {it.value}" for it in config.effective())
    assert "hidden" not in shown
    assert "hidden" not in repr(config)
    assert "store.url = postgresql://********@db/hulk" in shown
    assert "server.write_timeout = 1m" in shown


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Config().server.port = 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("server:\n  port: 99999", "hulk.yaml, line 2: server.port = 99999: it must be at most 65535.", id="too large"),
        pytest.param(
            "server:\n  prot: 1", "hulk.yaml, line 2: there is no setting server.prot. Did you mean server.port?", id="mistyped key"
        ),
        pytest.param("sever:\n  port: 1", "hulk.yaml, line 1: there is no setting sever. Did you mean server?", id="mistyped section"),
        pytest.param(
            "nats:\n  xyzzy: 1",
            "hulk.yaml, line 2: there is no setting nats.xyzzy. Allowed: pass, replicas, tls, urls, user.",
            id="a key that is like none",
        ),
        pytest.param("server: 5", "hulk.yaml, line 1: server is a section; its keys are: host, port,", id="a value for a section"),
        pytest.param(
            "logging:\n  level: loud",
            "hulk.yaml, line 2: logging.level = loud: allowed: debug, info, warning, error.",
            id="not one of the choices",
        ),
        pytest.param(
            "engine:\n  timeout: soon",
            "engine.timeout = soon: a duration is expected, such as 500ms, 20s, 1m30s or 1h.",
            id="no duration",
        ),
        pytest.param("engine:\n  workers: none", "engine.workers = none: allowed: auto, or a whole number of at least 1.", id="no workers"),
        pytest.param("locale:\n  timezone: Mars/Base", "locale.timezone = Mars/Base: an IANA time zone is expected", id="no time zone"),
        pytest.param("locale:\n  timezone: ../../etc", "locale.timezone = ../../etc: an IANA time zone is expected", id="a path as zone"),
        pytest.param("nats:\n  pass: 123", "hulk.yaml, line 2: nats.pass: a text is expected; put it between quotes.", id="no text"),
        pytest.param("nats:\n  urls: [1]", "nats.urls[0] = 1: a text is expected", id="inside a list"),
        pytest.param(
            "models:\n  providers:\n    - name: a\n      url: http://h/v1\n",
            "hulk.yaml, line 3: models.providers[0].model: it is required and missing.",
            id="missing in an entry",
        ),
        pytest.param(
            'models:\n  providers:\n    - {name: a, url: http://h, model: "m\\0"}\n',
            "models.providers[0].model = m\0: it must match the pattern",
            id="a model's name with a NUL",
        ),
        pytest.param(
            "models:\n  providers:\n    - {name: a, url: http://h, model: m}\n    - {name: a, url: http://h, model: m}\n",
            "each provider needs a name of its own; a is used twice",
            id="a name used twice",
        ),
        pytest.param(
            "models:\n  providers:\n    - name: a\n      url: http://h\n      model: m\n      api_kye: top\n",
            "hulk.yaml, line 6: there is no setting models.providers[0].api_kye. Did you mean models.providers[].api_key?",
            id="mistyped key of an entry",
        ),
        pytest.param("server: {port: 1", "hulk.yaml, line 1, column 17: this is not valid YAML: expected ',' or '}'", id="broken YAML"),
        pytest.param("server:\n\tport: 1", "hulk.yaml, line 2, column 1: this is not valid YAML:", id="a tab"),
        pytest.param("server:\n  port: 1\n  port: 2", "hulk.yaml, line 3: server.port is written twice; keep one.", id="a key twice"),
        pytest.param("- a\n- b", "hulk.yaml must hold sections such as “server:”", id="no sections"),
        pytest.param("store:\n  url: [postgresql://me:hidden@db]", "store.url: a text is expected", id="a secret inside a wrong shape"),
        pytest.param("telemetry:\n  tracing:\n    enable: true", "Did you mean telemetry.tracing.enabled?", id="deeper"),
        pytest.param("finops:\n  budget:\n    daily: -1", "finops.budget.daily = -1: it must be at least 0.", id="less than nothing"),
    ],
)
def test_a_wrong_file_is_told_by_line_key_value_and_what_is_allowed(text: str, said: str, tmp_path: Path) -> None:
    told = complaint(tmp_path, text)
    assert said in told
    assert "hidden" not in told


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    told = complaint(
        tmp_path, "server:\n  port: x\nlogin: {}", {"HULK_ENGINE__WORKER": "1", "HULK_LOGGING__LEVEL": "x"}, {"cache.l1_size": 0}
    )
    assert told.splitlines() == [
        "hulk.yaml, line 3: there is no setting login. Did you mean logging?",
        "environment: there is no setting HULK_ENGINE__WORKER. Did you mean HULK_ENGINE__WORKERS?",
        "hulk.yaml, line 2: server.port = x: a whole number is expected.",
        "option cache.l1_size: cache.l1_size = 0: it must be at least 1.",
        "environment variable HULK_LOGGING__LEVEL: logging.level = x: allowed: debug, info, warning, error.",
    ]


def test_a_missing_or_unreadable_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="There is no settings file"):
        load(SECTIONS, tmp_path / "none.yaml")
    with pytest.raises(Refused, match="cannot be read"):
        load(SECTIONS, tmp_path)
    (tmp_path / "latin.yaml").write_bytes(b"server: {host: caf\xe9}")
    with pytest.raises(Refused, match=r"not UTF-8 text \(byte 18\)"):
        load(SECTIONS, tmp_path / "latin.yaml")


@pytest.mark.parametrize("text", ["", "# nothing\n", "server:\n", "---\n"])
def test_a_file_may_be_empty(text: str, tmp_path: Path) -> None:
    assert load(SECTIONS, written(tmp_path, text)).server.port == 8080


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("192.168.1.5", False), ("localhost", True), ("hulk.lan", False)],
)
def test_only_loopback_addresses_are_taken_for_such(host: str, loopback: bool) -> None:
    assert load({}, None, {}, {"server.host": host}).server.loopback is loopback


@pytest.mark.parametrize(
    ("text", "seconds"), [("500ms", 0.5), ("20s", 20), ("1m30s", 90), ("1h", 3600), ("0.5s", 0.5), (5, 5), (0, 0), ("2d", 172800)]
)
def test_durations_are_read_as_people_write_them(text: object, seconds: float) -> None:
    assert duration(text).total_seconds() == seconds
    assert duration(written_duration(duration(text))) == duration(text)


@pytest.mark.parametrize("text", ["", "5", "-1s", -1, "1 s", "s", True, None, "1h!", 1e300, float("inf"), "9" * 400 + "d"])
def test_what_is_no_duration_is_refused(text: object) -> None:
    with pytest.raises(Explained):
        duration(text)


@pytest.mark.parametrize(("text", "count"), [("2MB", 2_000_000), ("4GB", 4 * 10**9), ("1KiB", 1024), ("10", 10), ("1.5 kb", 1500), (7, 7)])
def test_sizes_are_read_as_people_write_them(text: object, count: int) -> None:
    assert size(text) == count
    assert size(written_size(size(text))) == count


@pytest.mark.parametrize("text", ["", "MB", "-1", -1, "2XB", True, None, "1IB"])
def test_what_is_no_size_is_refused(text: object) -> None:
    with pytest.raises(Explained):
        size(text)


def test_only_sections_that_somebody_sets_or_asks_for_are_imported() -> None:
    code = """
import sys
from hulk.apps.settings import SECTIONS
from hulk.runtime.config import load
config = load(SECTIONS, environ={"HULK_TICKETS__PORT": "9"})
print(*(name for name in ("tickets", "tools", "audit") if f"hulk.modules.{name}" in sys.modules))
print(config.section(SECTIONS["audit"]) == SECTIONS["audit"](), config.modules["tickets"].port)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["tickets", "True", "9"]


def test_no_default_of_a_module_is_a_secret() -> None:
    """Those that nobody has set are not looked through for references."""
    assert {name: value for name, value in load(SECTIONS).written_secrets().items() if value} == {}


def test_tabs_are_told_where_they_stand_also_where_libyaml_takes_them(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="line 2, column 7"):
        load(SECTIONS, written(tmp_path, "server:\n  port\t: 1\n"))
