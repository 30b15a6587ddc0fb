"""Skills as tools: `data.anomalies` is `skills.data_anomalies`, and takes as data what a sentence would say."""

from hulk.modules.tools.adapters.backends.skills.backend import SkillTools, Surroundings

__all__ = ["SkillTools", "Surroundings"]
