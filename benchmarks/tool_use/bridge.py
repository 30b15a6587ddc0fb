"""The other end of `bfcl.py`: runs in the environment where `bfcl-eval` is, asks nobody itself, and judges by its authors' code.

A line of JSON in, a line out; between `run` and `done` each `ask` is answered by a `reply` or an `error`:

    {"do": "list"}                                    {"cases": [{"id": "parallel_3", "category": "parallel"}, …], "left_out": […], …}
    {"do": "run", "id": "parallel_3"}                 {"ask": {"messages": […], "tools": […], "temperature": 0.001, …}}
    {"reply": {a chat completion}}                    {"done": {"valid": false, "why": "value_error:string", "said": […]}}

Cases are loaded, turned into requests, carried on over several turns and judged by functions of the package. Ours is only what stands
between it and the network, and `_Safe`: it evaluates the calls of a conversation as Python, so what is no plain call never gets there.
"""

import json
import os
import sys
import tempfile
import types
from collections.abc import Iterator
from copy import deepcopy
from importlib import metadata
from typing import Any, TextIO

os.environ["BFCL_PROJECT_ROOT"] = tempfile.mkdtemp(prefix="bfcl-")  # where it makes folders as it is loaded
os.environ.setdefault("OPENAI_API_KEY", "none")  # its client wants one, and is never used
NAME = "asked"
"""The model's name in its list of models, which must have no underscore."""
TEMPERATURE = 0.001
"""What its own command line asks with."""


def _listed() -> types.ModuleType:
    """Its list of models, with one only: the true one loads the clients of all vendors, and half a gigabyte of torch. Of it the checker
    reads one thing: whether dots in names of functions were sent as underscores, as the handler for OpenAI's API does."""
    module = types.ModuleType("bfcl_eval.constants.model_config")
    config = types.SimpleNamespace(model_name=NAME, underscore_to_dot=True, is_fc_model=True)
    vars(module)["MODEL_CONFIG_MAPPING"] = {NAME: config}
    return module


sys.modules["bfcl_eval.constants.model_config"] = _listed()

from bfcl_eval.constants import category_mapping as categories  # type: ignore[import-not-found]  # noqa: E402  # it is in another environment
from bfcl_eval.constants.enums import Language, ReturnFormat  # type: ignore[import-not-found]  # noqa: E402
from bfcl_eval.eval_checker import eval_runner as judges  # type: ignore[import-not-found]  # noqa: E402
from bfcl_eval.eval_checker.multi_turn_eval import multi_turn_utils as stage  # type: ignore[import-not-found]  # noqa: E402
from bfcl_eval.model_handler.api_inference.openai_completion import (  # type: ignore[import-not-found]  # noqa: E402
    OpenAICompletionsHandler,
)
from bfcl_eval.utils import load_dataset_entry, load_ground_truth_entry  # type: ignore[import-not-found]  # noqa: E402
from openai.types.chat import ChatCompletion  # noqa: E402

OFFERED = (*categories.SINGLE_TURN_CATEGORY, *categories.MULTI_TURN_CATEGORY)
LEFT_OUT = (
    *((name, "asks a search engine on the network, with a key") for name in categories.WEB_SEARCH_CATEGORY),
    *(
        (name, "its questions hang on long conversations before them, one kind on an embedding model")
        for name in categories.MEMORY_CATEGORY
    ),
    ("format_sensitivity", "is about calls written into text; its authors leave it out for models that are offered tools"),
)


class Failed(Exception):
    """The server did not answer: no fault of the model's."""


class Line:
    """Both directions."""

    def __init__(self, heard: TextIO, words: TextIO) -> None:
        self._heard, self._words = heard, words

    def say(self, **what: Any) -> None:
        """One line."""
        self._words.write(json.dumps(what, ensure_ascii=False, default=str) + "\n")
        self._words.flush()

    def hear(self) -> Iterator[dict[str, Any]]:
        """Until it is closed."""
        for line in self._heard:
            yield json.loads(line)


