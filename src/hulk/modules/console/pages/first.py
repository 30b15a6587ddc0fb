"""What somebody who is new here is led through on the front page: a first question, a model, a channel, a second person."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from hulk.kernel.text import Text
from hulk.modules.console.pages.showing import SECURITY, Showing, require_own
from hulk.modules.console.pages.view import PREFERENCE_SECONDS
from hulk.runtime.http import Caller

COOKIE = "hulk-first"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something that makes Hulk useful: `path` below `/console/` is where it is done, `link` what leads there."""

    name: Text
    about: Text
    path: str
    link: Text
    done: bool


def first_routes(showing: Showing) -> APIRouter:  # noqa: ARG001  # as of the others
    """`/console/first/dismiss`."""
    router = APIRouter(prefix="/console/first", include_in_schema=False)

    @router.post("/dismiss")
    async def dismiss(request: Request, caller: Caller) -> Response:  # noqa: ARG001  # only for who has been let in
        require_own(request)
        answer = RedirectResponse("/console/", 303, SECURITY)
        answer.set_cookie(
            COOKIE, "no", max_age=PREFERENCE_SECONDS, path="/", samesite="lax", httponly=True, secure=request.url.scheme == "https"
        )
        return answer

    return router


def wants_steps(request: Request) -> bool:
    """Whether whoever looks has not waved them away."""
    return request.cookies.get(COOKIE) != "no"


def _may_ask(showing: Showing, request: Request) -> bool:
    caller = showing.view(request).caller
    return caller is not None and caller.somewhere("write", "intents")


async def first_steps(showing: Showing, request: Request) -> Sequence[Step]:
    """What the front page needs for it: no steps for who wants none, for who may ask nothing, and once all are done. Before
    anything was asked they stand there; afterwards, until they are done or waved away, too."""
    asked = await showing.seen(request, "/v1/intents", limit=1) if wants_steps(request) and _may_ask(showing, request) else None
    steps = [] if asked is None else await _steps(showing, request, bool(asked["intents"]))
    return [] if all(one.done for one in steps) else steps


async def _steps(showing: Showing, request: Request, asked: bool) -> Sequence[Step]:
    """Those that whoever looks may do something about."""
    models = await showing.seen(request, "/v1/models")
    channels = await showing.seen(request, "/v1/channels")
    people = await showing.seen(request, "/v1/people")
    ask = Step(
        name=Text("Ask something"), about=Text("An example lies ready: a table of sales in which two days are wrong."), path="ask",
        link=Text("Ask"), done=asked,
    )  # fmt: skip
    return [
        ask,
        *([] if models is None else [_model(any(one["purpose"] == "chat" and one["id"] != "auto" for one in models["data"]))]),
        *([] if channels is None else [_channel(bool(channels["channels"]))]),
        *([] if people is None else [_person(bool(people["people"]))]),
    ]


def _model(done: bool) -> Step:
    return Step(
        name=Text("Add a model"), path="models/add", link=Text("Say which"), done=done,
        about=Text("Skills answer without one; with a model Hulk answers what no skill knows."),
    )  # fmt: skip


def _channel(done: bool) -> Step:
    return Step(
        name=Text("Add a channel"), path="add-channel", link=Text("Choose where"), done=done,
        about=Text("People then ask where they write anyway: Mattermost, Telegram, mail and others."),
    )  # fmt: skip


def _person(done: bool) -> Step:
    return Step(
        name=Text("Invite a person"), path="people#invite", link=Text("Say who"), done=done,
        about=Text("With a role of their own, so that somebody else may approve what you ask for."),
    )  # fmt: skip
