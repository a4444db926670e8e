"""A skill while a run of the write stage edits it in memory."""

from collections.abc import Sequence

import msgspec

from seasoned.errors import Invalid
from seasoned.paths import check_path
from seasoned.skill import JOURNAL_RULE, check_files
from seasoned.store.blame import Blamed, Origin, blame, lines_of
from seasoned.store.files import as_text, blamed
from seasoned.store.skills import FileRow


class Draft(msgspec.Struct, kw_only=True):
    """A skill while a run edits it. `skill_id` is empty for one that the run creates.

    `listing` has every file of the head; `files` the bytes of those that were loaded or written, `origins` those of the
    lines of the written ones. What people wrote, in the versions `by_people`, and what they pinned stays as it is.
    """

    name: str
    skill_id: str = ""
    head: int = 0
    description: str = ""
    rule: str = ""
    listing: dict[str, FileRow] = {}
    files: dict[str, bytes] = {}
    origins: dict[str, list[Origin]] = {}
    by_people: frozenset[int] = frozenset()
    pins: tuple[str, ...] = ()
    lessons: list[str] = []
    written: set[str] = set()
    removed: set[str] = set()

    @property
    def changed(self) -> bool:
        """Whether the run has edited it."""
        return bool(self.written or self.removed)

    @property
    def keeps_journal(self) -> bool:
        """Whether its entries are written by rule."""
        return self.rule == JOURNAL_RULE

    def has(self, path: str) -> bool:
        """Whether there is such a file now."""
        return path in self.files or (path in self.listing and path not in self.removed)

    def text(self, path: str) -> str:
        """A file's text; empty when there is none. Raises Invalid for a file that is not text, or was not loaded."""
        if path not in self.files and self.has(path):
            raise Invalid(f"{self.name}/{path} is missing or too large to edit; use another file.")
        text = as_text(self.files.get(path, b""))
        if text is None:
            raise Invalid(f"{self.name}/{path} is not a text file, so it has no entries.")
        return text

    def sizes(self) -> dict[str, int]:
        """Every file's size in bytes as the draft stands."""
        kept = {path: row.size for path, row in self.listing.items() if path not in self.removed}
        return kept | {path: len(data) for path, data in self.files.items()}

    def blamed(self, path: str) -> Blamed:
        """The lines of a file with their origins. Raises Invalid like `text`."""
        text = self.text(path)
        if path not in self.written and path in self.listing:
            return blamed(self.listing[path], text)
        return Blamed(lines_of(text), self.origins.get(path, []))

    def put(self, path: str, text: str, lessons: Sequence[str]) -> None:
        """Write a file for some lessons, to which its new lines lead then.

        Raises TooLarge, Invalid when the skill would break its limits; then nothing is changed. A path that was stored
        before the rules of paths came is refused too: nothing of the kind comes in.
        """
        data, before = text.encode(), self.blamed(path)
        check_path(path)
        check_files({**self.sizes(), path: len(data)}, [path])
        self.files[path] = data
        self.origins[path] = blame(before, lines_of(text), self._origin(lessons))
        self.written.add(path)
        self.removed.discard(path)

    def move(self, path: str, to: str, text: str, lessons: Sequence[str]) -> None:
        """Move a file, with a text whose new lines lead to some lessons; the others keep their origins. Raises like
        `put`.
        """
        before = self.blamed(path)
        self.put(to, text, lessons)
        self.origins[to] = blame(before, lines_of(text), self._origin(lessons))
        self.drop(path)

    def _origin(self, lessons: Sequence[str]) -> Origin:
        """Where lines that some lessons bring come from."""
        return Origin(self.head + 1, self._places(lessons))

    def _places(self, lessons: Sequence[str]) -> tuple[int, ...]:
        """Where lessons stand in the version's list of them, into which new ones come."""
        self.lessons.extend(key for key in lessons if key not in self.lessons)
        return tuple(self.lessons.index(key) for key in lessons)

    def drop(self, path: str) -> None:
        """Remove a file."""
        self.files.pop(path, None)
        self.origins.pop(path, None)
        self.written.discard(path)
        if path in self.listing:
            self.removed.add(path)

    def copy(self) -> "Draft":
        """A copy to edit independently."""
        return msgspec.structs.replace(
            self,
            files=dict(self.files),
            origins=dict(self.origins),
            lessons=list(self.lessons),
            written=set(self.written),
            removed=set(self.removed),
        )
