"""The structure holds (DESIGN §2): import-linter's contracts, and what a linter cannot see."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"
FILES = sorted((SOURCE / "hulk").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))

FOR_APPS = frozenset({"wiring", "settings", "api", "grpc", "bus", "mcp", "cli", "pages"})
"""What of a module's inside `hulk.apps` may import, to put the program together."""

ENVIRONMENT = {
    "hulk/modules/tools/adapters/git/program.py": "git is found on PATH, and given nothing else of the environment",
}
"""Who else reads the environment, and why."""


def dotted(file: Path) -> str:
    """`src/hulk/kernel/ids.py` as `hulk.kernel.ids`."""
    parts = file.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def named(file: Path) -> str:
    """A file as a failing test tells of it."""
    return file.relative_to(SOURCE if file.is_relative_to(SOURCE) else ROOT).as_posix()


@cache
def tree(file: Path) -> ast.Module:
    """The file, parsed."""
    return ast.parse(file.read_text(encoding="utf-8"))


@pytest.fixture(scope="module", autouse=True)
def _trees() -> Iterator[None]:
    """Parsed once for all tests of this file, and forgotten after them: they take 300 MB."""
    yield
    tree.cache_clear()


def imported(node: ast.AST) -> Iterator[str]:
    """The modules that a statement imports; `from a import b` may mean `a` or `a.b`, and is given as `a.b`."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own(file: Path) -> list[tuple[int, str]]:
    """Line and name of each import of our own packages in the file."""
    return [
        (node.lineno, name)
        for node in ast.walk(tree(file))
        if isinstance(node, ast.stmt)
        for name in imported(node)
        if name.startswith("hulk.")
    ]


def test_import_linter_keeps_its_contracts() -> None:
    linting = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(linting, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def test_a_module_is_entered_only_by_its_door() -> None:
    wrong = [f"{named(file)}:{line} imports {name}" for file in FILES for line, name in own(file) if _climbs_in(dotted(file), name)]
    assert wrong == []


def _climbs_in(importer: str, name: str) -> bool:
    """Whether `importer`, from outside, imports what lies inside a module and not in its door."""
    parts = name.split(".")
    if parts[:2] != ["hulk", "modules"] or len(parts) < 4 or importer.startswith(f"hulk.modules.{parts[2]}"):
        return False
    inside = (SOURCE / "hulk/modules" / parts[2] / parts[3]).is_dir() or (SOURCE / "hulk/modules" / parts[2] / f"{parts[3]}.py").is_file()
    return inside and not (importer.startswith("hulk.apps") and parts[3] in FOR_APPS)


@pytest.mark.parametrize("door", sorted((SOURCE / "hulk/modules").glob("*/__init__.py")), ids=lambda file: file.parent.name)
def test_a_door_says_what_may_be_imported(door: Path) -> None:
    listed = next(
        (ast.literal_eval(node.value) for node in tree(door).body if isinstance(node, ast.Assign | ast.AnnAssign) and node.value), None
    )
    assert listed is not None, f"{named(door)} has no __all__"
    offered = {alias.asname or alias.name for node in tree(door).body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert set(listed) == offered


def test_our_own_packages_are_imported_at_the_top() -> None:
    wrong = [
        f"{named(file)}:{node.lineno} imports {name} inside a function"
        for file in FILES
        if not dotted(file).startswith("hulk.apps")
        for function in ast.walk(tree(file))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        for name in imported(node)
        if name.startswith("hulk") and isinstance(node, ast.stmt)
    ]
    assert wrong == []


def test_nothing_is_mocked() -> None:
    wrong = [f"{named(file)}:{node.lineno}" for file in TESTS for node in ast.walk(tree(file)) if _mocks(node) and hasattr(node, "lineno")]
    assert wrong == []


def _mocks(node: ast.AST) -> bool:
    if isinstance(node, ast.Import | ast.ImportFrom):
        return any("mock" in name.split(".") or name.startswith("pytest_mock") for name in imported(node))
    if isinstance(node, ast.Attribute):
        return isinstance(node.value, ast.Name) and node.value.id == "monkeypatch" and node.attr in ("setattr", "delattr", "setitem")
    return isinstance(node, ast.arg) and node.arg == "mocker"


def test_only_the_apps_read_the_environment() -> None:
    found = {
        named(file)
        for file in FILES
        if not dotted(file).startswith("hulk.apps") and any(_reads_environment(node) for node in ast.walk(tree(file)))
    }
    assert found == set(ENVIRONMENT)


def _reads_environment(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
        and node.attr in ("environ", "getenv", "environb")
    )


def test_every_file_opens_by_saying_what_it_is_for() -> None:
    assert [named(file) for file in FILES if not ast.get_docstring(tree(file)) and "migrations" not in file.parts] == []


def test_what_is_public_has_a_docstring() -> None:
    assert [one for file in FILES if "migrations" not in file.parts for one in _unexplained(file)] == []


def _unexplained(file: Path) -> Iterator[str]:
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    tops = [node for node in tree(file).body if isinstance(node, kinds) and not node.name.startswith("_")]
    inner = [
        node
        for top in tops
        if isinstance(top, ast.ClassDef)
        for node in top.body
        if isinstance(node, kinds) and not node.name.startswith("_")
    ]
    for node in (*tops, *inner):
        if not ast.get_docstring(node) and not any(getattr(one, "id", "") in ("overload", "override") for one in node.decorator_list):
            yield f"{named(file)}:{node.lineno} {node.name}"


def test_names_are_the_fields_words() -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "base", "impl", "misc", "service", "services"}
    assert [named(file) for file in FILES if vague & set(file.relative_to(SOURCE).with_suffix("").parts)] == []
