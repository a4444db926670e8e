"""Two attempts at the same request, side by side, by rule: their writes, where they part, and how each ended."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final

import msgspec

from seasoned.message import JsonObject, NumberedMessage

CALLS_MAX: Final = 400
REPEATS_MIN: Final = 3
_ANSWER_CHARS: Final = 200
_COMMANDS_MAX: Final = 20
_COMMAND_KEYS: Final = ("command", "cmd", "script")
_WORDS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_CUT: Final = re.compile(r"\n|;|&&|\|\|?")
_ERROR: Final = re.compile(
    r"\s*(?:error|exception|traceback|failed|failure|fatal|invalid|denied|not found)\b", re.IGNORECASE
)
_HANDS_OVER: Final = frozenset({"transfer", "escalate", "handoff", "handover"})
_GIVES_UP: Final = re.compile(
    r"\b(?:cannot|can't|can not|unable to|not able to|not possible|not allowed)\b", re.IGNORECASE
)
# The first word of a tool, or of a command, that only looks.
# fmt: off
_LOOKS: Final = frozenset(
    {
        "browse", "calculate", "cat", "cd", "check", "compute", "count", "describe", "diff", "du", "echo",
        "env", "evaluate", "fetch", "file", "find", "get", "glob", "grep", "head", "help", "history", "info",
        "inspect", "is", "list", "load", "log", "lookup", "ls", "man", "open", "plan", "preview", "pwd",
        "query", "read", "recall", "retrieve", "rg", "search", "select", "show", "sort", "stat", "status",
        "tail", "test", "think", "todo", "tree", "type", "validate", "verify", "view", "wait", "wc", "which",
        "who",
    }
)
# fmt: on
_GIT_LOOKS: Final = frozenset({"status", "log", "diff", "show", "branch", "blame", "remote", "describe"})


class Call(msgspec.Struct, frozen=True):
    """A call that an agent made. `arguments` is canonical JSON; `failed` says that its answer was an error."""

    number: int
    tool: str
    arguments: str
    failed: bool = False

    @property
    def shown(self) -> str:
        """The call on a line."""
        return f"{self.tool} {self.arguments}"

    def values(self) -> JsonObject:
        """The arguments by their names."""
        try:
            loaded = msgspec.json.decode(self.arguments)
        except (msgspec.DecodeError, RecursionError):
            return {}
        return loaded if isinstance(loaded, dict) else {}

    @property
    def is_write(self) -> bool:
        """Whether it changes something, as far as its name or its command tells."""
        values = self.values()
        command = next((text for key in _COMMAND_KEYS if isinstance(text := values.get(key), str)), None)
        if command is not None:
            return any(map(_changes, _CUT.split(command)[:_COMMANDS_MAX]))
        words = _WORDS.findall(self.tool)
        return bool(words) and words[0].lower() not in _LOOKS


def _changes(command: str) -> bool:
    words = [word for word in command.split() if "=" not in word]
    if words[:1] == ["git"]:
        return not _GIT_LOOKS.intersection(words[1:2])
    return ">" in command or (bool(words) and words[0].rsplit("/", 1)[-1] not in _LOOKS)


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """In what two runs differ: the writes that only one of them made, and the first calls that are not the same."""

    only_good: tuple[Call, ...]
    only_bad: tuple[Call, ...]
    parted_good: Call | None
    parted_bad: Call | None

    @property
    def missing(self) -> tuple[Call, ...]:
        """The writes of the successful run whose tool the other never called with success."""
        tools = {call.tool for call in self.only_bad}
        return tuple(call for call in self.only_good if call.tool not in tools)


def calls(messages: Sequence[NumberedMessage]) -> tuple[Call, ...]:
    """Every call in order, bounded, with whether it failed."""
    answers: dict[str, bool] = {}
    for numbered in messages:
        for part in numbered.message.parts:
            if part.type == "tool-result" and part.call_id:
                answers[part.call_id] = part.is_error or _ERROR.match((part.text or "")[:_ANSWER_CHARS]) is not None
    found = (
        Call(numbered.number, part.tool_name, _canonical(part.arguments), answers.get(part.call_id, False))
        for numbered in messages
        for part in numbered.message.parts
        if part.type == "tool-call"
    )
    return tuple(call for _, call in zip(range(CALLS_MAX), found, strict=False))


def _canonical(arguments: str) -> str:
    try:
        return msgspec.json.encode(msgspec.json.decode(arguments), order="deterministic").decode()
    except (msgspec.DecodeError, RecursionError):
        return arguments.strip()


def writes(made: Sequence[Call]) -> tuple[Call, ...]:
    """The calls that changed something."""
    return tuple(call for call in made if call.is_write and not call.failed)


def difference(good: Sequence[Call], bad: Sequence[Call]) -> Difference:
    """In what a successful and a failed run differ."""
    ours, theirs = writes(good), writes(bad)
    known, others = {call.shown for call in theirs}, {call.shown for call in ours}
    parted = next((place for tag, *place in _aligned(good, bad).get_opcodes() if tag != "equal"), None)
    left, right = (parted[0], parted[2]) if parted else (len(good), len(bad))
    return Difference(
        only_good=tuple(call for call in ours if call.shown not in known),
        only_bad=tuple(call for call in theirs if call.shown not in others),
        parted_good=good[left] if left < len(good) else None,
        parted_bad=bad[right] if right < len(bad) else None,
    )


def likeness(one: Sequence[Call], other: Sequence[Call]) -> float:
    """How much of two runs is the same, from 0 to 1."""
    return _aligned(one, other).ratio()


def _aligned(one: Sequence[Call], other: Sequence[Call]) -> SequenceMatcher[str]:
    return SequenceMatcher(None, [call.shown for call in one], [call.shown for call in other], autojunk=False)


def signature(messages: Sequence[NumberedMessage]) -> tuple[object, ...]:
    """What of a run can change the answer to a contrast: its writes, and how it ended."""
    made = calls(messages)
    return (*sorted(call.shown for call in writes(made)), ended(messages))


def is_cut_off(messages: Sequence[NumberedMessage]) -> bool:
    """Whether a run ends in the middle of its work."""
    return bool(messages) and any(part.type in ("tool-call", "tool-result") for part in messages[-1].message.parts)


def ended(messages: Sequence[NumberedMessage]) -> str:
    """How a run ended, in a sentence."""
    return " ".join(_ends(messages)) or "It ended with the agent's answer."


def _ends(messages: Sequence[NumberedMessage]) -> Iterator[str]:
    made = calls(messages)
    handed = next(
        (call for call in reversed(made) if _HANDS_OVER.intersection(_WORDS.findall(call.tool.lower()))), None
    )
    last = messages[-1].message if messages else None
    if handed is not None:
        yield f"It handed over with `{handed.tool}`."
    elif is_cut_off(messages):
        yield "It was cut off: its last message is a call or a tool's answer."
    elif last is not None and not writes(made):
        said = next((one.message for one in reversed(messages) if one.message.role == "assistant"), last)
        yield (
            "It gave up: it changed nothing, and said that it cannot."
            if _GIVES_UP.search(said.prose())
            else ("It changed nothing.")
        )
    shown = [call.shown for call in made]
    for text in dict.fromkeys(shown):
        if (times := shown.count(text)) >= REPEATS_MIN:
            yield f"It made the same call {times} times: {text[:_ANSWER_CHARS]}."
            return
