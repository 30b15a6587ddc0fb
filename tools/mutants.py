"""Remove every single check of the guard, one at a time, and see that a test fails for each.

    python tools/mutants.py             # all, a worker per processor; says who survived, and exits with 1 if somebody did
    python tools/mutants.py --list      # only which there are
    python tools/mutants.py --only 'capability.py'

The checks are read from the source (`GUARD` names the functions): conditions are never and always true; each part of an `and` or `or` is
left out; a comparison is moved to its neighbour; a `raise` does nothing; a field is left out of a seal; a part of a prompt is not read;
what limits is not handed on. Each change is made to a copy of the package, and shown to the tests of that file, which import the copy.
"""

import argparse
import ast
import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

ROOT = Path(__file__).parents[1]
ROUTER = "hulk/modules/router"
TESTS = "tests/modules/router"
SENDING = ("test_router_capability.py", "test_router_guard.py", "test_router_sending.py")
DECIDING = (
    "test_router_guard.py", "test_router_decide.py", "test_router_masking.py", "test_router_sensitivity.py", "test_router_gateway.py",
)  # fmt: skip
GATEWAY = ("test_router_guard.py", "test_router_gateway.py")
MOST_SECONDS = 240


How: TypeAlias = Callable[[ast.AST, ast.AST], str | None]
"""Changes a node of a function, and tells what it did; None when there was nothing for it to do, and nothing was done."""


@dataclass(frozen=True)
class Guarded:
    """Functions of a file (`Class.name`; all of it when empty), and the tests that must notice."""

    file: str
    functions: tuple[str, ...]
    tests: tuple[str, ...]
    only: str = ""
    """Of all that may be changed, this; the rest is about what is told."""


SCAN = ("test_router_guard.py", "test_router_sensitivity.py", "test_router_detector.py")
LEARNING = ("test_router_guard.py", "test_router_learning_rules.py", "test_router_learning_acts.py")
LEAVING = ("test_router_transport.py", "test_router_guard.py", "test_router_sending.py")
GUARD = (
    Guarded("domain/capability.py", (), SENDING),
    Guarded(
        "usecases/sending.py",
        ("GiveLeave.__call__", "Send.__call__", "Send.stream", "Send._going", "PassOut.__call__", "PassOut._receipt"), SENDING,
    ),
    Guarded(
        "adapters/transport.py",
        ("GatedTransport.handle_async_request", "_Client._init_transport", "_Client._init_proxy_transport", "opened"), LEAVING,
    ),
    Guarded("domain/model/models.py", ("Model.holds", "_parts"), LEAVING),
    Guarded("domain/model/prompts.py", ("Prompt.digest", "_canonical"), (*SENDING, "test_router_prompts.py")),
    Guarded("adapters/vendors/provider.py", ("Vendors._way",), (*SENDING, "test_router_provider.py")),
    Guarded("usecases/weighing.py", ("_View.of", "_View.reach", "_View._taken_out", "_View._tried"), DECIDING),
    Guarded("usecases/executing/attempts.py", ("Attempts.leave",), DECIDING),
    Guarded("usecases/asking.py", ("Scan.__call__", "Scan.question", "kept_in"), DECIDING),
    Guarded("usecases/gateway.py", ("Gateway._asked", "require"), GATEWAY),
    Guarded("domain/labels.py", ("Labels.given", "_named"), GATEWAY),
    Guarded(
        "domain/asked.py", ("Asked.p0", "parts_of_prompt", "_parts", "tools_in", "masked_prompt", "_masked", "_masked_call"), DECIDING
    ),
    Guarded("domain/sensitivity/findings.py", ("Classified.of", "Classified.raised"), DECIDING),
    Guarded("domain/sensitivity/parts.py", ("classified_parts", "_labels", "_by_speaker", "_at_seams", "_over", "_reach"), SCAN),
    Guarded("domain/sensitivity/scan.py", ("classified", "findings", "_found"), SCAN),
    Guarded("domain/learning/choosing.py", ("permitted",), LEARNING),
    Guarded("domain/learning/experiments.py", ("enrols",), LEARNING),
    Guarded("usecases/executing/execute.py", ("Execute._first",), GATEWAY, only="not raised: raise"),
    Guarded("usecases/executing/streaming.py", ("Stream._first",), GATEWAY, only="not raised: raise"),
)  # fmt: skip

