"""The runner of bfcl-eval itself, from its command's first line to its score files, over the cases and the server that it is told.

Run in the environment of bfcl-eval: `python bfcl_runner.py FOLDER-OF-THE-BRIDGE '["parallel_3", …]'`, with OPENAI_BASE_URL. Prints which
cases it calls wrong, by their category, and its own count: {"parallel": {"right": 1, "of": 2, "wrong": ["parallel_3"]}}.
"""

import argparse
import contextlib
import json
import os
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

sys.path.insert(0, sys.argv[1])
import bridge  # type: ignore[import-not-found]  # it makes the package loadable without the clients of all vendors
from bfcl_eval import _llm_response_generation as generation  # type: ignore[import-not-found]
from bfcl_eval.constants import eval_config  # type: ignore[import-not-found]
from bfcl_eval.constants.model_config import MODEL_CONFIG_MAPPING  # type: ignore[import-not-found]
from bfcl_eval.eval_checker import eval_runner  # type: ignore[import-not-found]
from bfcl_eval.model_handler.api_inference.openai_completion import (  # type: ignore[import-not-found]
    OpenAICompletionsHandler,
)


def main() -> None:
    """Ask, evaluate, tell."""
    config = MODEL_CONFIG_MAPPING[bridge.NAME]
    config.model_handler = OpenAICompletionsHandler
    config.display_name = config.url = config.org = config.license = bridge.NAME
    config.input_price = config.output_price = None
    by_category = defaultdict[str, list[str]](list)
    for name in json.loads(sys.argv[2]):
        by_category[name.rsplit("_", 1)[0]].append(name)
    eval_config.TEST_IDS_TO_GENERATE_PATH.write_text(json.dumps(by_category))
    with contextlib.redirect_stdout(sys.stderr):
        generation.main(
            argparse.Namespace(
                model=[bridge.NAME], test_category=["all"], temperature=bridge.TEMPERATURE, include_input_log=False, exclude_state_log=True,
                num_threads=1, run_ids=True, allow_overwrite=False, result_dir=None, skip_server_setup=True, num_gpus=1, backend="vllm",
                gpu_memory_utilization=0.9, local_model_path=None, enable_lora=False, max_lora_rank=None, lora_modules=None,
            )
        )  # fmt: skip
        eval_runner.main([bridge.NAME], list(by_category), None, None, partial_eval=True)
    sys.stdout.write(json.dumps(dict(_scores(Path(os.environ["BFCL_PROJECT_ROOT"]) / "score"))))


def _scores(folder: Path) -> "list[tuple[str, Any]]":
    found = []
    for file in folder.rglob("BFCL_v4_*_score.json"):
        head, *wrong = [json.loads(line) for line in file.read_text().splitlines()]
        category = file.name.removeprefix("BFCL_v4_").removesuffix("_score.json")
        found.append((category, {"right": head["correct_count"], "of": head["total_count"], "wrong": [one["id"] for one in wrong]}))
    return found


main()
