"""`thor router`: how the router's choices went, why one was made, experiments, and how it would do on a graded set."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from hulk.apps.terminal import speaker, spoken
from hulk.apps.thor.commands import (
    ConfigOption,
    DataOption,
    JsonOption,
    ReasonOption,
    Rows,
    TenantOption,
    end,
    group,
    listed,
    settings_of,
    show,
)
from hulk.apps.thor.policies import app as policies
from hulk.kernel.tenancy import DEFAULT_TENANT
from hulk.kernel.text import Text

app = group(Text("The router: how its choices went, experiments, and policies."))
experiments = group(Text("Experiments between models, prompts or policies."))
app.add_typer(experiments, name="experiments")
app.add_typer(policies, name="policies")

NamedOption = Annotated[str, typer.Argument(help=spoken(Text("The experiment's id (exp_…) or name.")), metavar="EXPERIMENT")]
CostOption = Annotated[
    float | None,
    typer.Option("--cost", min=0, help=spoken(Text("Quality (0 to 1) that one unit of money is worth (default: learning.cost)."))),
]
SecondsOption = Annotated[
    float | None, typer.Option("--seconds", min=0, help=spoken(Text("Quality that one second is worth (default: learning.seconds).")))
]


@app.command("report", help=spoken(Text("How the choices of the last days went, and how a candidate policy would have done.")))
def report(
    days: Annotated[int, typer.Option("--days", min=1, max=3650, help=spoken(Text("So many days back.")))] = 30,
    always: Annotated[str | None, typer.Option("--always", help=spoken(Text("The candidate: always this model, where allowed.")))] = None,
    cost: CostOption = None, seconds: SecondsOption = None,
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """The report."""
    listed(config, data, lambda desk: desk.routing.report(tenant, days, always, cost, seconds), as_json=as_json)


@app.command("explain", help=spoken(Text("Why a model was chosen: neighbours, estimates, chances, and what was said of the answer.")))
def explain(
    decision: Annotated[str, typer.Argument(help=spoken(Text("The decision's id (dec_…).")), metavar="DECISION")],
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """The explanation."""
    listed(config, data, lambda desk: desk.routing.explain(tenant, decision), as_json=as_json)


@app.command("evaluate", help=spoken(Text("Learn from a part of a graded set (JSON lines or CSV), and judge the router on the rest.")))
def evaluate(
    file: Annotated[Path, typer.Argument(help=spoken(Text("The graded set.")), metavar="FILE")],
    share: Annotated[float, typer.Option("--share", min=0.1, max=0.9, help=spoken(Text("The share that is learnt from.")))] = 0.7,
    seed: Annotated[int, typer.Option("--seed", help=spoken(Text("Draws which questions are learnt from.")))] = 1,
    cost: Annotated[float, typer.Option("--cost", min=0, help=spoken(Text("Quality that one unit of the set's money is worth.")))] = 0.0,
    config: ConfigOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """The figures."""

    async def act() -> int:
        from hulk.apps.routing import evaluated_rows  # the modules: not for `--help`

        show(await evaluated_rows(settings_of(config), speaker(), file, (share, seed), cost), as_json=as_json)
        return 0

    end(act)


@experiments.command("list", help=spoken(Text("All experiments, the newest first.")))
def listing(
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, as_json: JsonOption = False
) -> None:
    """All of them."""
    listed(config, data, lambda desk: desk.routing.experiments(tenant), as_json=as_json)


@experiments.command("show", help=spoken(Text("An experiment's variants, and how they stand.")))
def shown(
    experiment: NamedOption,
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """One of them."""
    listed(config, data, lambda desk: desk.routing.experiment(tenant, experiment), as_json=as_json)


@experiments.command("create", help=spoken(Text("Begin an experiment; the first variant is what the others are compared with.")))
def create(
    name: Annotated[str, typer.Argument(help=spoken(Text("What it is called: small letters, digits and hyphens.")))],
    variants: Annotated[
        list[str], typer.Option("--variant", help=spoken(Text("A variant as name=value or name=value:share; given for each.")))
    ],
    about: Annotated[str, typer.Option("--about", help=spoken(Text("What the variants name: models, prompts or policies.")))] = "models",
    config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, reason: ReasonOption = "",
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Begin one."""
    listed(config, data, lambda desk: desk.routing.create(tenant, name, about, variants, reason), as_json=as_json)


def _end(name: str, about: Text, act: Callable[[Any], Callable[[str, str, str], Coroutine[Any, Any, Rows]]]) -> None:
    """A command that ends an experiment; `act` gives that act of the desk."""

    @experiments.command(name, help=spoken(about))
    def command(
        experiment: NamedOption,
        config: ConfigOption = None, data: DataOption = None, tenant: TenantOption = DEFAULT_TENANT, reason: ReasonOption = "",
        as_json: JsonOption = False,
    ) -> None:  # fmt: skip
        listed(config, data, lambda desk: act(desk)(tenant, experiment, reason), as_json=as_json)


_end("stop", Text("Stop an experiment; what was found stays."), lambda desk: desk.routing.stop)
_end("kill", Text("End an experiment at once, because it does harm; a running Hulk heeds it within 2 s."), lambda desk: desk.routing.kill)
