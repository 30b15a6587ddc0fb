"""What every place of secrets promises (the port `Source`), and what each of them says when it cannot keep it."""

import os
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pytest

from hulk.runtime.config import BitwardenSettings, SecretsSettings
from hulk.runtime.secrets import Bitwarden, Environment, Files, Source, Unreadable
from support.bws import TOKEN, Bws

SECRET = "s3cr3t-Ünïcode p4ss/w@rd:with?everything=\"it'%20needs\\n"


class Place(Protocol):
    """A source with what a test does to it."""

    source: Source

    @abstractmethod
    def put(self, value: str) -> str:
        """Keep a secret there; gives its name."""

    @property
    @abstractmethod
    def missing(self) -> str:
        """The name of one that is not there."""


@dataclass
class InFiles(Place):
    """Files."""

    folder: Path
    source: Source = field(default_factory=Files)

    def put(self, value: str) -> str:
        """See `Place`."""
        (self.folder / "secret").write_text(value + "\n", "utf-8")
        return str(self.folder / "secret")

    @property
    def missing(self) -> str:
        """See `Place`."""
        return str(self.folder / "none")


@dataclass
class InEnvironment(Place):
    """Variables."""

    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.source = Environment(self.environ)

    def put(self, value: str) -> str:
        """See `Place`."""
        self.environ["SECRET"] = value
        return "SECRET"

    missing = "NONE"


@dataclass
class InBitwarden(Place):
    """Bitwarden, by id or by project and key."""

    bws: Bws
    named: bool

    def __post_init__(self) -> None:
        self.source = bitwarden(self.bws)
        self.project = self.bws.project("prod")

    def put(self, value: str) -> str:
        """See `Place`."""
        self.bws.vault["secrets"].clear()
        id_ = self.bws.put("db/password", value, self.project)
        return "prod/db/password" if self.named else id_

    @property
    def missing(self) -> str:
        """See `Place`."""
        return "prod/none" if self.named else "be8e0ad8-d545-4017-a55a-b02f014d4158"


def bitwarden(bws: Bws, token: str = TOKEN, environ: dict[str, str] | None = None, **settings: object) -> Bitwarden:
    return Bitwarden(
        BitwardenSettings.model_validate({"program": str(bws.program), **settings}), lambda: token, environ or dict(os.environ)
    )


