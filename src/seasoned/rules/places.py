"""Which skill and file of a space a lesson goes to: a skill of the user's that names the subject, else a family's.

Many entries stand in few skills, so a skill holds a family of programs or a field of work (`families.toml`). The topic
of a lesson is the program or tool that it is about; the family of that topic names the skill, the topic the file.
"""

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files as resources
from typing import Final

import msgspec

from seasoned.learning.questions import SkillView
from seasoned.rules.calls import Call
from seasoned.rules.text import listed, words
from seasoned.skill import SKILL_FILE, slug
from seasoned.space import FACTS, JOURNAL

FILE_CHARS_MAX: Final = 60_000
_FILES_TRIED_MAX: Final = 50
_TEXT_CHARS_MAX: Final = 4_000
_KEEPS_LESSONS = re.compile(
    r"\b(?:errors?|pitfalls?|mistakes?|lessons?|gotchas?|troubleshoot\w*|failures?|post-?mortems?|incidents?)\b",
    re.IGNORECASE,
)
_FILE_NAME = re.compile(r"(?<![\w/.-])[A-Za-z0-9][\w-]{0,60}\.md\b")
_WORD = re.compile(r"[a-z0-9][a-z0-9+]*")
_PIECE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_VERBS: Final = words("tool_verbs")
_NO_SUBJECT: Final = words("no_subject")
_NO_FIELD: Final = words("no_field")


class Family(msgspec.Struct, frozen=True):
    """A skill for a family of programs or tools. `about` completes "Lessons about ..."; `words` name its members."""

    name: str
    about: str
    words: frozenset[str]


_NO_TOPIC: Final = ("agent-tools", "shell-and-files")
GENERAL: Final = Family("agent-tools", "the tools that the agent calls", frozenset())


class Place(msgspec.Struct, frozen=True):
    """Where an entry goes. `create` is the family whose skill has to be made first."""

    skill: str
    path: str
    title: str
    create: Family | None = None


@cache
def families() -> tuple[Family, ...]:
    """The families, in the order of their file."""
    data = tomllib.loads(resources("seasoned.rules").joinpath("families.toml").read_text(encoding="utf-8"))
    return tuple(Family(name, one["about"], listed(one["words"])) for name, one in data.items())


@cache
def _by_word() -> dict[str, Family]:
    return {word: family for family in reversed(families()) for word in family.words}


def topic_of(call: Call | None) -> str:
    """The topic of what a call teaches: its program, above all one that a family knows, or its tool; `general` without
    one."""
    if call is None:
        return "general"
    known = (name for name in call.programs if _by_word().get(name.lower(), GENERAL).name not in _NO_TOPIC)
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", call.tool[:80])
    return slug(next(known, call.programs[0] if call.programs else spaced), "general")


def language_of(call: Call) -> str:
    """The family of the file that a call changes, by the file's ending; empty for other calls."""
    paths = (call.arguments.get(key) for key in ("file_path", "path", "filename", "file"))
    path = next((path for path in paths if isinstance(path, str)), "")
    family = _by_word().get(path.rpartition(".")[2].lower())
    return family.name if family is not None and not call.programs else ""


def family_of(topic: str) -> Family:
    """The family that a topic belongs to."""
    pieces = _PIECE.findall(topic.replace("-", " "))
    nouns = [piece for piece in pieces if piece not in _VERBS]
    found = (_by_word().get(piece) for piece in (topic, *reversed(nouns), *pieces))
    return next((family for family in found if family is not None), GENERAL)


def file_of(topic: str) -> str:
    """The file for a topic: the program, or the noun of a tool's name."""
    pieces = [piece for piece in topic.split("-") if piece not in _VERBS]
    return f"{slug('-'.join(pieces) or topic)}.md"


def heading_of(topic: str) -> str:
    """A topic in words: `coding-preferences` becomes "Coding preferences"."""
    return topic.replace("-", " ").strip().capitalize() or "General"


def place(topic: str, skills: Iterable[SkillView], files: dict[str, dict[str, str]]) -> Place:
    """Where an entry on a topic goes. `files` holds each skill's files as they stand in this run."""
    topic = slug(topic)
    family = family_of(topic)
    chosen = _custom(topic, family, skills)
    if chosen is not None:
        path = _free(_file_in(chosen, topic, files.get(chosen.name, {})), files.get(chosen.name, {}))
        return Place(chosen.name, path, heading_of(path.removesuffix(".md").rsplit("/", 1)[-1]))
    path = _free(file_of(topic), files.get(family.name, {}))
    missing = family.name not in files
    return Place(family.name, path, heading_of(path.removesuffix(".md")), family if missing else None)


def _custom(topic: str, family: Family, skills: Iterable[SkillView]) -> SkillView | None:
    """The user's own skill that names the subject, the clearest first; None when there is none."""
    best: SkillView | None = None
    best_score = 0
    subject = {topic, *topic.split("-")} - _NO_SUBJECT
    field = {*family.name.split("-")} - _NO_FIELD
    ours = {one.name for one in (*families(), GENERAL)} | {FACTS, JOURNAL}
    for skill in sorted(skills, key=lambda one: one.name):
        if skill.name in ours or not skill.writable:
            continue
        about = f"{skill.name} {skill.description}".lower()[:_TEXT_CHARS_MAX]
        words = {*_WORD.findall(about)}
        keeps = bool(_KEEPS_LESSONS.search(about))
        score = 3 * bool(words & subject) + 2 * bool(words & field) + keeps
        if score > best_score and (keeps or words & subject):
            best, best_score = skill, score
    return best


def _file_in(skill: SkillView, topic: str, files: dict[str, str]) -> str:
    """The file of a user's skill: the one its instructions name for lessons, one that fits the topic, or a new one."""
    own = file_of(topic)
    if own in files:
        return own
    named = [str(name) for name in _FILE_NAME.findall(skill.instructions[:_TEXT_CHARS_MAX]) if name != SKILL_FILE]
    for name in named:
        if _KEEPS_LESSONS.search(re.sub(r"[-_.]", " ", name)):
            return name
    for path in sorted(files):
        if path.endswith(".md") and path != SKILL_FILE and topic in path.lower():
            return path
    return named[0] if len({*named}) == 1 else own


def _free(path: str, files: dict[str, str]) -> str:
    """The path, or its next number when that file is full."""
    stem = path.removesuffix(".md")
    for number in range(1, _FILES_TRIED_MAX):
        candidate = path if number == 1 else f"{stem}-{number}.md"
        if len(files.get(candidate, "")) < FILE_CHARS_MAX:
            return candidate
    return path
