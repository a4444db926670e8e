"""A task: one thing the user asked for, found in the messages."""

from typing import Literal, get_args

import msgspec

TaskStatus = Literal["pending", "running", "success", "failed"]
TASK_STATUSES: tuple[TaskStatus, ...] = get_args(TaskStatus)
FINISHED: frozenset[str] = frozenset({"success", "failed"})

TITLE_CHARS_MAX = 500
PROGRESS_CHARS_MAX = 500
PROGRESSES_MAX = 50


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one task.

    `order` counts from 1 in the session. `evidence` says in a sentence why the status is what it is. `first` and `last`
    are message numbers; `is_told` says that the status is the session's told outcome, and nothing in the messages shows
    it; `started_at` and `ended_at` the times of those messages in microseconds. `revision` counts how
    often the task was finished: each finished revision is distilled once.
    """

    order: int
    title: str
    status: TaskStatus
    first: int
    last: int
    progresses: tuple[str, ...] = ()
    evidence: str = ""
    revision: int = 0
    started_at: int = 0
    ended_at: int = 0
    is_told: bool = False
