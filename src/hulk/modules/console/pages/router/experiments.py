"""`/console/router/experiments`: which run, how their variants stand, beginning and ending them."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from hulk.kernel.errors import NotFound
from hulk.kernel.text import Language
from hulk.modules.console.pages.router.drafts import number_of, share_of
from hulk.modules.console.pages.router.intervals import drawn
from hulk.modules.console.pages.showing import Showing, form_of
from hulk.runtime.http import Caller

ADDRESS = "/console/router/experiments"
VARIANTS = 8
"""That the API takes at most."""
_API = "/v1/router/experiments"
_MOST = 200


def add_experiments(router: APIRouter, showing: Showing) -> None:
    """Looking, beginning, stopping, ending at once."""
    _acting(router, showing)

    @router.get("/experiments")
    async def experiments(request: Request, caller: Caller) -> Response:
        found = (await showing.ask(request, _API))["experiments"]
        may = caller.may("manage", "router")
        return showing.page(request, "experiments.html", experiments=found[:_MOST], most=_MOST, more=len(found) > _MOST, may=may)

    @router.get("/experiments/new")
    async def new(request: Request, caller: Caller) -> Response:
        models = await showing.ask(request, "/v1/router/models")
        names = [one["name"] for one in models["models"] if one["purpose"] == "chat"]
        return showing.page(request, "experiment_new.html", names=names, rooms=range(1, VARIANTS + 1), may=caller.may("manage", "router"))

    @router.get("/experiments/{experiment}")
    async def experiment(experiment: str, request: Request, caller: Caller) -> Response:
        found = await showing.ask(request, f"{_API}/{_sole(experiment)}")
        may = caller.may("manage", "router") and found["status"] == "running"
        return showing.page(request, "experiment.html", one=found, drawn=drawn(found), may=may)


def _acting(router: APIRouter, showing: Showing) -> None:
    @router.post("/experiments")
    async def begin(request: Request, caller: Caller) -> Response:  # noqa: ARG001  # only for who has been let in
        made = await showing.act(request, "POST", _API, _wanted(await form_of(request), showing.view(request).voice.language))
        return showing.done(request, f"{ADDRESS}/{made['experiment_id']}", "begun")

    @router.post("/experiments/{experiment}/stop")
    async def stop(experiment: str, request: Request, caller: Caller) -> Response:  # noqa: ARG001  # only for who has been let in
        return await _ended(showing, request, experiment, "stop", "stopped")

    @router.post("/experiments/{experiment}/kill")
    async def kill(experiment: str, request: Request, caller: Caller) -> Response:  # noqa: ARG001  # only for who has been let in
        return await _ended(showing, request, experiment, "kill", "killed")


async def _ended(showing: Showing, request: Request, experiment: str, act: str, said: str) -> Response:
    form = await form_of(request)
    await showing.act(request, "POST", f"{_API}/{_sole(experiment)}/{act}", {"reason": form.get("reason", "")})
    return showing.done(request, f"{ADDRESS}/{_sole(experiment)}", said)


def _wanted(form: Mapping[str, str], language: Language) -> dict[str, Any]:
    """What the form says, as the API takes it."""
    about = {name: form.get(name, "").strip() for name in ("name", "about", "reason")}
    limits: dict[str, Any] = {"least_gain": float(number_of(form["least_gain"], language))} if form.get("least_gain", "").strip() else {}
    limits |= {"most_pairs": int(number_of(form["most_pairs"], language))} if form.get("most_pairs", "").strip() else {}
    return {**about, "variants": _variants(form, language), **limits}


def _variants(form: Mapping[str, str], language: Language) -> Sequence[Mapping[str, Any]]:
    rooms = ({part: form.get(f"{part}-{room}", "").strip() for part in ("name", "value", "share")} for room in range(1, VARIANTS + 1))
    return [{**one, "share": float(share_of(one["share"], language))} for one in rooms if any(one.values())]


def _sole(experiment: str) -> str:
    """One piece of a path; raises `NotFound` for what is none."""
    if "/" in experiment or experiment in ("", ".", ".."):
        raise NotFound("There is no experiment {id}.", id=experiment[:80])
    return experiment
