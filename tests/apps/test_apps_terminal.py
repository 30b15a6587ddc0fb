"""What a program says of itself on standard error: painted on a terminal that wants it, plain anywhere else."""

import os
import pty
import subprocess
import sys

import pytest

from support.program import environment

SAYS = [sys.executable, "-c", "from hulk.apps.terminal import announce; announce('pronto [aqui]', 'good'); announce('…')"]
PLAIN = "pronto [aqui]\n…\n"


def on_a_terminal(**env: str) -> str:
    """What somebody sees who sits there."""
    ours, theirs = pty.openpty()
    try:
        subprocess.run(SAYS, stderr=theirs, env=environment(**env), check=True)
        return os.read(ours, 1000).decode().replace("\r\n", "\n")
    finally:
        os.close(ours)
        os.close(theirs)


def test_on_a_terminal_it_is_painted() -> None:
    assert on_a_terminal(TERM="xterm", NO_COLOR="") == "\033[1;32mpronto [aqui]\033[0m\n…\n"


@pytest.mark.parametrize("env", [{"NO_COLOR": "1", "TERM": "xterm"}, {"TERM": "dumb", "NO_COLOR": ""}], ids=lambda env: next(iter(env)))
def test_not_on_one_that_wants_none(env: dict[str, str]) -> None:
    assert on_a_terminal(**env) == PLAIN


def test_in_a_file_it_is_plain() -> None:
    assert subprocess.run(SAYS, stderr=subprocess.PIPE, env=environment(TERM="xterm"), check=True).stderr.decode() == PLAIN
