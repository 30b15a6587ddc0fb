"""Real input: a git repository with a history, tables with problems, series with anomalies."""

import csv
import math
import random
import subprocess
from datetime import UTC, date, datetime, timedelta
from pathlib import Path


def repository(folder: Path, commits: int = 12) -> Path:
    """A repository whose `core.py` changed most in the last days."""
    folder.mkdir(parents=True)
    _git(folder, "init", "-q", "-b", "main")
    for number in range(commits):
        day = datetime.now(UTC) - timedelta(days=commits - number)
        for name, every in (("core.py", 1), ("api.py", 2), ("docs.md", 4)):
            if number % every == 0:
                (folder / name).write_text(f"{name} {number}\n" * (number + 1))
        _git(folder, "add", "-A")
        when = day.strftime("%Y-%m-%dT12:00:00+00:00")
        _git(folder, "-c", "user.name=Ana", "-c", "user.email=ana@example.com", "commit", "-q", "-m", f"change {number}", dates=when)
    return folder


def _git(folder: Path, *arguments: str, dates: str | None = None) -> None:
    env = (
        {"GIT_AUTHOR_DATE": dates, "GIT_COMMITTER_DATE": dates, "HOME": str(folder), "PATH": "/usr/bin:/bin:/usr/local/bin"}
        if dates
        else None
    )
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, env=env)


def sales(path: Path, days: int = 200, seed: int = 1) -> Path:
    """Daily sales of three shops, as a Brazilian spreadsheet writes them, with two spikes, missing values and stand-ins."""
    chance = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, delimiter=";")
        rows.writerow(["data", "loja", "valor", "obs"])
        for number in range(days):
            day = (date(2026, 1, 1) + timedelta(days=number)).strftime("%d/%m/%Y")
            for shop in ("Centro", "Norte", "Sul"):
                value = 100 + 20 * (number % 7 > 4) + chance.gauss(0, 3)
                value *= 4 if (number, shop) in {(50, "Centro"), (120, "Sul")} else 1
                rows.writerow([day, shop, f"{value:.2f}".replace(".", ","), "N/A" if number % 10 == 0 else "ok"])
    return path


def sensors(path: Path, hours: int = 24 * 21) -> Path:
    """Hourly temperatures with a day's rhythm and one broken hour, as JSON lines."""
    start = datetime(2026, 3, 1, tzinfo=UTC)
    with path.open("w", encoding="utf-8") as file:
        for hour in range(hours):
            value = 20 + 5 * math.sin(hour / 24 * 2 * math.pi) + (40 if hour == 300 else 0)
            file.write(f'{{"time": "{(start + timedelta(hours=hour)).isoformat()}", "celsius": {value:.3f}}}\n')
    return path
