"""Problems as pages: what was refused, in the words of who looks, and where to go on."""

from collections.abc import Mapping

from starlette.responses import HTMLResponse, Response
from starlette.types import Scope

from hulk.kernel.text import Voice
from hulk.modules.console.pages.showing import SECURITY, Showing
from hulk.modules.console.pages.view import view_of
from hulk.runtime.http import Face, Problem, request_id


def face_of(showing: Showing) -> Face:
    """How problems of the console are shown."""

    def face(scope: Scope, problem: Problem, voice: Voice) -> Response:  # noqa: ARG001  # they may have chosen another language
        view = view_of(scope, showing.zone)
        name = "said_problem.html" if view.partial else "problem.html"
        body = showing.written(view, name, problem=problem, request_id=request_id(scope))
        return HTMLResponse(body, problem.status, {**SECURITY, **_headers(problem)})

    return face


def _headers(problem: Problem) -> Mapping[str, str]:
    return {} if problem.retry_after is None else {"retry-after": str(max(1, round(problem.retry_after)))}
