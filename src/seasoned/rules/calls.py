"""Tool calls with their answers, and which program a shell command runs.

Work is bounded: of a long answer only the beginning and the end are ever looked at, of a long command the beginning.
"""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from seasoned.message import JsonObject, NumberedMessage, Part, PersonEvent
from seasoned.rules.text import words

HEAD_CHARS = 4_000
TAIL_CHARS = 8_000
COMMAND_CHARS_MAX = 4_000
SEGMENTS_MAX = 60
CALLS_MAX = 4_000
_DEPTH_MAX = 5
_REMOTE_MAX = 10

_COMMAND_KEYS = ("command", "cmd", "script", "shell_command", "bash_command", "commands")
_ANY_COMMAND = ("command", "cmd")
# What stands in quotes and what redirects is skipped; the group is what separates two commands.
_SEGMENT = re.compile(r"'[^']{0,2000}'|\"(?:\\.|[^\"\\]){0,2000}\"|\\.|\d?[<>]{1,3}&?|&>{1,2}|(&&|\|\||\|&|[;|\n&])")
_WORD = re.compile(r"(?:'[^']{0,2000}'|\"(?:\\.|[^\"\\]){0,2000}\"|\\.|[^\s'\"\\])+")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w{0,60}=")
_PROGRAM = re.compile(r"[A-Za-z][\w.+-]{0,40}\Z")
_HEREDOC = re.compile(r"<<-?\s*['\"]?(\w{1,40})['\"]?[^\n]{0,400}\n(?:(?!\1\b)[^\n]{0,2000}\n){0,400}(?:\1\b)?")
_VERSIONED = re.compile(r"(python|pip|node|ruby|php|gcc|clang)[\d.]+\Z")
_WRAPPERS: Final = words("wrappers")
_RUNNERS: Final = {
    **dict.fromkeys(("uv", "poetry", "pdm", "pipenv", "hatch", "pipx"), ("run",)),
    "bundle": ("exec",),
    "pnpm": ("exec", "dlx"),
    "yarn": ("exec", "dlx"),
    "uvx": (),
    "npx": (),
}
_VALUED: Final = words("valued_options")
_PLUMBING: Final = words("plumbing")


class Simple(msgspec.Struct, frozen=True):
    """A simple command of a shell line: its text, its words with their quotes, and what separates it from the next."""

    text: str
    words: list[str]
    joint: str = ""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A tool call with what came back.

    `number` and `answer_number` are message numbers (`answer_number` 0: it was never answered). `command` is the shell
    command, `programs` what it runs, plumbing aside; both are empty for other tools. `answer` is
    bounded, see `bounded`.
    """

    number: int
    tool: str
    arguments: JsonObject
    command: str = ""
    programs: tuple[str, ...] = ()
    answer_number: int = 0
    answer: str = ""
    marked: bool = False
    event: PersonEvent | None = None

    @property
    def name(self) -> str:
        """What was called: the program of a shell command, else the tool."""
        return self.programs[0] if self.programs else self.tool


def bounded(text: str) -> str:
    """A text's beginning and end, when it is long."""
    if len(text) <= HEAD_CHARS + TAIL_CHARS:
        return text
    return f"{text[:HEAD_CHARS]}\n{text[-TAIL_CHARS:]}"


def calls(messages: Sequence[NumberedMessage]) -> list[Call]:
    """Every tool call in order, each with its answer: tied by id, else in order of appearance."""
    found: list[Call] = []
    waiting: dict[str, int] = {}
    nameless: list[int] = []
    for numbered in messages:
        for part in numbered.message.parts:
            if part.type == "tool-call" and len(found) < CALLS_MAX:
                if part.call_id:
                    waiting[part.call_id] = len(found)
                else:
                    nameless.append(len(found))
                found.append(_call(numbered.number, part))
            elif part.type == "tool-result":
                index = waiting.pop(part.call_id, None) if part.call_id else None
                if index is None and nameless:
                    index = nameless.pop(0)
                if index is not None:
                    found[index] = msgspec.structs.replace(
                        found[index],
                        answer_number=numbered.number,
                        # What a person or a hook did with the call is no failure of the tool.
                        answer="" if part.event or part.author else bounded(part.text or ""),
                        marked=part.is_error and not (part.event or part.author),
                        event=part.event,
                    )
    return found


