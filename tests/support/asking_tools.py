"""Tools that ask whoever calls them, as the official conformance suite of MCP expects them."""

import json
from collections.abc import Callable, Mapping
from typing import TypeAlias

from hulk.kernel.records import JsonObject
from hulk.modules.tools.domain import Output, Question, Words
from hulk.modules.tools.ports import Present

Round: TypeAlias = Callable[[JsonObject, Present], Output]


def _asks(*questions: Question, state: str = "") -> Output:
    words = "; ".join(one.message for one in questions)
    return Output(pieces=(Words(f"It would have to be known: {words}"),), failed=True, asks=questions, state=state)


def _one(key: str, message: str, **properties: JsonObject) -> Question:
    return Question(key=key, message=message, schema={"type": "object", "properties": properties, "required": list(properties)})


def _said(answers: Mapping[str, JsonObject | None], key: str) -> str:
    """What was answered, declined or not."""
    found = answers[key]
    return f"action={'decline' if found is None else 'accept'}, content={json.dumps(found)}"


def once(question: Question, words: str = "Elicitation completed: {said}", state: str = "") -> Round:
    """Asks that, then says what was answered."""

    def done(_: JsonObject, present: Present) -> Output:
        if question.key not in present.answers:
            return _asks(question, state=state)
        if present.state != state:
            raise AssertionError("the state is not the one that was given")
        return Output(pieces=(Words(words.format(said=_said(present.answers, question.key))),))

    return done


def _elicitation(arguments: JsonObject, present: Present) -> Output:
    text = {"type": "string", "description": "User's response"}
    asked = _one("user", arguments["message"], username=text, email={"type": "string", "description": "User's email address"})
    return once(asked, "User response: {said}")(arguments, present)


def _steps(_: JsonObject, present: Present) -> Output:
    """Two questions, one after the other; what was answered first is in the state."""
    if "step1" in present.answers:
        name = json.dumps(present.answers["step1"])
        return _asks(_one("step2", "Step 2: What is your favorite color?", color={"type": "string"}), state=name)
    if "step2" in present.answers and present.state:
        return Output(pieces=(Words(f"{present.state} likes {json.dumps(present.answers['step2'])}"),))
    return _asks(_one("step1", "Step 1: What is your name?", name={"type": "string"}), state="begun")


def _titled(*values: str) -> list[JsonObject]:
    return [{"const": value, "title": value.title()} for value in values]


_OPTIONS = ["option1", "option2", "option3"]
_NAME = once(_one("user_name", "What is your name?", name={"type": "string"}), "Hello, {said}!")
_OK = _one("confirm", "Please confirm", ok={"type": "boolean"})
SURE = _asks(_one("sure", "Are you sure?", sure={"type": "boolean"}))
_DEFAULTS = _one(
    "defaults", "Please look at these values",
    name={"type": "string", "default": "John Doe"}, age={"type": "integer", "default": 30}, score={"type": "number", "default": 95.5},
    status={"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
    verified={"type": "boolean", "default": True},
)  # fmt: skip
_CHOICES = _one(
    "choices", "Please choose",
    untitledSingle={"type": "string", "enum": _OPTIONS}, titledSingle={"type": "string", "oneOf": _titled("value1", "value2", "value3")},
    legacyEnum={"type": "string", "enum": ["opt1", "opt2", "opt3"], "enumNames": ["Option One", "Option Two", "Option Three"]},
    untitledMulti={"type": "array", "items": {"type": "string", "enum": _OPTIONS}},
    titledMulti={"type": "array", "items": {"anyOf": _titled("value1", "value2", "value3")}},
)  # fmt: skip
ROUNDS: Mapping[str, Round] = {
    "test_elicitation": _elicitation,
    "test_elicitation_sep1034_defaults": once(_DEFAULTS),
    "test_elicitation_sep1330_enums": once(_CHOICES),
    "test_input_required_result_elicitation": _NAME,
    "test_streaming_elicitation": _NAME,
    "test_missing_capability": _NAME,
    "test_input_required_result_request_state": once(_OK, "state-ok: {said}", state="kept"),
    "test_input_required_result_tampered_state": once(_OK, state="kept"),
    "test_input_required_result_multi_round": _steps,
}
