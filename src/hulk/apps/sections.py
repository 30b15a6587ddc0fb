"""The sections of the settings that modules declare, by the name they have in the file."""

from hulk.modules.finops.settings import FinopsSettings
from hulk.modules.router.settings import ModelsSettings
from hulk.modules.skills.settings import SkillsSettings
from hulk.modules.tools.settings import ToolsSettings
from hulk.runtime.config import Tree

SECTIONS: Tree = {"tools": ToolsSettings, "models": ModelsSettings, "finops": FinopsSettings, "skills": SkillsSettings}