SAME: Mapping[str, str] = {
    "usecases/sending.py Send._going: left out: _going.reset(token)": "what was sent is `over` besides, and no request of the task passes",
    "domain/model/prompts.py _canonical: False is another": "written in ASCII, different prompts are as different",
    "usecases/weighing.py _View._tried: 'labelled' is another (2)": "why it cannot be masked is told to nobody",
    "usecases/weighing.py _View._tried: not in the list: 'labelled'": "the same",
    "domain/asked.py _masked: comprehension if True for: isinstance(part, TextPart)": "what is no words was refused before",
    "domain/sensitivity/parts.py _labels: if False for: sum((len(part.text or '') for part in texts)) > MOST_CHARACTERS": (
        "put together it is too long too"
    ),
    "domain/sensitivity/parts.py _labels: comprehension if True for: part.text": "parts without words hold nothing to find",
    "domain/sensitivity/parts.py _labels: if True for: len(said) < len(texts)": "the same seams, read twice",
    "domain/sensitivity/parts.py _labels: another comparison in: len(said) < len(texts)": "the same seams, read twice",
    "domain/sensitivity/parts.py _at_seams: if True for: before": "the first part, read twice",
    "domain/sensitivity/parts.py _at_seams: comprehension if True for: _over(finding, len(before))": "holds more back, never less",
    "domain/sensitivity/parts.py _over: another comparison in: finding.start - _MARKS < seam < finding.end": "holds more back, never less",
    "domain/sensitivity/parts.py _reach: if False for: space": "reads more, never less",
    "domain/learning/experiments.py enrols: if True for: experiment.about == 'models' (2)": "of the others, the models are those allowed",
    **dict.fromkeys(
        (
            "usecases/asking.py Scan.__call__: if False for: sum((len(part.text or '') for part in parts)) <= _LONG",
            "usecases/asking.py Scan.__call__: if True for: sum((len(part.text or '') for part in parts)) <= _LONG",
            "usecases/asking.py Scan.__call__: another comparison in: sum((len(part.text or '') for part in parts)) <= _LONG",
        ),
        "the same scan, in another thread or not",
    ),
}
"""Changes that let nothing more out, and why."""


@dataclass(frozen=True)
class Mutant:
    """A file with one check less."""

    file: str
    function: str
    what: str
    source: str
    tests: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.file} {self.function}: {self.what}"


# What can be left out ------------------------------------------------------------------------------------------------------------


def mutants() -> Iterator[Mutant]:
    """All of them, without those in `SAME`."""
    for guarded in GUARD:
        text = (ROOT / "src" / ROUTER / guarded.file).read_text(encoding="utf-8")
        names = Counted()
        for function, place in _functions(ast.parse(text)):
            if not guarded.functions or function in guarded.functions:
                for what, source in _changed(text, place):
                    mutant = Mutant(guarded.file, function, names(function, what), source, guarded.tests)
                    if mutant.name not in SAME and guarded.only in ("", what):
                        yield mutant


