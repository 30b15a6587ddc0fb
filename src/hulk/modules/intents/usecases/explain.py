"""What is said when no skill and no model answers."""

from collections.abc import Sequence

from hulk.kernel.text import Text, Voice
from hulk.modules.router import Decision


def explained(decision: Decision, titles: Sequence[tuple[str, str]], voice: Voice) -> str:
    """The answer when nothing fits: why, what Hulk can do, how to add a model. Markdown."""
    lines = [voice.say(Text("No skill fits what you asked, and no model answers it."))]
    lines += ["", *(f"- {voice.say(reason)}" for reason in decision.reasons)]
    lines += ["", voice.say(Text("This is what I can do without a model:")), ""]
    lines += [f"- **{title.rstrip('.')}**: “{example}”" for title, example in titles]
    lines += [
        "",
        voice.say(Text("To have free questions answered, add a model to hulk.yaml (any OpenAI-compatible server, Ollama for one):")),
        "",
    ]
    return "\n".join([*lines, "```yaml", *_MODEL_EXAMPLE, "```"])


_MODEL_EXAMPLE = (
    "models:",
    "  providers:",
    "    - name: local",
    "      url: http://127.0.0.1:11434/v1",
    "      model: qwen3:4b",
    "      local: true",
)
