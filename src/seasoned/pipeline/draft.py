"""A skill while a run of the write stage edits it in memory."""

import msgspec

from seasoned.errors import Invalid
from seasoned.paths import check_path
from seasoned.skill import JOURNAL_RULE, check_files
from seasoned.store.files import as_text
from seasoned.store.skills import FileRow


class Draft(msgspec.Struct, kw_only=True):
    """A skill while a run edits it. `skill_id` is empty for one that the run creates.

    `listing` has every file of the head; `files` the bytes of those that were loaded or written.
    """

    name: str
    skill_id: str = ""
    head: int = 0
    description: str = ""
    rule: str = ""
    listing: dict[str, FileRow] = {}
    files: dict[str, bytes] = {}
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

    def put(self, path: str, data: bytes) -> None:
        """Write a file. Raises TooLarge, Invalid when the skill would break its limits; then nothing is changed.

        A path that was stored before the rules of paths came is refused too: nothing of the kind comes in.
        """
        check_path(path)
        check_files({**self.sizes(), path: len(data)}, [path])
        self.files[path] = data
        self.written.add(path)
        self.removed.discard(path)

    def drop(self, path: str) -> None:
        """Remove a file."""
        self.files.pop(path, None)
        self.written.discard(path)
        if path in self.listing:
            self.removed.add(path)

    def copy(self) -> "Draft":
        """A copy to edit independently."""
        return msgspec.structs.replace(
            self,
            files=dict(self.files),
            lessons=list(self.lessons),
            written=set(self.written),
            removed=set(self.removed),
        )
