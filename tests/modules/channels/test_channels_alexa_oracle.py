"""Our verifier of Alexa's requests against Amazon's own for Node: what it takes we take, unless we say why not, and never the reverse."""

import json
import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.alexa_cases import amazon, cases
from support.pages import ROOT
from support.program import environment

pytestmark = pytest.mark.long
PACKAGES = Path(os.environ.get("HULK_TEST_ALEXA", Path.home() / ".cache/hulk-alexa-verifier"))
SCRIPT = Path(__file__).parents[2] / "support/foreign/alexa_verdicts.cjs"


@pytest.fixture(scope="module")
def packages() -> Path:
    """Amazon's packages (8 MB), as they are locked."""
    if not (PACKAGES / "node_modules/ask-sdk-express-adapter").exists():
        shutil.copytree(ROOT / "requirements/alexa-verifier", PACKAGES, dirs_exist_ok=True)
        subprocess.run(["npm", "ci", "--silent", "--ignore-scripts"], cwd=PACKAGES, check=True)
    return PACKAGES


def test_amazons_verifier_says_the_same_or_we_say_why(packages: Path, tmp_path: Path) -> None:
    root = tmp_path / "root.pem"
    root.write_bytes(amazon().root.pem)
    every = list(cases(datetime.now(UTC)))  # it looks at the clock of the machine
    lines = [
        json.dumps({
            "headers": {name: value.decode("latin-1") for name, value in case.headers.items()}, "body": case.body.decode(),
            "chains": {path: chain.decode() for path, chain in case.chains.items()},
        })
        for case in every
    ]  # fmt: skip
    command = ["node", str(SCRIPT), str(packages), str(root)]
    done = subprocess.run(command, input="\n".join(lines), capture_output=True, text=True, check=True, env=environment())
    theirs = [line == "true" for line in done.stdout.split()]
    assert len(theirs) == len(every) >= 30
    differ = [case.name for case, taken in zip(every, theirs, strict=True) if taken != case.valid and not case.stricter]
    looser = [case.name for case, taken in zip(every, theirs, strict=True) if case.valid and not taken]
    assert (differ, looser) == ([], [])
