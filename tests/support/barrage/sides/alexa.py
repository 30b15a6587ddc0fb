"""Alexa, who waits for her answer.

What was acknowledged (HTTP 200) is answered: in the response, or, where that says that it takes longer, when its speaker comes back. A
request that was not acknowledged is heard by its speaker as a failure, and said again as another one: what Hulk kept of it is told when
they come back, and listed as unknown where it died while it was telling it.
"""

import asyncio
import itertools
import random
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from support.barrage.sides.hook import AWAY
from support.barrage.sides.side import GUESTS, SLOW, TEXT, Seen
from support.twins.alexa import SKILL, asked, said, written

SKILL_FILE = '''
"""What takes longer than Alexa waits."""

import time

from hulk.modules.skills import skill


@skill(
    "greenhouse.water",
    pt=["Regue as plantas da estufa", "A estufa precisa de água", "Molhe as mudas da estufa agora"],
    en=["Water the plants in the greenhouse", "The greenhouse needs water", "Give the seedlings in the greenhouse some water"],
)
def water() -> str:
    """Water the plants."""
    time.sleep(7.0)
    return "The plants were watered."
'''
WATERED = "The plants were watered."
IMPATIENT_SECONDS = 0.05


@dataclass
class Speaker:
    """Somebody who asks. `promised` are requests that were acknowledged and have no answer yet, `failed` those that were not, of which
    some came to Hulk, and may be answered when their speaker comes back."""

    id: str
    promised: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def hears(self) -> str | None:
        """Which request they take another answer for."""
        waits = self.promised or self.failed
        return waits.pop(0) if waits else None


@dataclass
class Alexa:
    """A skill, and those who speak to it."""

    twin: str
    """Amazon's signer."""
    url: str
    """Where Hulk takes it."""
    root: str
    """The file of Amazon's root."""
    session: aiohttp.ClientSession
    chance: random.Random
    name: str = "alexa"
    handle: bool = False
    failures: int = 0
    """Requests whose speaker heard a failure."""
    later: int = 0
    """Those that were told that it takes longer."""
    first: str = ""
    """What an answer says."""
    troubles: list[str] = field(default_factory=list)
    heard: Seen = field(default_factory=lambda: defaultdict(list))
    speakers: dict[str, Speaker] = field(default_factory=dict)
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @property
    def section(self) -> tuple[str, dict[str, Any]]:
        """See `Side`."""
        return "alexa", {"name": self.name, "skill": SKILL, "roots": self.root, "certificates": self.twin, **GUESTS}

    async def say(self, number: int) -> str:
        """See `Side`: until it is acknowledged it is said again, each time as another request."""
        speaker = self.speakers.setdefault(f"p{number}", Speaker(f"amzn1.ask.account.P{number}"))
        while (id_ := await self._asked(speaker)) is None:
            self.failures += 1
            await asyncio.sleep(0.1)
        return id_

    async def _asked(self, speaker: Speaker) -> str | None:
        trouble = self.troubles.pop() if self.troubles else ""
        envelope = said(SLOW if trouble == "slow" else TEXT, str(next(self._ids)), user=speaker.id)
        id_ = str(envelope["request"]["requestId"])
        response = await self._told(envelope, IMPATIENT_SECONDS if trouble == "impatient" else 30.0)
        if response is None:
            speaker.failed.append(id_)
            return None
        text = _card(response)
        self.first = self.first or text
        if text:
            self.heard[id_].append(id_)
        else:
            self.later += 1
            speaker.promised.append(id_)
        return id_

    async def _told(self, envelope: dict[str, Any], seconds: float = 30.0) -> dict[str, Any] | None:
        """What Hulk says to that; None when the speaker hears a failure."""
        body, patience = written(envelope), aiohttp.ClientTimeout(total=seconds)
        with suppress(*AWAY):
            async with self.session.post(f"{self.twin}/signed", data=body) as signed:
                headers = await signed.json()
            async with self.session.post(self.url, data=body, headers=headers, timeout=patience) as response:
                assert response.status in (200, 400, 429, 503), await response.text()
                if response.status == 200:
                    found: dict[str, Any] = (await response.json())["response"]
                    return found
        return None

    async def seen(self) -> Seen:
        """See `Side`."""
        return self.heard

    async def standing(self) -> list[str]:
        """See `Side`: nothing is said there of that."""
        return []

    def trouble(self) -> None:
        """See `Side`: somebody does not wait for the answer, or asks what takes longer than Alexa waits."""
        self.troubles.append(self.chance.choice(("impatient", "slow")))

    async def rest(self, waiting: int) -> int:
        """See `Side`: while something waits for them, those come back who heard that it takes longer, or a failure."""
        coming = [one for one in self.speakers.values() if one.promised or one.failed] if waiting else []
        for speaker in coming:
            await self._back(speaker)
        return 0

    async def _back(self, speaker: Speaker) -> None:
        """Each answer is for one of those that wait, in their order; one too many is one twice."""
        id_ = str(next(self._ids))
        response = await self._told(asked("LaunchRequest", id_, user=speaker.id))
        text = _card(response or {})
        self.first = self.first or text  # where nobody was answered at once before
        for _ in range(text.count(self.first) + text.count(WATERED)):
            self.heard[speaker.hears() or next(reversed(self.heard))].append(id_)


def _card(response: dict[str, Any]) -> str:
    """The answers in it; none where it says something else."""
    return str(response.get("card", {}).get("content", ""))
