"""The catalogue of a space: one line a skill with when to use it, short enough to stand in every prompt."""

from collections.abc import Sequence
from typing import Final

import msgspec

from seasoned.skill import cut
from seasoned.store.skills import SkillRow

CATALOGUE_CHARS_MAX: Final = 8_000
# A description is not cut to less than this; then skills are left out.
DESCRIPTION_CHARS_MIN: Final = 60
# More skills than this never fit.
CATALOGUED_MAX: Final = CATALOGUE_CHARS_MAX // len("- a: b\n")


class CataloguedSkill(msgspec.Struct, frozen=True, kw_only=True):
    """A skill in a catalogue; its description may be shortened."""

    id: str
    name: str
    description: str


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """The skills of a space by name; `text` has a line for each and says how many were `left_out`."""

    text: str
    skills: list[CataloguedSkill]
    left_out: int


def catalogue(recent: Sequence[SkillRow], count: int) -> Catalogue:
    """The catalogue of `count` skills, of which `recent` are those that changed last, the newest first.

    Long descriptions are shortened to the same length where not all fit. If that is not enough, the skills that did not
    change for longest are left out.
    """
    rows = [_Row(row.id, _in_line(row.name), _in_line(row.description)) for row in recent]
    room = CATALOGUE_CHARS_MAX
    if _chars(rows, DESCRIPTION_CHARS_MIN) > room or len(rows) < count:
        room -= len(_more(count)) + 1
        while _chars(rows, DESCRIPTION_CHARS_MIN) > room:
            rows.pop()
    kept = sorted(rows, key=lambda row: (row.name, row.id))
    chars = _description_chars(kept, room)
    shown = [CataloguedSkill(id=row.id, name=row.name, description=cut(row.description, chars)) for row in kept]
    left_out = count - len(shown)
    lines = [f"- {one.name}: {one.description}" for one in shown]
    return Catalogue(
        text="\n".join([*lines, *([_more(left_out)] if left_out else [])]), skills=shown, left_out=left_out
    )


class _Row(msgspec.Struct, frozen=True):
    id: str
    name: str
    description: str


def _in_line(text: str) -> str:
    """A text in one line, without characters that are not seen: it stands in prompts and on terminals."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _chars(rows: Sequence[_Row], description_chars_max: int) -> int:
    return sum(len(f"- {row.name}: \n") + min(len(row.description), description_chars_max) for row in rows)


def _description_chars(rows: Sequence[_Row], room: int) -> int:
    """The length to which descriptions are cut so that all lines fit."""
    low, high = DESCRIPTION_CHARS_MIN, CATALOGUE_CHARS_MAX
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _chars(rows, middle) <= room else (low, middle - 1)
    return low


def _more(count: int) -> str:
    return f"({count} more {'skills are' if count != 1 else 'skill is'} not listed here.)"