class _Safe(OpenAICompletionsHandler):  # type: ignore[misc]  # its types are not there
    """The package's handler for OpenAI's API, asking through the line."""

    def __init__(self, line: Line) -> None:
        super().__init__(model_name=NAME, temperature=TEMPERATURE, registry_name=NAME, is_fc_model=True)
        self._line = line

    def generate_with_backoff(self, **asked: Any) -> tuple[Any, float]:
        """What it would send, sent by the other end."""
        messages = [one if isinstance(one, dict) else one.model_dump(mode="json", exclude_unset=True) for one in asked["messages"]]
        self._line.say(ask={**asked, "messages": messages})
        answer = next(self._line.hear())
        if "error" in answer:
            raise Failed(answer["error"])
        try:
            return ChatCompletion.model_validate(answer["reply"]), 0.0
        except ValueError as error:  # pydantic's is one
            raise Failed(f"this is no chat completion: {error}") from error

    def decode_execute(self, result: Any, has_tool_call_tag: bool) -> Any:
        """Calls as Python, which is evaluated: names are names, and values are written by `repr`."""
        for call in result if isinstance(result, list) else []:
            for name, arguments in call.items():
                if not all(word.isidentifier() for word in (name, *json.loads(arguments))):
                    raise ValueError("no plain call")
        return super().decode_execute(result, has_tool_call_tag)


class Cases:
    """Those of the package, loaded when they are first asked for."""

    def __init__(self) -> None:
        self._asked: dict[str, dict[str, Any]] = {}
        self._judged: dict[str, tuple[dict[str, Any], Any]] = {}
        self.categories: dict[str, str] = {}
        for category in OFFERED:
            self._load(category)

    def _load(self, category: str) -> None:
        asked, plain = load_dataset_entry(category), load_dataset_entry(category, include_language_specific_hint=False)
        truths = [None] * len(plain) if "relevance" in category else [one["ground_truth"] for one in load_ground_truth_entry(category)]
        for entry, bare, truth in zip(asked, plain, truths, strict=True):
            self.categories[entry["id"]] = category
            self._asked[entry["id"]], self._judged[entry["id"]] = entry, (bare, truth)

    def run(self, name: str, handler: _Safe) -> dict[str, Any]:
        """Ask, and judge what came."""
        for left in [one for one in vars(stage) if one.endswith("_instance")]:
            del vars(stage)[left]  # the stage of an earlier try at the same conversation
        said, _ = handler.inference(deepcopy(self._asked[name]), include_input_log=False, exclude_state_log=True)
        found = self._verdict(name, handler, said)
        return {"valid": bool(found["valid"]), "why": _why(found), "said": said}

    def _verdict(self, name: str, handler: _Safe, said: Any) -> dict[str, Any]:
        category, (entry, truth) = self.categories[name], deepcopy(self._judged[name])
        verdict: dict[str, Any]
        if "relevance" in category:
            verdict = judges._evaluate_single_relevance_entry(handler, name, said, entry, NAME, category)  # noqa: SLF001  # it has no other door
        elif category in categories.MULTI_TURN_CATEGORY:
            verdict = judges._evaluate_single_multi_turn_entry(handler, name, said, truth, entry, NAME, category)  # noqa: SLF001
        else:
            tongue = {"simple_java": "JAVA", "simple_javascript": "JAVASCRIPT"}.get(category, "PYTHON")
            verdict = judges._evaluate_single_ast_entry(  # noqa: SLF001
                handler, name, said, truth, entry, NAME, category, Language[tongue], ReturnFormat[tongue]
            )
        return verdict

    def truth(self, name: str) -> dict[str, Any]:
        """The case with its possible answers, for who checks the harness."""
        return {"entry": self._asked[name], "truth": self._judged[name][1]}


def _why(found: dict[str, Any]) -> str:
    error = found.get("error")
    kind = found.get("error_type") or (error.get("error_type") if isinstance(error, dict) else "")
    return "" if found["valid"] else str(kind or error)


def main() -> None:
    """Do what the lines say until they end."""
    words = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the package prints is no line of ours
    line, cases = Line(sys.stdin, words), Cases()
    handler = _Safe(line)
    for wanted in line.hear():
        match wanted["do"]:
            case "list":
                listed = [{"id": name, "category": category} for name, category in cases.categories.items()]
                line.say(cases=listed, left_out=LEFT_OUT, version=metadata.version("bfcl-eval"))
            case "truth":
                line.say(**cases.truth(wanted["id"]))
            case _:
                try:
                    line.say(done=cases.run(wanted["id"], handler))
                except Failed as error:
                    line.say(done={"failed": str(error)})


if __name__ == "__main__":
    main()
