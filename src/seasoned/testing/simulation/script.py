"""What is said in a simulation: one command a message, so that model and checks know what follows from it.

    begin T4              a person asks for task T4
    work T4               the agent is at it
    finish T4 success +K9 +C2     the task ends, and teaches lessons K9 and C2
    finish T4 failed      it ends and teaches nothing
    reopen T4             the person is not content
    prefer P3             the person states a preference

Tokens of lessons: `K` is unique, `C` may be taught by several tasks in the same words, `U` comes with a quote that
nobody said, so it must never be written. `X` is what a model makes up; it must never be found anywhere.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Final, Literal

import msgspec

Verb = Literal["begin", "work", "finish", "reopen", "prefer"]

TOPICS: Final = ("alpha", "beta", "gamma")
TOKEN: Final = re.compile(r"\b[KCUPXE]\d+\b")
_COMMAND: Final = re.compile(r"^(begin|work|finish|reopen|prefer) ([TP]\d+)(?: (success|failed))?((?: \+[KCU]\d+)*)")
_SYLLABLES: Final = ("ba", "de", "fi", "go", "ku", "la", "me", "ni", "po", "ru", "sa", "te", "vi", "wo", "xu", "za")
WORDS: Final = 8


class Command(msgspec.Struct, frozen=True):
    """What a message says. `number` is its place in the session."""

    number: int
    verb: Verb
    name: str
    outcome: Literal["success", "failed"] = "success"
    teaches: tuple[str, ...] = ()


class TaskTruth(msgspec.Struct):
    """What the database must contain of a task once every message is read."""

    name: str
    status: str = "running"
    revision: int = 0
    teaches: tuple[str, ...] = ()


class SessionTruth(msgspec.Struct):
    """What the database must contain of a session once every message is read."""

    tasks: dict[str, TaskTruth] = {}
    preferences: list[str] = []
    finishes: list[tuple[str, tuple[str, ...]]] = []


def parse(number: int, text: str) -> Command | None:
    """The command of a message; None for what is none."""
    found = _COMMAND.match(text)
    if found is None:
        return None
    verb, name, outcome, taught = found.groups()
    raw = {"number": number, "verb": verb, "name": name, "outcome": outcome or "success"}
    return msgspec.convert({**raw, "teaches": taught.replace("+", "").split()}, type=Command)


def truth_of(commands: Iterable[Command]) -> SessionTruth:
    """What follows from the commands of a session, in order."""
    truth = SessionTruth()
    for command in commands:
        if command.verb == "prefer":
            truth.preferences.append(command.name)
            continue
        task = truth.tasks.setdefault(command.name, TaskTruth(command.name))
        if command.verb == "reopen":
            task.status = "running"
        elif command.verb == "finish":
            task.revision += command.outcome != task.status
            task.status, task.teaches = command.outcome, command.teaches
            truth.finishes.append((command.name, command.teaches))
    return truth


def words(token: str) -> str:
    """Words that are unique to a token, so that no two lessons are similar."""
    digest = hashlib.sha256(token.encode()).digest()
    made = ["".join(_SYLLABLES[byte % 16] for byte in digest[at : at + 3]) for at in range(0, 3 * WORDS, 3)]
    return " ".join(made)


def lesson_text(token: str) -> str:
    """The text of a lesson, with its token once."""
    return f"{words(token)} {token}."


def preference_text(name: str) -> str:
    """The sentence of a preference."""
    return f"The user prefers {words(name)} {name}."


def topic_of(token: str) -> str:
    """The topic that a lesson belongs to."""
    return TOPICS[int(token[1:]) % len(TOPICS)]


def tokens_in(text: str) -> Sequence[str]:
    """Every token of a text, with repeats."""
    return TOKEN.findall(text)
