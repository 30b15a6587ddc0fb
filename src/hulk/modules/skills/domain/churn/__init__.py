"""`code.churn`: which files of a repository change most, who changes them, and which of them to review. Pure."""

from hulk.modules.skills.domain.churn.answer import CHURN
from hulk.modules.skills.domain.churn.measures import Activity, Change, Commit, FileChurn, FileOwner, Head, Ownership, Point, Ranking
from hulk.modules.skills.domain.churn.picture import PICTURE, picture
from hulk.modules.skills.domain.churn.tally import Tally, activity

__all__ = [
    "CHURN",
    "PICTURE",
    "Activity",
    "Change",
    "Commit",
    "FileChurn",
    "FileOwner",
    "Head",
    "Ownership",
    "Point",
    "Ranking",
    "Tally",
    "activity",
    "picture",
]
