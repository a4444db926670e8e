"""The journal: entries written by rule, without a model, into skills whose front matter asks for it.

A skill with `metadata: entries: journal` gets one entry for each finished task, in a file for each day. A line that
would be empty is left out:

    # 2025-06-15

    ## [14:30] Task: Deploy API v2 to staging
    - **Outcome**: success
    - **Summary**: ...
    - **Key Decisions**: ...
    - **Learnings**: ...
"""

import re

import msgspec

from seasoned.clock import parse_time, to_datetime
from seasoned.message import JsonObject
from seasoned.safety.scanner import scan
from seasoned.safety.secrets import redact
from seasoned.skill import add_entry, find_entry, replace_entry
from seasoned.task import Task

_TITLE_CHARS_MAX = 160
_DAY = re.compile(r"\s*(\d{4})[-/](\d{2})[-/](\d{2})")


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What a task's journal entry says besides its outcome; and, for comparison with other tasks, its tools' names in
    the order of their calls."""

    summary: str = ""
    decisions: tuple[str, ...] = ()
    learnings: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()


def day_of(task: Task, configs: JsonObject) -> str:
    """The day that a task belongs to: the session's `original_date` when it has one, else that of the task's end."""
    return told_day(configs) or to_datetime(task.ended_at).strftime("%Y-%m-%d")


def told_day(configs: JsonObject) -> str:
    """The day that a session's configs give as `original_date`, in ISO form; empty without one."""
    told = configs.get("original_date")
    match = _DAY.match(told) if isinstance(told, str) else None
    day = "-".join(match.groups()) if match else ""
    return day if day and parse_time(day) is not None else ""


def told_time(at: int, configs: JsonObject) -> int:
    """When something was said: at its time of the day, on the day that the configs tell."""
    told = parse_time(f"{told_day(configs)}T{to_datetime(at):%H:%M:%S}") if told_day(configs) else None
    return at if told is None else told


def entry_for(task: Task, summary: Summary) -> str:
    """A finished task's entry."""
    title = redact(" ".join(task.title.split()))
    title = title if len(title) <= _TITLE_CHARS_MAX else title[: _TITLE_CHARS_MAX - 1].rstrip() + "…"
    told = {
        "Outcome": task.status,
        "Summary": summary.summary or task.evidence,
        "Key Decisions": _joined(summary.decisions),
        "Learnings": _joined(summary.learnings),
    }
    lines = [f"- **{label}**: {_safe(line)}" for label, line in told.items() if line.strip()]
    return "\n".join([f"## [{to_datetime(task.ended_at):%H:%M}] Task: {_safe(title)}", *lines])


def _safe(line: str) -> str:
    """A line without secrets; one that reads like instructions to an agent is replaced by the reason."""
    reasons = scan(line)
    return f"(left out, because {reasons[0]})" if reasons else redact(" ".join(line.split()))


def place(text: str, day: str, entry: str, old_entry: str | None) -> str:
    """A day's file with the entry: in the place of the task's earlier entry when it was reopened, else at the end."""
    old = find_entry(text, old_entry) if old_entry else None
    if old is not None:
        return replace_entry(text, old, entry)
    return add_entry(text or f"# {day}\n", entry)


def _joined(lines: tuple[str, ...]) -> str:
    return "; ".join(line.rstrip(".;") for line in lines)
