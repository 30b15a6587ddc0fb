"""Who is measured, and how each is set up. In what is written here {port}, {upstream} and {folder} stand for what a trial has."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.gateways.prompts import MODEL

INSTALLED = Path(os.environ.get("BENCH_GATEWAYS") or Path.home() / ".cache" / "hulk-bench")
"""Where `make bench-gateway` has put the peers."""
KEY = "sk-bench-4f1c9a7be2d8405391c6"
HULK = """\
server: {{rate_limit: 1000000}}
grpc: {{port: 0}}
models:
  providers:
    - &one {{name: one, kind: compatible, url: "{upstream}/v1", model: bench, api_key: "sk-upstream", price: {{input: 0.15, output: 0.6}}}}
    - {{<<: *one, name: two, price: {{input: 0.3, output: 1.2}}}}
learning: {{enabled: true}}
finops: {{budget: {{daily: 1000000, monthly: 10000000}}}}
"""
LITELLM = """\
model_list:
  - model_name: bench
    litellm_params: {{model: openai/bench, api_base: "{upstream}/v1", api_key: "sk-upstream"}}
general_settings: {{master_key: "%s"}}
litellm_settings: {{telemetry: false}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """A gateway as its users start it, in one process that serves."""

    name: str
    program: Path
    arguments: tuple[str, ...]
    settings: str = ""
    """What stands in the file `settings.yaml` in its folder."""
    environment: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    model: str = MODEL
    measures: tuple[str, ...] = ("calls", "streams", "growth")

    @property
    def there(self) -> bool:
        """Whether it could be installed here."""
        return self.program.exists()


PORTKEY = INSTALLED / "portkey/node_modules/@portkey-ai/gateway/build/start-server.js"
GATEWAYS = (
    Gateway(
        name="Hulk", program=Path(sys.executable).parent / "hulk", model="auto", settings=HULK,
        arguments=("up", "--config", "{folder}/settings.yaml", "--data", "{folder}/data", "--port", "{port}"),
        measures=("calls", "streams", "decisions", "growth"),
    ),
    Gateway(
        name="LiteLLM proxy", program=INSTALLED / "litellm/bin/litellm", settings=LITELLM % KEY,
        arguments=("--config", "{folder}/settings.yaml", "--host", "127.0.0.1", "--port", "{port}", "--num_workers", "1"),
        environment={"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR"}, headers={"authorization": f"Bearer {KEY}"},
        measures=("calls", "streams"),  # a million calls would take it hours
    ),
    Gateway(
        name="Portkey", program=PORTKEY, arguments=("--port={port}", "--headless"), environment={"NODE_ENV": "production"},
        headers={"authorization": "Bearer sk-upstream", "x-portkey-provider": "openai", "x-portkey-custom-host": "{upstream}/v1"},
    ),
)  # fmt: skip
