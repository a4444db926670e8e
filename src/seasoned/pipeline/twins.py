"""Finds the entry of a space that says the same as a new one."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from seasoned.pipeline.draft import Draft
from seasoned.similar import best_twin
from seasoned.skill import find_entry


class Known(msgspec.Struct, frozen=True):
    """An entry of the space, loaded or not."""

    skill: str
    path: str
    text: str


def knows_nothing(_text: str) -> Sequence[Known]:
    """For drafts without a space behind it."""
    return ()


class Twins:
    """Finds twins among the committed entries of a space and those that the run has added.

    `look_up` finds the committed entries that are close to a text; it may block.
    """

    def __init__(self, look_up: Callable[[str], Sequence[Known]], added: Sequence[Known] = ()) -> None:
        self._look_up = look_up
        self._added = list(added)

    def copy(self) -> "Twins":
        """The same state, to be added to apart."""
        return Twins(self._look_up, self._added)

    def add(self, skill: str, path: str, text: str) -> None:
        """Add an entry that the run has written."""
        self._added.append(Known(skill, path, text))

    def of(self, text: str, drafts: Mapping[str, Draft]) -> Known | None:
        """The entry that says the same and has not been removed, if any."""
        standing = [one for one in (*self._added, *self._look_up(text)) if _stands(one, drafts)]
        place = best_twin(text, [one.text for one in standing])
        return None if place is None else standing[place]


def _stands(known: Known, drafts: Mapping[str, Draft]) -> bool:
    draft = drafts.get(known.skill)
    if draft is None or known.path not in draft.written | draft.removed:
        return True
    return draft.has(known.path) and find_entry(draft.text(known.path), known.text) is not None
