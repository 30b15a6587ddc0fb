"""A command in a sandbox, on the real thing: what it is given, what comes of it."""

import base64
from pathlib import Path

import pytest

from hulk.kernel.errors import NotFound
from hulk.modules.tools.domain import Bytes
from support.backends import words
from support.jails import a_shell, run, walled


@walled
async def test_a_command_answers_with_its_exit_code_and_what_it_wrote() -> None:
    output = await run(a_shell(), "sh", "-c", "echo out; echo err >&2; exit 3")
    assert output.data is not None
    assert {name: output.data[name] for name in ("exit", "ended", "stdout", "stderr")} == {
        "exit": 3, "ended": None, "stdout": "out\n", "stderr": "err\n",
    }  # fmt: skip
    assert not output.failed, "another code than 0 is an answer"
    assert "exit 3" in words(output)
    assert output.cut == ""


@walled
async def test_arguments_come_to_the_program_as_they_are() -> None:
    given = ["a b", "$(id)", "; rm -rf /", "*", "ação", ""]
    output = await run(a_shell("printf"), "printf", "[%s]", *given)
    assert output.data is not None
    assert output.data["stdout"] == "".join(f"[{one}]" for one in given)


@walled
async def test_it_is_given_files_and_standard_input_and_gives_back_what_it_made(tmp_path: Path) -> None:
    blob = tmp_path / "blob"
    blob.write_bytes(b"blob\n" * 100_000)
    shell = a_shell(sent={("acme", "a" * 64): blob})
    files = [
        {"path": "in/a.txt", "text": "olá\n"}, {"path": "in/b.bin", "base64": base64.b64encode(b"\0\xff").decode()},
        {"path": "c", "blob": "a" * 64},
    ]  # fmt: skip
    line = "cat > out.txt; cat in/a.txt in/b.bin >> out.txt; wc -c < c; mkdir -p new/deep; echo 1 > new/deep/x.csv; echo more >> in/a.txt"
    output = await run(shell, "sh", "-c", line, stdin="stdin\n", files=files)
    assert output.data is not None
    assert output.data["stdout"].strip() == "500000"
    made = {piece.name: piece for piece in output.pieces if isinstance(piece, Bytes)}
    assert set(made) == {"out.txt", "new/deep/x.csv", "in/a.txt"}, "what was given and not changed is not given back"
    assert made["out.txt"].data == "stdin\nolá\n".encode() + b"\0\xff"
    assert made["new/deep/x.csv"].media_type == "text/csv"
    with pytest.raises(NotFound):
        await run(a_shell(), "sh", "-c", "true", files=[{"path": "c", "blob": "b" * 64}])


@walled
async def test_only_so_many_files_are_given_and_no_link_is_followed() -> None:
    line = "for i in 1 2 3 4 5 6; do echo $i > f$i; done; head -c 5000 /dev/zero > large; ln -s /etc/passwd link; mkfifo pipe; ln -s / root"
    output = await run(a_shell(kept=4, kept_size=1000), "sh", "-c", line)
    assert output.data is not None
    assert output.data["files"] == ["f1", "f2", "f3", "f4"]
    assert {one["file"]: one["why"] for one in output.data["left"]} == {
        "f5": "there were too many", "f6": "there were too many", "large": "there were too many", "link": "it is a link",
        "root": "it is a link", "pipe": "it is no plain file",
    }  # fmt: skip
    assert "large is not given" in output.cut


@walled
async def test_names_and_folders_that_are_made_to_trip_who_reads_them_do_not() -> None:
    code = (
        "import os\nopen(b'a\\xff\\n.txt', 'w').write('x')\n"
        "for _ in range(300):\n  os.mkdir('d'); os.chdir('d')\nopen('deep', 'w').write('x')"
    )
    output = await run(a_shell("python3"), "python3", "-c", code)
    assert output.data is not None
    assert "a\ufffd\n.txt" in output.data["files"]
    assert len(output.data["files"]) == 2
