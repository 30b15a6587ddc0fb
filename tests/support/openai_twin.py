"""The twin of OpenAI, where it was before there were others."""

from support.twins import openai_twin

__all__ = ["openai_twin"]
