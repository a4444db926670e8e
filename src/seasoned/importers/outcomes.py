"""The outcome of a run, as its record states it."""

from seasoned.message import JsonObject
from seasoned.task import TaskStatus

_WORDS: dict[str, TaskStatus] = {
    "success": "success",
    "successful": "success",
    "succeeded": "success",
    "passed": "success",
    "pass": "success",
    "resolved": "success",
    "correct": "success",
    "true": "success",
    "failed": "failed",
    "failure": "failed",
    "fail": "failed",
    "unresolved": "failed",
    "incorrect": "failed",
    "error": "failed",
    "false": "failed",
}
_KEYS = ("outcome", "label", "status", "success", "resolved")
_WORD_CHARS_MAX = 40
REWARD_FULL = 1.0


def reward_of(record: JsonObject) -> float | None:
    """The record's reward, when it is a number."""
    reward = record.get("reward")
    if not isinstance(reward, int | float) or isinstance(reward, bool):
        return None
    try:
        return float(reward)
    except OverflowError:
        return None


def outcome_of(record: JsonObject) -> TaskStatus | None:
    """What the record says in so many words, else by its reward: 1 or more is success, 0 or less failure.

    A reward between the two says nothing: what is enough differs from maker to maker.
    """
    for key in _KEYS:
        value = record.get(key)
        if isinstance(value, bool) or (isinstance(value, str) and len(value) <= _WORD_CHARS_MAX):
            found = _WORDS.get(str(value).strip().lower())
            if found is not None:
                return found
    reward = reward_of(record)
    if reward is None:
        return None
    if reward >= REWARD_FULL:
        return "success"
    return "failed" if reward <= 0 else None
