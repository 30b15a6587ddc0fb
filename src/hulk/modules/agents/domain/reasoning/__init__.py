"""Reasoning as objects that are kept, looked at and contested: what they are, how they hang together, what people say of them."""

from hulk.modules.agents.domain.reasoning.case import Case, Status, Weighed, added, unknown, weighed
from hulk.modules.agents.domain.reasoning.objects import (
    Autonomy,
    Bearing,
    Decision,
    Draft,
    Drafts,
    Evidence,
    Hypothesis,
    Inference,
    Kind,
    Maker,
    Method,
    Noted,
    Object,
    Source,
    id_of,
    is_object,
    rests_on,
    sha256,
)
from hulk.modules.agents.domain.reasoning.reviewing import (
    Opinion,
    Resolution,
    Review,
    Standing,
    Verdict,
    open_dispute,
    require_reviewable,
    standings,
)
from hulk.modules.agents.domain.reasoning.telling import Reading, markdown, standing, tree

__all__ = [
    "Autonomy", "Bearing", "Case", "Decision", "Draft", "Drafts", "Evidence", "Hypothesis", "Inference", "Kind", "Maker", "Method",
    "Noted", "Object", "Opinion", "Reading", "Resolution", "Review", "Source", "Standing", "Status", "Verdict", "Weighed", "added",
    "id_of", "is_object", "markdown", "open_dispute", "require_reviewable", "rests_on", "sha256", "standing", "standings", "tree",
    "unknown", "weighed",
]  # fmt: skip