class Counted:
    """Names that are told apart by a number where there are several."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], int] = {}

    def __call__(self, function: str, what: str) -> str:
        count = self._seen[function, what] = self._seen.get((function, what), 0) + 1
        return what if count == 1 else f"{what} ({count})"


def _functions(tree: ast.Module) -> Iterator[tuple[str, Sequence[int]]]:
    """Names of functions and where they are in the tree."""
    for at, node in enumerate(tree.body):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (at,)
        if isinstance(node, ast.ClassDef):
            for inner, method in enumerate(node.body):
                if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield f"{node.name}.{method.name}", (at, inner)


def _changed(text: str, place: Sequence[int]) -> Iterator[tuple[str, str]]:
    """The file with one thing of that function changed, for each thing."""
    tree = ast.parse(text)
    for at in range(sum(1 for _ in ast.walk(_at(tree, place)))):
        for how in HOWS:
            function = _at(tree, place)
            told = how(function, list(ast.walk(function))[at])
            if told is not None:
                yield told, ast.unparse(ast.fix_missing_locations(tree))
                tree = ast.parse(text)


def _at(tree: ast.AST, place: Sequence[int]) -> ast.AST:
    for at in place:
        tree = tree.body[at]  # type: ignore[attr-defined]  # modules and classes have one
    return tree


def _put(function: ast.AST, old: ast.AST, new: ast.AST) -> None:
    """Put a node in the place of another."""
    for node in ast.walk(function):
        for name, value in ast.iter_fields(node):
            if isinstance(value, list):
                value[:] = [new if one is old else one for one in value]
            elif value is old:
                setattr(node, name, new)


def _told(node: ast.AST) -> str:
    return " ".join(ast.unparse(node).split())[:90]


def never(_: ast.AST, node: ast.AST) -> str | None:
    """A condition is never true."""
    return _conditioned(node, value=False)


def always(_: ast.AST, node: ast.AST) -> str | None:
    """A condition is always true."""
    return _conditioned(node, value=True)


def _conditioned(node: ast.AST, *, value: bool) -> str | None:
    if isinstance(node, ast.If | ast.IfExp) and not _typing(node.test):
        told = f"if {value} for: {_told(node.test)}"
        given = ast.Constant(value)
        node.test = ast.BoolOp(ast.Or() if value else ast.And(), [node.test, given]) if _names(node.test) else given
        return told
    if isinstance(node, ast.comprehension) and node.ifs and not _names(node.ifs[0]):
        told = f"comprehension if {value} for: {_told(node.ifs[0])}"
        node.ifs = [ast.Constant(value)]
        return told
    return None


def _typing(test: ast.AST) -> bool:
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"


def without_part(function: ast.AST, node: ast.AST) -> str | None:
    """The first part of an `and` or `or` is left out."""
    return _less(function, node, 0)


def without_second(function: ast.AST, node: ast.AST) -> str | None:
    """The second part is."""
    return _less(function, node, 1)


def without_third(function: ast.AST, node: ast.AST) -> str | None:
    """The third is."""
    return _less(function, node, 2)


def _less(function: ast.AST, node: ast.AST, at: int) -> str | None:
    if not isinstance(node, ast.BoolOp) or at >= len(node.values) or _names(node.values[at]) or isinstance(node.values[-1], ast.Constant):
        return None
    told = f"without “{_told(node.values[at])}” in: {_told(node)}"
    rest = [one for place, one in enumerate(node.values) if place != at]
    _put(function, node, rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest))
    return told


def _names(node: ast.AST) -> bool:
    return any(isinstance(one, ast.NamedExpr) for one in ast.walk(node))


_NEIGHBOURS: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.GtE: ast.Gt, ast.Gt: ast.GtE, ast.LtE: ast.Lt, ast.Lt: ast.LtE, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}  # fmt: skip


def compared(_: ast.AST, node: ast.AST) -> str | None:
    """A comparison is moved to its neighbour, or turned round."""
    if not isinstance(node, ast.Compare) or type(node.ops[0]) not in _NEIGHBOURS:
        return None
    told = f"another comparison in: {_told(node)}"
    node.ops[0] = _NEIGHBOURS[type(node.ops[0])]()
    return told


def silent(function: ast.AST, node: ast.AST) -> str | None:
    """Nothing is raised."""
    if not isinstance(node, ast.Raise):
        return None
    told = f"not raised: {_told(node)}"
    _put(function, node, ast.Pass())
    return told


def unsaid(function: ast.AST, node: ast.AST) -> str | None:
    """What is yielded is not, or what is called for its effect is not."""
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Yield | ast.YieldFrom | ast.Call | ast.Await):
        return None
    if isinstance(node.value, ast.Yield) and (node.value.value is None or bool(getattr(function, "decorator_list", None))):
        return None  # a block's
    told = f"left out: {_told(node)}"
    generator = isinstance(node.value, ast.Yield | ast.YieldFrom)
    new = ast.Expr(ast.YieldFrom(ast.Tuple([], ast.Load()))) if generator else ast.Pass()
    _put(function, node, new)
    return told


def _field(node: ast.AST, at: int) -> str | None:
    told: str | None = None
    if (
        isinstance(node, ast.Call)
        and _told(node.func) == "_mark"
        and at + 2 < len(node.args)
        and not isinstance(node.args[-1], ast.Starred)
    ):
        told = f"unsealed: {_told(node.args[at + 2])}"
        del node.args[at + 2]
    elif (
        isinstance(node, ast.Assign)
        and _told(node.targets[0]) == "told"
        and isinstance(node.value, ast.Tuple)
        and at < len(node.value.elts)
    ):
        told = f"unsealed: {_told(node.value.elts[at])}"
        del node.value.elts[at]
    return told


def _nth(at: int) -> How:
    return lambda _, node: _field(node, at)


def widened(_: ast.AST, node: ast.AST) -> str | None:
    """A word that limits is that which does not, a boolean is the other."""
    if not isinstance(node, ast.Constant) or not (
        isinstance(node.value, bool) or node.value in ("local", "any", "p0", "public", "labelled", "GET")
    ):
        return None
    told = f"{node.value!r} is another"
    others = {"local": "any", "any": "local", "p0": "public", "public": "p0", "labelled": "other", "GET": "POST"}
    node.value = not node.value if isinstance(node.value, bool) else others[str(node.value)]
    return told


LIMITS: Mapping[str | None, bool | str] = {
    "p0": False,
    "local": True,
    "masks": True,
    "trust_env": True,
    "follow_redirects": True,
    "reach": "any",
}
"""What is handed on by these names limits; with these values it does not."""


def unlimited(_: ast.AST, node: ast.AST) -> str | None:
    """What limits is not handed on."""
    if not isinstance(node, ast.keyword) or node.arg not in LIMITS or isinstance(node.value, ast.Constant):
        return None
    told = f"unlimited: {_told(node)}"
    node.value = ast.Constant(LIMITS[node.arg])
    return told


def untold(_: ast.AST, node: ast.AST) -> str | None:
    """The channel or the tools are not told."""
    if not isinstance(node, ast.Call) or _told(node.func) not in ("self", "self.scan", "self.labels.given") or len(node.args) < 2:
        return None
    told = f"not told: {_told(node.args[-1])}"
    del node.args[-1]
    return told


def unlisted(_: ast.AST, node: ast.AST) -> str | None:
    """The last of a list is left out, so also a label of what cannot be read."""
    if not isinstance(node, ast.List) or not node.elts:
        return None
    told = f"not in the list: {_told(node.elts[-1])}"
    del node.elts[-1]
    return told


def unfailing(_: ast.AST, node: ast.AST) -> str | None:
    """What could not be looked into counts as nothing found."""
    if not isinstance(node, ast.Return) or not isinstance(node.value, ast.Tuple) or not node.value.elts or "failed" not in _told(node):
        return None
    told = f"nothing for: {_told(node)}"
    node.value.elts.clear()
    return told


def unsearched(function: ast.AST, node: ast.AST) -> str | None:
    """Of the parts that are gone through, one is left out."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        told = f"only the first of: {_told(node)}"
        _put(function, node, node.left)
        return told
    return None