PLACES: dict[str, Callable[[Path], Place]] = {
    "files": InFiles,
    "environment": lambda _: InEnvironment(),
    "bitwarden-by-id": lambda folder: InBitwarden(Bws(folder), named=False),
    "bitwarden-by-name": lambda folder: InBitwarden(Bws(folder), named=True),
}


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Each of them in turn."""
    return PLACES[request.param](tmp_path)


async def test_a_secret_is_given_as_it_was_put_there(place: Place) -> None:
    assert await place.source.read(place.put(SECRET)) == SECRET


async def test_another_secret_under_the_same_name_is_seen_at_the_next_look(place: Place) -> None:
    first = place.put("one")
    assert await place.source.read(first) == "one"
    assert await place.source.read(place.put("two")) == "two"


async def test_one_that_is_not_there_is_told_by_its_name(place: Place) -> None:
    place.put(SECRET)
    with pytest.raises(Unreadable, match=place.missing.rpartition("/")[2][:8] if "be8e0ad8" not in place.missing else "404|be8e0ad8"):
        await place.source.read(place.missing)


async def test_an_empty_one_is_given_as_empty(place: Place) -> None:
    assert await place.source.read(place.put("")) == ""


def test_only_a_service_wants_a_rest_between_looks(place: Place) -> None:
    assert (place.source.rest > 0) is isinstance(place.source, Bitwarden)


# Files -------------------------------------------------------------------------------------------------------------------------


async def test_the_links_that_kubernetes_swaps_are_followed(tmp_path: Path) -> None:
    for version in ("first", "second"):
        (tmp_path / f"..{version}").mkdir()
        (tmp_path / f"..{version}" / "password").write_text(version)
    (tmp_path / "..data").symlink_to("..first")
    (tmp_path / "password").symlink_to("..data/password")
    assert await Files().read(str(tmp_path / "password")) == "first"
    (tmp_path / "..data_tmp").symlink_to("..second")
    (tmp_path / "..data_tmp").rename(tmp_path / "..data")
    assert await Files().read(str(tmp_path / "password")) == "second"


async def test_a_text_of_several_lines_loses_only_the_last_line_end(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"-----BEGIN-----\nabc \r\n\r\n")
    assert await Files().read(str(tmp_path / "key")) == "-----BEGIN-----\nabc "


async def test_a_file_that_is_no_secret_is_told_and_not_shown(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"hidden\xff")
    (tmp_path / "large").write_bytes(b"hidden" * 20_000)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    said = {"binary": "not UTF-8", "large": "larger than 65536 bytes", "pipe": "no regular file", "folder": "Is a directory"}
    for name, words in said.items():
        with pytest.raises(Unreadable, match=words) as told:
            await Files().read(str(tmp_path / name))
        assert "hidden" not in str(told.value)


async def test_credentials_of_systemd_lie_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "db").write_text("abc")
    assert await Files(str(tmp_path)).read("db") == "abc"
    with pytest.raises(Unreadable, match="CREDENTIALS_DIRECTORY is not set"):
        await Files(None).read("db")


# Bitwarden ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", ["report", "line"], ids=["bws 1.0", "later"])
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        pytest.param("network", "has failed: (error sending request|Could not resolve host)", id="network"),
        pytest.param("rubbish", "answered something else than its documentation says", id="rubbish"),
        pytest.param("deep", "answered something else than its documentation says", id="rubbish that json cannot take"),
        pytest.param("silent", "has answered nothing: does the access token belong to a machine account", id="exit code 0 and no answer"),
        pytest.param("flood", "says more than 4194304 bytes", id="no end of words"),
        pytest.param("crash", "has failed: exit code -6", id="crash"),
    ],
)
async def test_a_failing_program_is_told_without_the_secret(fault: str, said: str, style: str, tmp_path: Path) -> None:
    bws = Bws(tmp_path)
    id_ = bws.put("db", "hidden-secret")
    bws.fail(fault, style)
    with pytest.raises(Unreadable, match=said) as told:
        await bitwarden(bws).read(id_)
    assert "hidden" not in repr(told.value) + str(told.value)
    assert TOKEN not in str(told.value)
    assert told.value.__cause__ is None
    bws.fail(None)
    assert await bitwarden(bws).read(id_) == "hidden-secret"


@pytest.mark.parametrize(("style", "said"), [("report", "404 Not Found"), ("line", "not accessible. Check the ID")])
async def test_a_wrong_id_is_told_in_the_programs_words(style: str, said: str, tmp_path: Path) -> None:
    bws = Bws(tmp_path)
    bws.fail(None, style)
    with pytest.raises(Unreadable, match=said):
        await bitwarden(bws).read("be8e0ad8-d545-4017-a55a-b02f014d4158")


@pytest.mark.parametrize(
    ("token", "said"),
    [
        pytest.param("", "Set secrets.bitwarden.access_token", id="none"),
        pytest.param("a\0b", "Set secrets.bitwarden.access_token", id="no text"),
        pytest.param("garbage", "malformed", id="malformed"),
        pytest.param(f"{TOKEN}x", "invalid, expired, or revoked", id="revoked"),
    ],
)
async def test_a_wrong_token_is_told_and_not_shown(token: str, said: str, tmp_path: Path) -> None:
    bws = Bws(tmp_path)
    bws.fail(None, "line")
    with pytest.raises(Unreadable, match=said) as told:
        await bitwarden(bws, token).read(bws.put("a", "b"))
    assert not token or token not in str(told.value)


async def test_a_program_that_hangs_is_ended_with_what_it_has_started(tmp_path: Path) -> None:
    bws = Bws(tmp_path)
    bws.fail("hang")
    bws.program.write_text(f"#!/bin/sh\nsleep 60 & echo $! > {tmp_path}/child; wait\n")
    with pytest.raises(Unreadable, match=r"did not end within 0\.3 s"):
        await bitwarden(bws, timeout=0.3).read(bws.put("a", "b"))
    assert gone(int((tmp_path / "child").read_text()))


def gone(pid: int) -> bool:
    """Whether the process has ended, though nobody may have asked how yet."""
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().split()[2] == "Z"


async def test_a_missing_program_is_told_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no program")
    for program in ("no-such-bws", str(tmp_path / "text")):
        with pytest.raises(Unreadable, match=f"There is no program {program} .* Install Bitwarden's Secrets Manager CLI"):
            await bitwarden(Bws(tmp_path), program=program).read("be8e0ad8-d545-4017-a55a-b02f014d4158")


async def test_what_is_no_program_is_told(tmp_path: Path) -> None:
    (tmp_path / "broken").write_bytes(b"\x7fELF")
    (tmp_path / "broken").chmod(0o755)
    with pytest.raises(Unreadable, match="cannot be started: Exec format error"):
        await bitwarden(Bws(tmp_path), program=str(tmp_path / "broken")).read("be8e0ad8-d545-4017-a55a-b02f014d4158")


async def test_an_ambiguous_name_is_told(tmp_path: Path) -> None:
    bws = Bws(tmp_path)
    project = bws.project("prod")
    bws.put("db", "hidden1", project)
    bws.put("db", "hidden2", project)
    for name, said in (("prod/db", "2 have the key db"), ("prod/none", "none has the key none"), ("test/db", "none has the name test")):
        with pytest.raises(Unreadable, match=said) as told:
            await bitwarden(bws).read(name)
        assert "hidden" not in str(told.value)


async def test_the_program_sees_the_token_in_its_environment_and_nothing_it_does_not_need(tmp_path: Path) -> None:
    bws = Bws(tmp_path)
    id_ = bws.put("a", "b")
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": "/root",
        "HTTPS_PROXY": "http://p:1",
        "HULK_NATS__PASS": "x",
        "AWS_SECRET": "y",
        "BWS_DEBUG": "1",
    }
    await bitwarden(bws, environ=environ, server_url="https://vault.bitwarden.eu").read(id_)
    [call] = bws.calls
    assert set(call["environment"]) - {"LC_CTYPE"} == {"BWS_ACCESS_TOKEN", "BWS_SERVER_URL", "HOME", "HTTPS_PROXY", "NO_COLOR"}
    assert TOKEN not in " ".join(call["arguments"])


def test_the_defaults_are_those_that_were_promised() -> None:
    settings = SecretsSettings()
    assert (settings.refresh.total_seconds(), settings.bitwarden.program, settings.bitwarden.timeout.total_seconds()) == (60, "bws", 10)