def _call(number: int, part: Part) -> Call:
    arguments = _arguments(part.arguments)
    command = _command(part.tool_name, arguments)
    return Call(number=number, tool=part.tool_name, arguments=arguments, command=command, programs=programs(command))


def _arguments(text: str) -> JsonObject:
    try:
        loaded = msgspec.json.decode(text) if text else {}
    except (msgspec.DecodeError, RecursionError):
        return {}
    return loaded if isinstance(loaded, dict) else {}


def _command(tool: str, arguments: JsonObject) -> str:
    for key in _COMMAND_KEYS:
        value = arguments.get(key)
        if isinstance(value, str) and (key in _ANY_COMMAND or " " in value):
            return value
        if isinstance(value, list) and value and all(isinstance(word, str) for word in value):
            words = [str(word) for word in value]
            return words[-1] if len(words) > 2 and words[1] in ("-c", "-lc") else " ".join(words)  # noqa: PLR2004
    args = arguments.get("args")
    return f"{tool} {args}" if isinstance(args, str) and _PROGRAM.match(tool) else ""


def commands(line: str) -> list[Simple]:
    """The simple commands of a shell line, here-documents left out; bounded."""
    text = _HEREDOC.sub("<<\n", line[:COMMAND_CHARS_MAX])
    cuts = [(*found.span(1), found.group(1)) for found in _SEGMENT.finditer(text) if found.group(1)][:SEGMENTS_MAX]
    parts, start = [], 0
    for left, right, joint in (*cuts, (len(text), len(text), "")):
        part = text[start:left].strip()
        words = _WORD.findall(part.split("<<", 1)[0])
        if words:
            parts.append(Simple(part, words, joint))
        start = right
    return parts


def programs(command: str) -> tuple[str, ...]:
    """The programs that a shell command runs, the commonest first and git last (it mostly goes along with the others).

    Plumbing such as cd, grep or echo is left out unless there is nothing else.
    """
    names = [name for one in commands(command) if (name := _program(one.words))]
    real = [name for name in names if name not in _PLUMBING] or names
    return tuple(sorted(dict.fromkeys(real), key=lambda name: (name == "git", -real.count(name))))


def _program(words: list[str], depth: int = 0) -> str:
    """The program that a simple command runs, wrappers and runners seen through; empty when it is no program."""
    start = 0
    while start < len(words) and _is_before(words[start]):
        start += 1
    if start == len(words) or depth > _DEPTH_MAX:
        return ""
    name = words[start].rsplit("/", 1)[-1].strip("'\"(){}$")
    inner = _inner(name, words[start + 1 :], depth)
    if inner:
        return inner
    name = _VERSIONED.sub(r"\1", name)
    return name if _PROGRAM.match(name) else ""


def _is_before(word: str) -> bool:
    """Whether a word stands before the program: a wrapper, its option or number, an assignment."""
    return word in _WRAPPERS or word.isdigit() or word.startswith("-") or _ASSIGNMENT.match(word) is not None


def _inner(name: str, words: list[str], depth: int) -> str:
    """What a runner such as `uv run`, `python -m` or `ssh host '...'` really runs."""
    if name.startswith("python") and "-m" in words[:3] and words.index("-m") + 1 < len(words):
        inner = words[words.index("-m") + 1].split(".")[0]
        return inner if _PROGRAM.match(inner) else ""
    if name == "ssh":
        remote = next((word.strip("'\"") for word in words if word[:1] in "'\"" and " " in word), "")
        names = [found for one in commands(remote)[:_REMOTE_MAX] if (found := _program(one.words, depth + 1))]
        return next((found for found in names if found not in _PLUMBING), "")
    verbs = _RUNNERS.get(name)
    if verbs is None or (verbs and (not words or words[0] not in verbs)):
        return ""
    start = 1 if verbs else 0
    while start < len(words) and words[start].startswith("-"):
        start += 2 if words[start] in _VALUED else 1
    if start >= len(words):
        return ""
    return _program([words[start].split("@")[0].split("==")[0], *words[start + 1 :]], depth + 1)