HOWS: Sequence[How] = (
    never, always, without_part, without_second, without_third, compared, silent, unsaid, widened, unsearched, unlimited, untold,
    unlisted, unfailing,
    *(_nth(at) for at in range(9)),
)  # fmt: skip


# Whether somebody notices --------------------------------------------------------------------------------------------------------


def survives(mutant: Mutant) -> bool:
    """Whether all tests pass."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        package = Path(folder) / "src"
        shutil.copytree(ROOT / "src", package, copy_function=os.link, ignore=shutil.ignore_patterns("__pycache__"))
        file = package / ROUTER / mutant.file
        file.unlink()
        file.write_text(mutant.source, encoding="utf-8")
        return _passes(package, mutant.tests)


def _passes(package: Path, tests: Sequence[str]) -> bool:
    environment = {**os.environ, "PYTHONPATH": str(package), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "-q",
        "-m",
        "not long and not deploy",
        "-k",
        "not postgresql",
        "--timeout",
        "60",
        "--no-header",
        "--tb",
        "no",
    ]
    try:
        files = [f"{TESTS}/{name}" for name in tests]
        done = subprocess.run([*command, *files], cwd=ROOT, env=environment, capture_output=True, timeout=MOST_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return False
    if done.returncode not in (0, 1, 2):  # 2: it cannot even be imported
        raise SystemExit(done.stdout.decode() + done.stderr.decode())
    return done.returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="only say which there are")
    parser.add_argument("--only", default="", help="those whose name holds this")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    chosen = [mutant for mutant in mutants() if given.only in mutant.name]
    if given.list:
        print(*(mutant.name for mutant in chosen), f"{len(chosen)} mutants", sep="\n")
        return 0
    return _run(chosen, given.workers)


def _run(chosen: Sequence[Mutant], workers: int) -> int:
    begun = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        alive = []
        for mutant, lives in zip(chosen, pool.map(survives, chosen), strict=True):
            alive.append(lives)
            if lives:
                print(f"survived: {mutant.name}", flush=True)
    survivors = [mutant.name for mutant, lives in zip(chosen, alive, strict=True) if lives]
    print(f"{len(chosen) - len(survivors)} of {len(chosen)} mutants killed in {time.monotonic() - begun:.0f} s")
    return 1 if survivors or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
