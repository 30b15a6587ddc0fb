"""What is never answered: mail of programs, of lists, of ourselves (RFC 3834, 2). Pure rules.

Two programs that answer each other do so for ever. Most say that they are programs; whoever does not is found out by writing more than a
person does (`Talk`).
"""

import re
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hulk.modules.channels.adapters.email.headers import Header, addresses_in

_BULK = frozenset({"bulk", "list", "junk", "auto_reply", "auto-reply"})
_LISTS = ("list-id", "list-post", "list-unsubscribe", "list-help", "list-owner", "mailing-list", "x-mailing-list", "feedback-id")
_ROBOTS = ("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-response-suppress", "x-failed-recipients", "x-loop")
_NOBODY = re.compile(r"(mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?|nao-?responda)([+@].*|$)", re.IGNORECASE)
_PACES = ((40, timedelta(minutes=10)), (200, timedelta(days=1)))
"""More mails than that of one sender in such a time are not a person's."""
_MOST_SENDERS = 5_000


def automatic(header: Header) -> str:
    """Why a mail is a program's; empty when a person may have written it."""
    told = header.first("auto-submitted").partition(";")[0].strip().lower()
    if told not in ("", "no"):
        return "Auto-Submitted"
    if any(value.strip().lower() in _BULK for value in header.all("precedence")):
        return "Precedence"
    for name in (*_LISTS, *_ROBOTS):
        if header.all(name) and header.first(name).strip().lower() not in ("", "none"):
            return name
    if any(value.strip() == "<>" for value in header.all("return-path")):
        return "null return path"
    if header.first("content-type").strip().lower().startswith(("multipart/report", "message/delivery-status")):
        return "a report"
    if any(_NOBODY.fullmatch(one) for one in addresses_in(*header.all("from"))):
        return "an address that nobody reads"
    return ""


@dataclass(slots=True)
class Talk:
    """When senders wrote of late; those who wrote longest ago are forgotten first."""

    _by_sender: "OrderedDict[str, dict[str, datetime]]" = field(default_factory=OrderedDict)

    def too_much(self, sender: str, key: str, at: datetime) -> bool:
        """Whether a mail of that key, which came then, is one more than people write."""
        heard = self._by_sender.pop(sender, {})
        heard[key] = at
        longest = _PACES[-1][1]
        heard = dict(sorted(((one, when) for one, when in heard.items() if abs(at - when) < longest), key=lambda pair: pair[1])[-400:])
        self._by_sender[sender] = heard
        if len(self._by_sender) > _MOST_SENDERS:
            self._by_sender.popitem(last=False)
        return any(sum(timedelta(0) <= at - when < within for when in heard.values()) > most for most, within in _PACES)
