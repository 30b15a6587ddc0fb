"""Experiments between prompts and between policies, as they are carried out: an episode's variant says with which instructions a model is
asked, or by which policy besides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import structlog

from hulk.kernel.errors import HulkError
from hulk.modules.router.domain.asked import AUTO, Asked
from hulk.modules.router.domain.learning.experiments import Enrolment
from hulk.modules.router.domain.model import Message, Prompt
from hulk.modules.router.domain.policy import Policy
from hulk.modules.router.usecases.asking import Scan
from hulk.modules.router.usecases.learning.choose import ChooseModel

log = structlog.get_logger(__name__)
UNCHANGED = "none"
"""A variant's value: nothing is different."""


class Try(Protocol):
    """Puts what is asked into its variants."""

    async def __call__(self, asked: Asked) -> tuple[Asked, Sequence[Policy]]:
        """What is asked then, and the policies that hold besides."""


class TryNothing:
    """`Try` where nothing is learnt."""

    async def __call__(self, asked: Asked) -> tuple[Asked, Sequence[Policy]]:
        """See `Try`."""
        return asked, ()


@dataclass(frozen=True, slots=True)
class Trials:
    """`Try` by the tenant's experiments. What must stay in the company and what names its model take no part; nor does a variant whose
    value is not in the settings any more."""

    choose: ChooseModel
    scan: Scan
    prompts: Mapping[str, str] = field(default_factory=dict)
    policies: Mapping[str, Policy] = field(default_factory=dict)

    async def __call__(self, asked: Asked) -> tuple[Asked, Sequence[Policy]]:
        """See `Try`."""
        if asked.p0 or asked.wanted != AUTO:
            return asked, ()
        try:
            enrolled = await self.choose.trials(asked.tenant, asked.episode or asked.intent)
        except HulkError as error:
            log.warning("experiments_not_known", reason=str(error))
            return asked, ()
        found = [one for one in enrolled if one.variant.value in (UNCHANGED, *self._values(one))]
        tried = await self._prompted(replace(asked, trials=frozenset(one.experiment for one in found)), found)
        return tried, [self.policies[one.variant.value] for one in found if one.about == "policies" and one.variant.value != UNCHANGED]

    def _values(self, one: Enrolment) -> Mapping[str, object]:
        return self.prompts if one.about == "prompts" else self.policies

    async def _prompted(self, asked: Asked, found: Sequence[Enrolment]) -> Asked:
        said = [self.prompts[one.variant.value] for one in found if one.about == "prompts" and one.variant.value != UNCHANGED]
        if not said:
            return asked
        prompt = instructed(asked.prompt, said)
        return replace(asked, prompt=prompt, scan=await self.scan(prompt, asked.channel))


def instructed(prompt: Prompt, said: Sequence[str]) -> Prompt:
    """The prompt with these instructions before its own."""
    return replace(prompt, messages=(*(Message.of("system", one) for one in said), *prompt.messages))
