"""Asking once more for an answer that did not follow its schema. Pure rules.

What came and what is wrong with it is told to the model; more than one repair is seldom worth its price.
"""

from dataclasses import replace

from hulk.modules.router.domain.model import Completion, Message, Prompt

_MOST = 4000
"""Characters of what is wrong that are repeated."""


def asked_again(prompt: Prompt, completion: Completion, wrong: str) -> Prompt:
    """The prompt with the answer that came, and the request to mend it."""
    plea = f"That does not follow the JSON Schema: {wrong[:_MOST]}\nAnswer again, with one JSON value that does, and nothing else."
    return replace(prompt, messages=(*prompt.messages, Message.of("assistant", completion.text), Message.of("user", plea)))


def to_check(prompt: Prompt, completion: Completion) -> bool:
    """Whether the answer should follow a schema: not one that calls tools, was cut, or that the model or its vendor refused to give."""
    return prompt.schema is not None and not completion.calls and not completion.cut and completion.finish == "stop"
