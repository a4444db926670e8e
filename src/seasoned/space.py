"""A learning space: which sessions teach which skills; and the learning status that clients see."""

from typing import Literal

LearningStatus = Literal["pending", "running", "completed", "failed"]
Policy = Literal["auto", "review"]

JOURNAL = "daily-logs"
FACTS = "user-general-facts"
