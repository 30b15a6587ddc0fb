"""What came of a command, for whoever asked: how it ended, what it wrote, what it made."""

import mimetypes
from typing import Final

from hulk.kernel.records import JsonObject
from hulk.modules.tools.domain import Bytes, Output, Words
from hulk.runtime.jail.prison import Report, Said

_ENDED: Final = {
    "time": "It was ended: its time was over.",
    "cpu": "It was ended: it used more CPU than it may.",
    "memory": "It was ended: it held more memory than it may.",
    "processes": "It was ended: it had more processes than it may.",
}
_LEFT: Final = {
    "large": "there was no room for it", "many": "there were too many", "link": "it is a link", "special": "it is no plain file",
    "unreadable": "it cannot be read",
}  # fmt: skip


def told(report: Report) -> Output:
    """`failed` when it was ended, or by a signal; another exit code than 0 is an answer."""
    files = [Bytes(data, mimetypes.guess_type(name)[0] or "application/octet-stream", name) for name, data in report.files]
    over = report.exit is None or report.exit < 0
    return Output(data=_data(report), pieces=(Words(_words(report)), *files), failed=over, cut=_cut(report))


def _data(report: Report) -> JsonObject:
    return {
        "exit": report.exit, "ended": report.ended or None, "seconds": report.seconds, "cpu": report.cpu, "memory": report.memory,
        "stdout": _text(report.stdout), "stderr": _text(report.stderr), "files": [name for name, _ in report.files],
        "left": [{"file": name, "why": _LEFT.get(why, why)} for name, why in report.left],
    }  # fmt: skip


def _words(report: Report) -> str:
    parts = [_how(report)]
    parts += [f"{name}:\n{text}" for name, text in (("stdout", _text(report.stdout)), ("stderr", _text(report.stderr))) if text]
    parts += [f"files: {', '.join(name for name, _ in report.files)}"] if report.files else []
    return "\n\n".join(parts)


def _how(report: Report) -> str:
    if report.exit is None:
        return _ENDED.get(report.ended, "It was ended.")
    return f"exit {report.exit}, in {report.seconds} s" if report.exit >= 0 else f"It was ended by signal {-report.exit}."


def _text(said: Said) -> str:
    gone = said.size - len(said.data)
    if not gone:
        return said.data.decode(errors="replace")
    head, tail = said.data[: said.head].decode(errors="replace"), said.data[said.head :].decode(errors="replace")
    return f"{head}\n[… {gone} bytes are left out …]\n{tail}"


def _cut(report: Report) -> str:
    both = (("standard output", report.stdout), ("standard error", report.stderr))
    parts = [f"{name} has {one.size} bytes, of which {len(one.data)} are here" for name, one in both if one.size > len(one.data)]
    parts += [f"{name} is not given: {_LEFT.get(why, why)}" for name, why in report.left]
    parts += [f"{report.more} files more are not given"] if report.more else []
    return "; ".join(parts)
