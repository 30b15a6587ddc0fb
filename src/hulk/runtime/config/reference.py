"""The settings as a page for people and as an example file, both made from the settings classes so that they cannot lie."""

from collections.abc import Iterator

from pydantic import SecretStr

from hulk.runtime.config.keys import Key, Tree, keys
from hulk.runtime.config.settings import RUNTIME

_INTRODUCTION = """\
# Configuration

This page is made from the code; do not edit it by hand (`python tools/reference.py`).

Hulk runs without any settings. To change some, write a YAML file and start with `hulk up --config hulk.yaml`;
[`hulk.example.yaml`](../hulk.example.yaml) holds every key with its default. A value is taken from the first that sets it:

1. an option of the command (`--port 9000`),
2. an environment variable, `HULK_` and the key in capitals with `__` for each dot (`HULK_SERVER__PORT=9000`; lists with commas or as JSON),
3. the file,
4. the default.

A wrong key or value stops the start and says which, where it was set, and what is allowed. `thor config check` shows all values in
force and where each comes from, secrets masked. A secret text may be a reference to where the secret is, such as
`file:/run/secrets/nats`: [secrets](secrets.md). Durations are written `500ms`, `20s`, `1m30s`, `1h`; sizes `2MB` (10^6), `2MiB` (2^20).
"""


def markdown(sections: Tree) -> str:
    """docs/configuration.md: a table of keys for each section of the runtime and of `sections`."""
    tree: Tree = {**RUNTIME, **sections}
    return _INTRODUCTION + "".join(f"\n## {name}\n\n{_about(tree, name)}\n\n{_table({name: tree[name]})}" for name in tree)


def example(sections: Tree) -> str:
    """hulk.example.yaml: every key with its default and meaning. Keys of list entries are shown as comments."""
    tree: Tree = {**RUNTIME, **sections}
    head = "# Every setting of Hulk with its default. Copy what you change. Made from the code (`python tools/reference.py`).\n"
    return head + "".join(f"\n# {_about(tree, name)}\n{name}:\n" + "".join(_yaml({name: tree[name]})) for name in tree)


def _about(tree: Tree, name: str) -> str:
    return (tree[name].__doc__ or "").partition("\n")[0]


def _table(section: Tree) -> str:
    head = "| key | kind | default | what it does |\n|---|---|---|---|\n"
    return head + "".join(f"| `{key.name}` | {key.kind} | {_default(key)} | {key.about} |\n" for key in keys(section))


def _default(key: Key) -> str:
    if key.required:
        return "required"
    written = _written(key)
    return f"`{written}`" if written else "empty"


def _written(key: Key) -> str:
    if isinstance(key.default, SecretStr):
        return key.default.get_secret_value()
    return ", ".join(map(str, key.default)) if isinstance(key.default, tuple) else key.written(key.default)


def _yaml(section: Tree) -> Iterator[str]:
    opened: list[str] = []
    for key in keys(section):
        _, *path, last = key.name.replace("[]", "").split(".")
        mark = "# " if key.entry else ""
        for depth, part in enumerate(path, 1):
            if opened[:depth] != path[:depth] and not (key.entry and depth == 1):
                yield f"{'  ' * depth}{mark}{part}:\n"
        opened = path
        yield f"{'  ' * (len(path) + 1)}{mark}{last}: {_value(key)}  # {key.about}{' Required.' if key.required else ''}\n"


def _value(key: Key) -> str:
    if key.required:
        return "…"
    if key.listing:
        return f"[{_written(key)}]"
    written = _written(key)
    if not written:
        return "null" if key.default is None else '""'
    return f'"{written}"' if key.kind in ("text", "secret text") else written
