"""What is said of every channel, whatever its kind."""

import re
from datetime import time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from hulk.kernel.tenancy import DEFAULT_NAMESPACE, DEFAULT_TENANT, Grant, Role
from hulk.kernel.text import Language, Text
from hulk.modules.channels.domain import Channel, Quiet, Speaking
from hulk.runtime.config import Section, Size
from hulk.runtime.validation import Explained

_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


def _hours(text: str) -> str:
    if text and _HOURS.fullmatch(text) is None:
        raise Explained(Text("two times of the day such as 22:00-07:00"))
    return text


class ChannelSettings(Section):
    """A channel that is open."""

    name: str = Field(
        pattern=r"^[a-z][a-z0-9-]{0,30}$", description="What it is called here; its webhook is `/v1/hooks/NAME`. Each is there once."
    )
    tenant: str = Field(default=DEFAULT_TENANT, max_length=63, description="Whose it is.")
    namespace: str = Field(default=DEFAULT_NAMESPACE, max_length=63, description="Where what is asked there belongs.")
    language: Language | None = Field(default=None, description="Language of answers to who chose none; else that of what they write.")
    guests: tuple[Role, ...] = Field(
        default=(), description="What people may do who are not known here. Empty: they are told how to become known, and nothing else."
    )
    private: bool = Field(default=False, description="Whether all that is said there, answers too, stays in the company.")
    agent: str | None = Field(default=None, max_length=63, description="The agent that is asked, whatever is said; else whoever fits.")
    quiet: Annotated[str, AfterValidator(_hours)] = Field(
        default="", description="Hours in which nothing is sent that nobody has just asked for, `22:00-07:00`, in `locale.timezone`."
    )
    speaks: Speaking = Field(default="answering", description="Whether answers are spoken: `never`, `answering` voice notes, or `always`.")
    thumbs: bool = Field(default=True, description="Whether answers come with buttons by which people say what they think of them.")
    people: bool = Field(
        default=False,
        description="Whether somebody of the company answers who is asked for there: then answers that failed, or that somebody did not"
        " like, come with a button to talk to a person (or say how, where there are no buttons).",
    )
    approvals: bool = Field(
        default=False,
        description="Whether people who are known there and may decide are asked, each alone, as soon as something waits for a decision"
        " that is for nobody in particular; else they are shown it when they say `/pending`.",
    )
    max_file: Size = Field(default=20_000_000, ge=1000, le=2_000_000_000, description="Largest file that is taken.")

    def channel(self, kind: str, zone: str, *, trusts_email: bool = False, progress: timedelta | None = None) -> Channel:
        """As the domain has it; `zone` is where its people live."""
        return Channel(
            name=self.name, kind=kind, tenant=self.tenant, namespace=self.namespace, language=self.language,
            guests=tuple(Grant(role, self.namespace) for role in self.guests), trusts_email=trusts_email, private=self.private,
            agent=self.agent, quiet=_quiet(self.quiet, zone), speaks=self.speaks, thumbs=self.thumbs, files=self.max_file,
            approvals=self.approvals, progress=progress, people=self.people,
        )  # fmt: skip


def _quiet(hours: str, zone: str) -> Quiet | None:
    if (found := _HOURS.fullmatch(hours)) is None:
        return None
    begin, end = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
    return Quiet(begin, end, ZoneInfo(zone))
