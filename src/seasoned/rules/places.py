"""Which skill and file of a space an entry goes to: one that is there and names the subject, else the family's."""

import re
from collections.abc import Iterable
from typing import Final

import msgspec

from seasoned.learning.questions import SkillView
from seasoned.rules.domains import FAMILIES, GENERAL, Family, family_of, file_of
from seasoned.skill import SKILL_FILE, slug
from seasoned.space import FACTS, JOURNAL

FILE_CHARS_MAX: Final = 60_000
_FILES_TRIED_MAX: Final = 50
_TEXT_CHARS_MAX: Final = 4_000
_OURS: Final = frozenset(family.name for family in (*FAMILIES, GENERAL))
_KEEPS_LESSONS = re.compile(
    r"\b(?:errors?|pitfalls?|mistakes?|lessons?|gotchas?|troubleshoot\w*|failures?|post-?mortems?|incidents?)\b",
    re.IGNORECASE,
)
_FILE_NAME = re.compile(r"(?<![\w/.-])[A-Za-z0-9][\w-]{0,60}\.md\b")
_WORD = re.compile(r"[a-z0-9][a-z0-9+]*")


class Place(msgspec.Struct, frozen=True):
    """Where an entry goes. `create` is the family whose skill has to be made first."""

    skill: str
    path: str
    title: str
    create: Family | None = None


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
    subject = {topic, *topic.split("-")} - {"get", "list", "run", "the", "and", "tool", "set", "general"}
    field = set(family.name.split("-")) - {"and", "agent", "tools", "files", "ci"}
    for skill in sorted(skills, key=lambda one: one.name):
        if skill.name in _OURS or skill.name in (FACTS, JOURNAL) or not skill.writable:
            continue
        about = f"{skill.name} {skill.description}".lower()[:_TEXT_CHARS_MAX]
        words = set(_WORD.findall(about))
        keeps = bool(_KEEPS_LESSONS.search(about))
        score = 3 * bool(words & subject) + 2 * bool(words & field) + keeps
        if score > best_score and (keeps or words & subject):
            best, best_score = skill, score
    return best


def _file_in(skill: SkillView, topic: str, files: dict[str, str]) -> str:
    """The file of a user's skill: the one its instructions name for lessons, one that fits the topic, else a new "
    "one."""
    own = file_of(topic)
    if own in files:
        return own
    named = [str(name) for name in _FILE_NAME.findall(skill.instructions[:_TEXT_CHARS_MAX]) if name != SKILL_FILE]
    for name in named:
        if _KEEPS_LESSONS.search(name.replace("-", " ").replace("_", " ").replace(".", " ")):
            return name
    for path in sorted(files):
        if path.endswith(".md") and path != SKILL_FILE and topic in path.lower():
            return path
    return named[0] if len(set(named)) == 1 else own


def _free(path: str, files: dict[str, str]) -> str:
    """The path, or its next number when that file is full."""
    stem = path.removesuffix(".md")
    for number in range(1, _FILES_TRIED_MAX):
        candidate = path if number == 1 else f"{stem}-{number}.md"
        if len(files.get(candidate, "")) < FILE_CHARS_MAX:
            return candidate
    return path
