"""A twin of Bitwarden's Secrets Manager CLI, `bws` (crates/bws in bitwarden/sdk-sm): what Hulk asks of it, over a file instead of a server.

Its words are those of bws 1.0 (`Error: \\n   0: …`) or, with `style` "line", of the versions after it. As there, a wrong call is refused by
clap with 2, everything else that fails ends with 1. `fault` makes it fail otherwise: network, hang, rubbish, deep, silent, flood, crash.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any, NoReturn
from uuid import UUID

HERE = Path(__file__).resolve().parent
TOKEN = "0.48c78342-1635-48a6-accd-afbe01336365.C0tMmQqHnAp1h0gL8bngprlPOYutt0:B3h5D+YgLvFiQhWkIq6Bow=="
ORGANIZATION = "10e8cbfa-7bd2-4361-bd6f-b02e013f9c41"


def main(arguments: list[str]) -> int:
    """What `bws` does with these arguments."""
    vault = json.loads((HERE / "vault.json").read_text())
    with (HERE / "calls.jsonl").open("a") as calls:
        calls.write(json.dumps({"arguments": arguments, "environment": sorted(os.environ)}) + "\n")
    words, options = _parsed(arguments)
    if options.get("--output", "json") != "json" or options.get("--color", "auto") not in ("yes", "no", "auto"):
        return _refused("invalid value")
    token = options.get("--access-token", os.environ.get("BWS_ACCESS_TOKEN", ""))
    if not token:
        _failed(vault, "Missing access token", "No access token provided.", "Pass --access-token or set BWS_ACCESS_TOKEN.")
    if token.count(".") != 2:
        _failed(vault, "Doesn't contain a decryption key", "The access token is malformed.", "Copy the full access token.")
    _fault(vault)
    if token != TOKEN:
        _failed(
            vault, '[400 Bad Request] {"error":"invalid_client"}', "The access token is invalid, expired, or revoked.", "Create a new one."
        )
    return _answered(vault, words)


def _parsed(arguments: list[str]) -> tuple[list[str], dict[str, str]]:
    words, options, rest = [], {}, iter(arguments)
    for word in rest:
        if word.startswith("--"):
            options[word] = next(rest, "")
        else:
            words.append(word)
    return words, options


def _answered(vault: Any, words: list[str]) -> int:
    match words:
        case ["secret", "get", id_]:
            return _secret(vault, id_)
        case ["secret", "list", project]:
            return _printed([_shown(one) for one in vault["secrets"] if one["projectId"] == project])
        case ["project", "list"]:
            return _printed([{"object": "project", "organizationId": ORGANIZATION, **one} for one in vault["projects"]])
    return _refused(f"unrecognized subcommand '{' '.join(words)}'")


def _secret(vault: Any, id_: str) -> int:
    try:
        UUID(id_)
    except ValueError:
        return _refused(f"invalid value '{id_}' for '<SECRET_ID>'")
    found = next((one for one in vault["secrets"] if one["id"] == id_), None)
    if found is None:
        _failed(
            vault, 'Received error message from server: [404 Not Found] {"message":"Resource not found.","object":"error"}',
            f"Secret {id_} not found or not accessible.", "Check the ID and that the machine account has access to it.",
        )  # fmt: skip
    return _printed(_shown(found))


def _shown(secret: Any) -> dict[str, Any]:
    fixed = {
        "organizationId": ORGANIZATION,
        "note": "",
        "creationDate": "2023-06-28T20:13:20.643567Z",
        "revisionDate": "2023-06-28T20:13:20.643567Z",
    }
    return {"object": "secret", **fixed, **secret}


def _printed(value: object) -> int:
    print(json.dumps(value, indent=2))
    return 0


def _refused(why: str) -> int:
    sys.stderr.write(f"error: {why}\n\nFor more information, try '--help'.\n")
    return 2


def _failed(vault: Any, report: str, line: str, hint: str) -> NoReturn:
    if vault.get("style") == "line":
        sys.stderr.write(f"Error: {line}\nHint: {hint}\n")
    else:
        sys.stderr.write(f"Error: \n   0: {report}\n\nLocation:\n   crates/bws/src/main.rs:75\n\nBacktrace omitted.\n")
    sys.exit(1)


def _fault(vault: Any) -> None:
    kind = vault.get("fault")
    if kind == "network":
        report = "error sending request for url (https://identity.bitwarden.com/connect/token)"
        _failed(vault, report, "Could not resolve host identity.bitwarden.com.", "Check the server URL and your network connection.")
    if kind == "hang":
        time.sleep(60)
    if kind == "crash":
        sys.stderr.write(json.dumps(vault["secrets"]))
        os.abort()
    while kind == "flood":
        sys.stdout.write("y" * 65536)
    answers = {"rubbish": "<html>" + json.dumps(vault["secrets"]), "deep": "[" * 100_000, "silent": ""}
    if kind in answers:
        sys.stdout.write(answers[kind])
        sys.exit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
