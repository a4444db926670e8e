"""What differs between a call that failed and the later one that worked, in words that hold for other cases too.

Values that look like ids, addresses or long texts never appear; an argument is then named without its value.
"""

import re

from seasoned.message import Json
from seasoned.rules.calls import Call, segments
from seasoned.rules.safety import clip, inline, is_safe, masked

DIFFERENCE_CHARS_MAX = 260
COMMAND_CHARS_MAX = 180
SEGMENT_LIKE_MIN = 0.4
_VALUE_CHARS_MAX = 60
_PARTS_MAX = 4
_ARGUMENTS_MAX = 60
_TOKENS_MAX = 400

_TOKEN = re.compile(r"[^\s'\"=,;|&()\[\]{}<>]{2,80}")
_VERB = re.compile(r"[a-z][a-z-]{1,24}\Z")
_SETUP = frozenset(
    {
        "cd",
        "set",
        "export",
        "source",
        "echo",
        "sleep",
        "true",
        "for",
        "while",
        "if",
        "case",
        "do",
        "done",
        "fi",
        "then",
        "ls",
        "cat",
        "head",
        "tail",
        "grep",
        "mkdir",
        "wc",
        "date",
    }
)
_UNINTERESTING = frozenset(
    {
        "description",
        "timeout",
        "run_in_background",
        "explanation",
        "reason",
        "thought",
        "content",
        "new_string",
        "old_string",
        "body",
        "text",
    }
)


def tokens(call: Call) -> set[str]:
    """The words of a call's arguments, bounded."""
    source = call.command or " ".join(f"{key} {value}" for key, value in list(call.arguments.items())[:_ARGUMENTS_MAX])
    return set(_TOKEN.findall(source[:8_000])[:_TOKENS_MAX])


def verbs(call: Call) -> frozenset[str]:
    """The subcommands of a call's program (`upgrade` of `helm -n x upgrade y`), as far as they can be told."""
    found = set()
    for words in segments(call.command or str(call.arguments.get("args", ""))):
        place = -1
        if call.command:
            place = next((i for i, word in enumerate(words) if word.rsplit("/", 1)[-1] in call.programs), -2)
        if place > -2:  # noqa: PLR2004
            found.add(_verb(words[place + 1 :]))
    return frozenset(found - {""})


def _verb(words: list[str]) -> str:
    valued = False
    for word in words:
        if word.startswith("-"):
            valued = "=" not in word
        elif valued:
            valued = False
        else:
            return word if _VERB.match(word) else ""
    return ""


def same_verb(one: Call, other: Call) -> bool:
    """Whether two calls of a program do the same kind of thing, as far as that can be seen."""
    left, right = verbs(one), verbs(other)
    return not left or not right or bool(left & right)


def likeness(one: Call, other: Call) -> float:
    """How much two calls have in common, 0 to 1: shared words of the smaller one."""
    left, right = tokens(one), tokens(other)
    smaller = min(len(left), len(right))
    return len(left & right) / smaller if smaller else 0.0


def difference(failed: Call, worked: Call) -> str:
    """What the call that worked did differently, in Markdown; empty when nothing that can be told."""
    if worked.command:
        return _command_difference(failed, worked)
    return _argument_difference(failed, worked)


def _command_difference(failed: Call, worked: Call) -> str:
    """The simple command that worked where a like one had failed; or what was run before the very same one."""
    wanted = set(failed.programs) & set(worked.programs)
    old = [_token_set(words) for words in segments(failed.command) if _runs_one(words, wanted)]
    lines = segments(worked.command)
    best, best_like = "", 0.0
    for place, words in enumerate(lines):
        if not _runs_one(words, wanted):
            continue
        new = _token_set(words)
        if new in old:
            before = [" ".join(one) for one in lines[:place] if _token_set(one) not in old and one[0] not in _SETUP]
            return _code("; ".join(before), "after ") if before else ""
        like = max((len(new & one) / max(1, min(len(new), len(one))) for one in old), default=0.0)
        if like >= SEGMENT_LIKE_MIN and like > best_like:
            best, best_like = " ".join(words), like
    return _code(best)


def _token_set(words: list[str]) -> frozenset[str]:
    return frozenset(_TOKEN.findall(" ".join(words)[:2_000]))


def _runs_one(words: list[str], wanted: set[str]) -> bool:
    if words[0] in _SETUP:
        return False
    names = {word.strip("'\"").rsplit("/", 1)[-1].split("@")[0] for word in words[:12]}
    return bool(wanted & (names | {name.split(".")[0] for name in names}))


def _code(line: str, before: str = "") -> str:
    text = masked(inline(line))
    return f"{before}`{clip(text, COMMAND_CHARS_MAX)}`" if text and is_safe(text) else ""


def _argument_difference(failed: Call, worked: Call) -> str:
    old, new = failed.arguments, worked.arguments
    parts: list[str] = []
    for key in list(new)[:_ARGUMENTS_MAX]:
        if key in _UNINTERESTING or old.get(key) == new[key]:
            continue
        parts.append(_change(key, old.get(key), new[key]))
    parts.extend(
        f"without `{key}`" for key in list(old)[:_ARGUMENTS_MAX] if key not in new and key not in _UNINTERESTING
    )
    text = ", ".join(parts[:_PARTS_MAX])
    return clip(text, DIFFERENCE_CHARS_MAX) if is_safe(text) else ""


def _change(key: str, old: Json, new: Json) -> str:
    name = inline(key)[:_VALUE_CHARS_MAX]
    shown_new, shown_old = _shown(new), _shown(old)
    if shown_new and shown_old and shown_new != shown_old:
        return f"`{name}`: `{shown_new}` instead of `{shown_old}`"
    if shown_new:
        return f"`{name}`: `{shown_new}`"
    return f"with another `{name}`" if old is not None else f"with `{name}`"


def _shown(value: Json) -> str:
    """A value that may be shown; empty for one that is long, nested or looks like somebody's data."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        text = str(value)
    elif isinstance(value, str):
        text = inline(value)
    elif isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        text = ", ".join(inline(str(item)) for item in value[:_PARTS_MAX])
    else:
        return ""
    if not text or len(text) > 2 * _VALUE_CHARS_MAX or masked(text) != text:
        return ""
    return text
