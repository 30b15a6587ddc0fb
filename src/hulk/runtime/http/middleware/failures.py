"""Turns every error that leaves the inside into a problem; bugs are logged with their trace and told without it."""

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hulk.kernel.errors import HulkError
from hulk.runtime.http import problems

log = structlog.get_logger("hulk.http")


class Failures:
    """Nothing passes it but a cancellation, and what fails after its answer has begun."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; answer with a problem what comes back as an error."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except HulkError as error:
            if begun:
                log.warning("answer_broken_off", reason=error.code)
                raise
            await problems.response(scope, problems.of_error(error))(scope, receive, send)
        except ClientDisconnect:
            return  # amid its body: there is nobody to answer, and nobody's mistake to tell of
        except Exception:
            log.exception("request_failed")
            if begun:
                raise
            await problems.response(scope, problems.of_bug())(scope, receive, send)
