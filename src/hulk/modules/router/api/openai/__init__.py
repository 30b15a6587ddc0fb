"""What programs ask in OpenAI's words: `/v1/chat/completions`, `/v1/embeddings`, `/v1/models`."""

from hulk.modules.router.api.openai.embeddings import embedding_routes
from hulk.modules.router.api.openai.errors import shaped
from hulk.modules.router.api.openai.routes import PATHS, routes

__all__ = ["PATHS", "embedding_routes", "routes", "shaped"]
