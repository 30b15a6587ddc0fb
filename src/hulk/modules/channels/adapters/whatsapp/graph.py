"""Asking Meta's Graph API, and what its errors mean.

    {"error": {"message": "(#131056) …", "type": "OAuthException", "code": 131056, "error_data": {"details": "…"}, "fbtrace_id": "…"}}

Source: “Cloud API error codes” (developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes). An error of the
API with a reason says that a message was not taken; a 5xx without one says nothing.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from hulk.kernel.errors import Exhausted, Forbidden, HulkError, NotFound, Refused, TooLarge, Unauthenticated, Unavailable
from hulk.modules.channels.adapters.vendor import Answer, Vendor, retry_after
from hulk.modules.channels.adapters.whatsapp.arrivals import cleaned
from hulk.modules.channels.adapters.whatsapp.wire import Fault

CLOSED = 131047
"""The 24 hours are over in which people can be written to freely."""
_UNKNOWN = frozenset({0, 102, 190})
_FORBIDDEN = frozenset({3, 10, 368, 131005, 131031, 130497, *range(200, 300)})
_TOO_MUCH = frozenset({4, 80007, 130429, 131048, 131064, 133016})
_LATER = frozenset({2, 131016, 131057, 133004})
_PAIR = 131056
_GONE = 33
"""An `error_subcode`: there is no such object."""
_LONGEST = 3600.0
_HINTS = {
    131026: "they have no WhatsApp, an old one, or have not accepted its terms",
    131030: "the number of a test account reaches only numbers on its list; add this one in Meta's App Dashboard",
    131062: "this number cannot write to people whose phone number it does not know yet",
    368: "Meta has restricted this account; see Business Support Home",
    131031: "Meta has locked this account; see Business Support Home",
    10: "the token lacks the permission whatsapp_business_messaging",
}
_MEDIA_HOSTS = (".fbsbx.com", ".facebook.com", ".fbcdn.net", ".whatsapp.net")


class Closed(Refused):
    """The 24 hours are over in which they can be written to freely."""


@dataclass(frozen=True, slots=True)
class Graph:
    """The Graph API at `vendor.url`, in that version (`v25.0`)."""

    vendor: Vendor
    version: str
    token: Callable[[], str]

    async def get(self, path: str, token: str = "") -> dict[str, Any]:
        """What is at `path`; `token` in place of ours. Raises as `Line.check`."""
        return self._read(await self.vendor.ask("GET", self._path(path), headers=self._known(token)))

    async def post(self, path: str, data: Any, *, attempt: int = 1, sends: bool = False) -> dict[str, Any]:
        """`sends`: people see what it does. `attempt` counts from 1. Raises as `Line.send`."""
        headers = {**self._known(), "content-type": "application/json"}
        body = json.dumps(data, ensure_ascii=False).encode("utf-8", "replace")
        return self._read(await self.vendor.ask("POST", self._path(path), headers=headers, body=body, sends=sends), attempt, sends)

    async def upload(self, path: str, name: str, file: Path, media_type: str) -> str:
        """The id of a file at Meta, where it lies for 30 days. Raises as `Line.send`, but nothing is ever uncertain."""
        import aiohttp  # see Vendor.ask

        with file.open("rb") as content:
            form = aiohttp.FormData()
            form.add_field("messaging_product", "whatsapp")
            form.add_field("type", media_type)
            form.add_field("file", content, filename=name, content_type=media_type)
            found = self._read(await self.vendor.ask("POST", self._path(path), headers=self._known(), data=form))
        return _id(found.get("id")) or _raise(Unavailable("{vendor} gives no id to a file.", vendor=self.vendor.called))

    async def download(self, url: str, into: Path, most: int) -> None:
        """What is at an address that the API gave. Raises `Refused` for one that is not Meta's: our token goes there."""
        parts, ours = urlsplit(url), urlsplit(self.vendor.url)
        meta = parts.scheme == "https" and (parts.hostname or "").endswith(_MEDIA_HOSTS)
        if not meta and (parts.scheme, parts.netloc) != (ours.scheme, ours.netloc):
            raise Refused("{vendor} says that a file is at {host}, which is not Meta's.", vendor=self.vendor.called, host=parts.hostname)
        await self.vendor.download(url, into, most, headers=self._known())

    def _path(self, path: str) -> str:
        return f"/{self.version}/{path}"

    def _known(self, token: str = "") -> dict[str, str]:
        return {"authorization": f"Bearer {token or self.token()}"}

    def _read(self, answer: Answer, attempt: int = 1, sends: bool = False) -> dict[str, Any]:
        data = _data(answer)
        fault = _fault(data)
        if fault is not None:
            raise self._meant(answer, fault, attempt, sends)
        if answer.status == 503 and sends:  # not of the API: nobody knows who gave it up, and when
            raise self.vendor.uncertain("HTTP 503")
        if not 200 <= answer.status < 300:
            raise self.vendor.refusal(answer, sends=sends)
        if not isinstance(data, dict):
            raise self.vendor.uncertain("no JSON") if sends else Unavailable("{vendor} answers with no JSON.", vendor=self.vendor.called)
        return data

    def _meant(self, answer: Answer, fault: Fault, attempt: int, sends: bool) -> HulkError:
        code, why = fault.code, _why(fault)
        called, wait = self.vendor.called, retry_after(answer)
        if code in _UNKNOWN or answer.status == 401:
            return Unauthenticated("{vendor} does not know us any more ({reason}): give it a new token.", vendor=called, reason=why)
        if code == CLOSED:
            return Closed(
                "More than 24 hours have gone by since they last wrote, so WhatsApp only lets a template through ({reason}). Name one in "
                "channels.whatsapp.template, or wait until they write.", reason=why,
            )  # fmt: skip
        if code in _TOO_MUCH:
            return Exhausted("{vendor} wants to be asked less often.", retry_after=wait or _waiting(attempt), vendor=called)
        if code == _PAIR:  # only for this person: the others need not wait
            return Unavailable("Too much was written to this person in too short a time.", retry_after=wait or _waiting(attempt - 1))
        if code in _LATER:
            return Unavailable("{vendor} is not there now ({reason}).", retry_after=wait, vendor=called, reason=why)
        if code in _FORBIDDEN or answer.status == 403:
            return Forbidden("{vendor} does not allow this ({reason}).", vendor=called, reason=why)
        if answer.status >= 500:
            return self.vendor.refusal(Answer(500, answer.headers, b""), why, sends=sends)
        return self._refused(answer, fault, why)

    def _refused(self, answer: Answer, fault: Fault, why: str) -> HulkError:
        gone = answer.status == 404 or fault.error_subcode == _GONE
        kind = NotFound if gone else TooLarge if answer.status == 413 else Refused
        return kind("{vendor} does not take this ({reason}).", vendor=self.vendor.called, reason=why)


def _waiting(times: int) -> float:
    """4^n seconds, which Meta asks for; an hour at most."""
    return min(4.0 ** min(max(times, 0), 10), _LONGEST)


def _why(fault: Fault) -> str:
    said = fault.error_data.details if fault.error_data is not None and fault.error_data.details else fault.title or fault.message
    hint = _HINTS.get(fault.code, "")
    return f"{fault.code}: {said[:200]}" + (f"; {hint}" if hint else "")


def _data(answer: Answer) -> Any:
    try:
        return cleaned(answer.data)
    except RecursionError:
        return None


def _fault(data: Any) -> Fault | None:
    error = data.get("error") if isinstance(data, Mapping) else None
    try:
        return Fault.model_validate(error) if isinstance(error, Mapping) and "code" in error else None
    except ValidationError:
        return None


def _id(found: object) -> str:
    return str(found) if isinstance(found, str | int) else ""


def _raise(error: HulkError) -> Any:
    raise error
